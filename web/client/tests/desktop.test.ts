import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Desktop } from "../src/desktop.ts";
import type { Card, Preferences, PushState } from "../src/types.ts";
import { decode } from "../src/worker/notification.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const OPEN: Preferences = {
  mutedCategories: [],
  mutedTopics: [],
  minimumSeverity: "info",
  quietHours: null,
  criticalAlways: true,
};

let cards: Map<string, Card>;
let shown: { readonly tag: string; readonly data: unknown }[];
let posted: unknown[];
let looks: number;
let counted: (number | undefined)[];
let page: { visible: boolean };
let push: { state: PushState };
let permission: NotificationPermission;
let preferences: Preferences | Error;
/** The answer about them, when it takes its time. */
let later: Promise<Preferences> | null;
let desktop: Desktop;

beforeEach(async () => {
  vi.spyOn(console, "debug").mockReturnValue();
  vi.useFakeTimers({ now: NOON });
  cards = new Map();
  shown = [];
  posted = [];
  counted = [];
  looks = 0;
  later = null;
  [page, push, permission, preferences] = [{ visible: false }, { state: "on" }, "granted", OPEN];
  desktop = new Desktop({
    account: () => "ada",
    find: (key) => cards.get(key) ?? null,
    push,
    preferences: () =>
      later ?? (preferences instanceof Error ? Promise.reject(preferences) : Promise.resolve(preferences)),
    page,
    browser: {
      badging: {
        setAppBadge: (count) => {
          counted.push(count);
          return Promise.resolve();
        },
      },
      registration: () => Promise.resolve(registration()),
      now: Date.now,
      kept: () => null,
      get permission() {
        return permission;
      },
    },
  });
  desktop.start();
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  desktop.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function registration(): ServiceWorkerRegistration {
  const close = (tag: string) => () => {
    shown = shown.filter((each) => each.tag !== tag);
  };
  return {
    active: { postMessage: (message: unknown) => posted.push(message) },
    getNotifications: () => {
      looks += 1;
      return Promise.resolve(shown.map((each) => ({ ...each, close: close(each.tag) })));
    },
  } as unknown as ServiceWorkerRegistration;
}

function card(fields: Partial<Card> = {}): Card {
  const texts = { card: "a", id: "a", title: "A", body: "", position: "1", at: "2026-11-20T12:00:00.000Z" };
  return { ...texts, audience: "user:ada", read: false, archived: false, severity: "warning", ...fields };
}

function show(...all: readonly Card[]): void {
  shown = all.map((each) => ({
    tag: each.card,
    data: { belfry: decode({ ...each, type: "alert" }), passing: false },
  }));
}

async function changed(unread = 1): Promise<string[]> {
  desktop.changed(unread);
  await vi.advanceTimersByTimeAsync(300);
  return shown.map(({ tag }) => tag);
}

describe("a card that comes while nobody sees the app", () => {
  test("is shown as a push would be", async () => {
    const actions = [{ id: "map", title: "Map", url: "/map" }];
    await desktop.arrived(card({ body: "Run", url: "/fire", actions }));
    expect(posted).toEqual([
      {
        belfry: "notify",
        account: "ada",
        message: decode({ ...card({ body: "Run", url: "/fire", actions }), type: "alert", silent: false }),
      },
    ]);
  });

  test("makes no sound if it does not matter much", async () => {
    await desktop.arrived(card({ severity: "success" }));
    expect(posted).toMatchObject([{ message: { silent: true } }]);
  });

  test("is not shown if the person sees the app, or wants no notifications, or not this one", async () => {
    page.visible = true;
    await desktop.arrived(card());
    page.visible = false;
    push.state = "off";
    await desktop.arrived(card());
    push.state = "on";
    permission = "default";
    await desktop.arrived(card());
    permission = "granted";
    await desktop.arrived(card({ push: "never" }));
    desktop.prefer({ ...OPEN, minimumSeverity: "critical" });
    await desktop.arrived(card());
    expect(posted).toEqual([]);
  });

  test("goes by preferences that were changed elsewhere, within the hour", async () => {
    preferences = { ...OPEN, mutedCategories: ["news"] };
    await vi.advanceTimersByTimeAsync(3_600_000);
    await desktop.arrived(card({ category: "news" }));
    expect(posted).toEqual([]);
  });

  test("goes by nobody's preferences but the person's who is here now", async () => {
    let answer: (preferences: Preferences) => void = () => undefined;
    preferences = { ...OPEN, minimumSeverity: "critical" };
    await vi.advanceTimersByTimeAsync(3_600_000);
    const slow = new Promise<Preferences>((resolve) => (answer = resolve));
    later = slow;
    desktop.start();
    later = null;
    preferences = OPEN;
    desktop.stop();
    desktop.start();
    await vi.advanceTimersByTimeAsync(0);
    answer({ ...OPEN, minimumSeverity: "critical" });
    await vi.advanceTimersByTimeAsync(0);
    await desktop.arrived(card());
    expect(posted).toHaveLength(1);
  });

  test("is shown while the preferences cannot be read", async () => {
    preferences = new Error("away");
    desktop.start();
    await vi.advanceTimersByTimeAsync(0);
    await desktop.arrived(card());
    expect(posted).toHaveLength(1);
  });
});

describe("notifications go", () => {
  test("when their cards are read, archived or expired", async () => {
    const all = [
      card({ card: "open" }),
      card({ card: "read", read: true }),
      card({ card: "put away", archived: true }),
      card({ card: "over", expiresAt: "2026-11-20T11:00:00.000Z" }),
    ];
    cards = new Map(all.map((each) => [each.card, each]));
    show(...all);
    expect(await changed()).toEqual(["open"]);
  });

  test("when their cards were withdrawn, and not when they are not known yet", async () => {
    show(card({ card: "new" }), card({ card: "mistake" }));
    cards.set("mistake", card({ card: "mistake" }));
    expect(await changed()).toEqual(["new", "mistake"]);
    cards.clear();
    expect(await changed()).toEqual(["new"]);
  });

  test("not when somebody else in this browser had them shown", async () => {
    cards.set("a", card({ read: true }));
    shown = [
      { tag: "a", data: { belfry: decode({ ...card(), type: "alert" }), passing: false, account: "ben" } },
    ];
    expect(await changed()).toEqual(["a"]);
  });

  test("not when a later revision is shown than the one that was read", async () => {
    show(card({ position: "2" }));
    cards.set("a", card({ position: "1", read: true }));
    expect(await changed()).toEqual(["a"]);
  });

  test("which is looked for once for many changes", async () => {
    for (let index = 0; index < 50; index += 1) {
      desktop.changed(index);
    }
    await changed();
    expect(looks).toBe(1);
  });
});

test("the icon counts the unread cards, whenever their number changes", async () => {
  for (const unread of [3, 3, 0]) {
    await changed(unread);
  }
  expect(counted).toEqual([3, 0]);
});
