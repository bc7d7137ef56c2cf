import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Alert,
  alertOf,
  decode,
  type Demand,
  demandOf,
  destination,
  isPassing,
  type Message,
  type Plan,
  planned,
  type Present,
  type Shown,
} from "../../src/worker/notification.ts";

const STYLE = { nothingNew: "Nothing new", icon: "/icon.png", badge: "/badge.png" };
const HIDDEN: Present = { shown: [], visible: false, demand: "notification" };
const FIRE = {
  type: "alert",
  card: "fire",
  position: "2",
  title: "Fire",
  severity: "critical",
  silent: false,
};

function alert(fields: object = {}): Alert {
  const message = decode({ ...FIRE, ...fields });
  if (message?.type !== "alert") {
    throw new Error("no alert");
  }
  return message;
}

function clear(fields: object): Message {
  const message = decode({ type: "clear", ...fields });
  if (!message) {
    throw new Error("no clear");
  }
  return message;
}

/** What the browser has after a plan was followed. */
function after(shown: readonly Shown[], plan: Plan): readonly Shown[] {
  const left = shown.filter(({ tag }) => !plan.close.includes(tag) && tag !== plan.show?.appearance.tag);
  return plan.show ? [...left, plan.show.appearance] : left;
}

function shownBy(...messages: readonly Message[]): readonly Shown[] {
  return messages.reduce<readonly Shown[]>(
    (shown, message) => after(shown, planned(message, { ...HIDDEN, shown }, STYLE)),
    [],
  );
}

describe("what a payload says", () => {
  test("an alert of the server is taken as it is", () => {
    const actions = [{ id: "track", title: "Track it", url: "/orders/42" }];
    const at = "2026-11-20T06:00:00.123Z";
    expect(
      decode({ ...FIRE, body: "Run", url: "/fire", at, actions, unread: 3, more: "of a later version" }),
    ).toEqual({
      ...FIRE,
      body: "Run",
      url: "/fire",
      at,
      actions,
      unread: 3,
    });
  });

  test("the count of unread cards is a number, or nothing is known of it", () => {
    expect(decode({ type: "clear", upTo: "2026", unread: 0 })?.unread).toBe(0);
    expect(decode({ ...FIRE, unread: -1 })?.unread).toBeUndefined();
  });

  test("what is not known is ignored, and never thrown at", () => {
    for (const odd of [
      null,
      7,
      "text",
      {},
      { type: "digest" },
      { ...FIRE, title: 7 },
      { type: "clear", card: "fire" },
    ]) {
      expect(decode(odd)).toBeNull();
    }
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const message = decode(anything);
        expect([undefined, "alert", "clear"]).toContain(message?.type);
      }),
    );
  });

  test("what is wrong in a part costs only that part", () => {
    expect(decode({ ...FIRE, body: 1, url: {}, severity: "loud", actions: [{ id: "a" }], at: 5 })).toEqual({
      ...FIRE,
      body: "",
      severity: "info",
      actions: [],
    });
  });
});

describe("what is shown of an alert", () => {
  test("its text, under the card's tag, with the app's icon and its buttons", () => {
    const message = alert({
      body: "Run",
      at: "2026-11-20T06:00:00.000Z",
      actions: [{ id: "a", title: "Go", url: "/a" }],
    });
    expect(planned(message, HIDDEN, STYLE)).toEqual({
      show: {
        title: "Fire",
        appearance: {
          tag: "fire",
          data: { belfry: message, passing: false },
          body: "Run",
          silent: false,
          renotify: false,
          requireInteraction: true,
          timestamp: Date.UTC(2026, 10, 20, 6),
          actions: [{ action: "a", title: "Go" }],
          icon: "/icon.png",
          badge: "/badge.png",
        },
      },
      close: [],
      badge: null,
    });
  });

  test("only critical alerts stay until somebody acts", () => {
    const { show } = planned(alert({ severity: "warning" }), HIDDEN, STYLE);
    expect(show?.appearance.requireInteraction).toBe(false);
  });

  test("a revision takes the place of the one before, and draws attention again unless it is silent", () => {
    const shown = shownBy(alert());
    const revised = planned(alert({ position: "3" }), { ...HIDDEN, shown }, STYLE);
    expect(revised.show?.appearance).toMatchObject({ tag: "fire", renotify: true });
    const silent = planned(alert({ position: "3", silent: true }), { ...HIDDEN, shown }, STYLE);
    expect(silent.show?.appearance).toMatchObject({ silent: true, renotify: false });
  });

  test("a repeat and an older revision change nothing", () => {
    const shown = shownBy(alert());
    for (const position of ["1", "2"]) {
      expect(planned(alert({ position }), { ...HIDDEN, shown }, STYLE)).toEqual({
        show: null,
        close: [],
        badge: null,
      });
    }
  });

  test("what the app shows itself is not doubled, and an older notification of it goes", () => {
    const visible: Present = { ...HIDDEN, visible: true, shown: shownBy(alert()) };
    expect(planned(alert({ position: "3", unread: 2 }), visible, STYLE)).toEqual({
      show: null,
      close: ["fire"],
      badge: 2,
    });
  });
});

describe("what a clear takes away", () => {
  test("the card's notification, unless that shows a later revision", () => {
    const shown = shownBy(alert(), alert({ card: "flood" }));
    expect(planned(clear({ card: "fire", position: "2" }), { ...HIDDEN, shown }, STYLE).close).toEqual([
      "fire",
    ]);
    expect(planned(clear({ card: "fire", position: "1" }), { ...HIDDEN, shown }, STYLE).close).toEqual([]);
  });

  test("everything stored up to a moment, and nothing of which that is not known", () => {
    const old = alert({ card: "old", at: "2026-11-20T06:00:00.000Z" });
    const shown = shownBy(old, alert({ card: "new", at: "2026-11-20T06:00:00.001Z" }), alert());
    const plan = planned(clear({ upTo: "2026-11-20T06:00:00.000Z", unread: 2 }), { ...HIDDEN, shown }, STYLE);
    expect(plan).toEqual({ show: null, close: ["old"], badge: 2 });
  });

  test("other people's notifications are left alone", () => {
    const shown = [{ tag: "fire", data: { mine: true } }];
    expect(planned(clear({ card: "fire", position: "9" }), { ...HIDDEN, shown }, STYLE)).toMatchObject({
      close: [],
    });
  });
});

describe("what the browser demands", () => {
  test("the last notification is shown once more in silence, and goes a moment later", () => {
    const plan = planned(
      clear({ card: "fire", position: "2" }),
      { ...HIDDEN, shown: shownBy(alert()) },
      STYLE,
    );
    expect(plan.close).toEqual([]);
    expect(plan.show?.title).toBe("Fire");
    expect(plan.show?.appearance).toMatchObject({
      tag: "fire",
      silent: true,
      renotify: false,
      requireInteraction: false,
      data: { passing: true },
    });
  });

  test("is told by its push service; of one that is not known, a notification is expected", () => {
    expect(demandOf("https://web.push.apple.com/x")).toBe("new notification");
    expect(demandOf("https://fcm.googleapis.com/fcm/send/x")).toBe("nothing");
    expect(demandOf("https://wns2-par02p.notify.windows.com/w/?token=x")).toBe("nothing");
    expect(demandOf("https://updates.push.services.mozilla.com/wpush/v2/x")).toBe("notification");
    expect(demandOf("https://fcm.googleapis.com.example/x")).toBe("notification");
  });

  test("where it has a budget for silence, a clear shows nothing, whether or not there is anything to clear", () => {
    const silent: Present = { shown: [], visible: false, demand: "nothing" };
    const read = clear({ card: "fire", position: "2", unread: 3 });
    expect(planned(read, silent, STYLE)).toEqual({ show: null, close: [], badge: 3 });
    expect(planned(read, { ...silent, shown: shownBy(alert()) }, STYLE)).toEqual({
      show: null,
      close: ["fire"],
      badge: 3,
    });
  });

  test("where nothing is left to show, a passing note says so", () => {
    const plan = planned(clear({ card: "fire", position: "2" }), HIDDEN, STYLE);
    expect(plan.show).toMatchObject({
      title: "Nothing new",
      appearance: { silent: true, data: { passing: true } },
    });
  });

  test("a page that takes a notification away owes the browser nothing", () => {
    const present: Present = { shown: shownBy(alert()), visible: true, demand: "nothing" };
    expect(planned(clear({ card: "fire", position: "2" }), present, STYLE)).toEqual({
      show: null,
      close: ["fire"],
      badge: null,
    });
  });

  test("what was left behind for the browser's sake is closed by whatever comes next", () => {
    const cleared = shownBy(alert(), clear({ card: "fire", position: "2" }));
    expect(cleared.map(isPassing)).toEqual([true]);
    expect(shownBy(alert(), clear({ card: "fire", position: "2" }), alert({ card: "flood" }))).toHaveLength(
      1,
    );
  });

  test("where each push must show something, each does, also while the app can be seen", () => {
    const strict: Present = { shown: shownBy(alert()), visible: true, demand: "new notification" };
    const repeated = planned(alert(), strict, STYLE).show?.appearance;
    expect(repeated).toMatchObject({ tag: "fire", silent: true, data: { passing: false } });
    const seen = planned(alert({ card: "flood" }), strict, STYLE).show?.appearance;
    expect(seen).toMatchObject({ tag: "flood", silent: true, data: { passing: true } });
  });
});

describe("in any order", () => {
  const position = fc.integer({ min: 1, max: 5 }).map(String);
  const card = fc.constantFrom("a", "b", "c");
  const messages = fc.oneof(
    fc
      .record({ type: fc.constant("alert" as const), card, position, silent: fc.boolean() })
      .map(({ ...fields }) => {
        return alert({ ...fields, at: fields.position });
      }),
    fc.record({ card, position }).map(clear),
    position.map((upTo) => clear({ upTo })),
  );
  const moments = fc.array(
    fc.record({
      message: messages,
      visible: fc.boolean(),
      demand: fc.constantFrom<Demand[]>("notification", "nothing"),
    }),
    { maxLength: 30 },
  );

  /** What a person has in front of them: those that do not pass. */
  function standing(shown: readonly Shown[]): ReadonlyMap<string, string> {
    const alerts = shown.filter((each) => !isPassing(each)).flatMap((each) => alertOf(each) ?? []);
    return new Map(alerts.map((each) => [each.card, each.position]));
  }

  test("there is one notification of each card at most, and it never goes back to an older revision", () => {
    fc.assert(
      fc.property(moments, (story) => {
        let shown: readonly Shown[] = [];
        for (const { message, visible, demand } of story) {
          const before = standing(shown);
          shown = after(shown, planned(message, { shown, visible, demand }, STYLE));
          expect(new Set(shown.map(({ tag }) => tag)).size).toBe(shown.length);
          for (const [tag, now] of standing(shown)) {
            expect(now >= (before.get(tag) ?? now)).toBe(true);
          }
        }
      }),
    );
  });

  test("what is shown is what a simple count says: the latest revision since it was last cleared or seen", () => {
    fc.assert(
      fc.property(moments, (story) => {
        const expected = new Map<string, string>();
        let shown: readonly Shown[] = [];
        for (const { message, visible, demand } of story) {
          shown = after(shown, planned(message, { shown, visible, demand }, STYLE));
          if (message.type === "alert") {
            if ((expected.get(message.card) ?? "0") < message.position) {
              expected.set(message.card, message.position);
              if (visible) {
                expected.delete(message.card);
              }
            }
          } else if ("upTo" in message) {
            expected.forEach((at, each) => at <= message.upTo && expected.delete(each));
          } else if ((expected.get(message.card) ?? "9") <= message.position) {
            expected.delete(message.card);
          }
          expect(standing(shown)).toEqual(expected);
        }
      }),
    );
  });

  test("after each push that nobody sees the app for, the browser finds a notification", () => {
    fc.assert(
      fc.property(moments, (story) => {
        let shown: readonly Shown[] = [];
        for (const { message, visible } of story) {
          shown = after(shown, planned(message, { shown, visible, demand: "notification" }, STYLE));
          expect(visible || shown.length > 0).toBe(true);
        }
      }),
    );
  });

  test("where each push must show something, each does", () => {
    fc.assert(
      fc.property(moments, (story) => {
        let shown: readonly Shown[] = [];
        for (const { message, visible } of story) {
          const plan = planned(message, { shown, visible, demand: "new notification" }, STYLE);
          expect(plan.show).not.toBeNull();
          shown = after(shown, plan);
        }
      }),
    );
  });
});

test("a click leads to this origin or to https, and nowhere else", () => {
  const base = "http://localhost:4280/app/";
  expect(destination("/orders/42", base)).toBe("http://localhost:4280/orders/42");
  expect(destination("https://example.com/x", base)).toBe("https://example.com/x");
  for (const url of [
    undefined,
    "javascript:alert(1)",
    "data:text/html,x",
    "http://example.com",
    "//example.com",
    "https://",
  ]) {
    expect(destination(url, base)).toBeNull();
  }
});
