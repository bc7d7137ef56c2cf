/** The ready-made service worker in a real browser: pushes are delivered as a push service does. */

import type { Browser, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ToWorker } from "../../src/worker/speaking.ts";
import { eventually } from "../eventually.ts";
import { launch, Site, Visitor } from "./site.ts";

const ALERT = {
  type: "alert",
  card: "fire",
  position: "2",
  title: "Fire",
  severity: "critical",
  silent: false,
};
const CLEAR = { type: "clear", card: "fire", position: "2" };

let browser: Browser;
let site: Site;
let visitor: Visitor;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), Site.start()]);
});
afterAll(async () => {
  await browser.close();
  await site.goOffline();
});
beforeEach(async () => {
  visitor = await Visitor.arrive(browser, site, "?icon=/app/logo.svg");
});
afterEach(async () => {
  await visitor.context.close();
});

/** The notifications, once they are these. */
async function shows(...titles: string[]): Promise<void> {
  await eventually(async () => {
    expect(await visitor.notifications()).toEqual(titles);
  });
}

/** Click a notification. A browser lets nobody else do that; so what only a person's click may do is written down. */
async function click(tag: string, action = ""): Promise<string[]> {
  return visitor.worker.evaluate(
    async ([tag, action]) => {
      const worker = self as unknown as ServiceWorker & {
        registration: ServiceWorkerRegistration;
        WindowClient: { prototype: { navigate: (this: object, url: string) => Promise<unknown> } };
        clients: object;
        NotificationEvent: new (type: string, of: object) => Event;
      };
      const done: string[] = [];
      Object.defineProperty(worker.clients, "openWindow", {
        configurable: true,
        value: (url: string) => Promise.resolve(void done.push(`opened ${url}`)),
      });
      Object.defineProperty(worker.WindowClient.prototype, "focus", {
        configurable: true,
        value: () => Promise.resolve(void done.push("focused")),
      });
      const { prototype } = worker.WindowClient;
      const { navigate } = prototype;
      Object.defineProperty(prototype, "navigate", {
        configurable: true,
        value(this: object, url: string) {
          done.push("sent");
          return navigate.call(this, url);
        },
      });
      const [notification] = await worker.registration.getNotifications({ tag: tag ?? "" });
      const event = new worker.NotificationEvent("notificationclick", { notification, action });
      let work: unknown;
      Object.defineProperty(event, "waitUntil", { value: (promise: unknown) => (work = promise) });
      worker.dispatchEvent(event);
      await work;
      return done;
    },
    [tag, action],
  );
}

/** From now on a tag replaces nothing, and nothing is found by it, as in Safari. */
async function likeSafari(): Promise<void> {
  await visitor.worker.evaluate(() => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    const show = registration.showNotification.bind(registration);
    const find = registration.getNotifications.bind(registration);
    let nth = 0;
    Object.assign(registration, {
      showNotification: (title: string, options: NotificationOptions) =>
        show(title, { ...options, tag: `${options.tag ?? ""}#${nth++}` }),
      getNotifications: async () => {
        const found = await find();
        for (const each of found) {
          Object.defineProperty(each, "tag", { value: each.tag.replace(/#.*/, "") });
        }
        return found;
      },
    });
  });
}

/** What a page is told by the worker from now on. */
async function listen(page: Page, answer: "yes" | "no" | null): Promise<() => Promise<unknown[]>> {
  await page.evaluate((answer) => {
    const told: unknown[] = [];
    Object.assign(window, { told });
    navigator.serviceWorker.addEventListener("message", (event) => {
      told.push(event.data);
      if (answer) {
        event.ports[0]?.postMessage(answer);
      }
    });
    navigator.serviceWorker.startMessages();
  }, answer);
  return () => page.evaluate(() => (window as unknown as { told: unknown[] }).told);
}

/** Have a page say something to the worker. */
async function tell(page: Page, said: ToWorker): Promise<void> {
  await page.evaluate(async (said) => {
    (await navigator.serviceWorker.getRegistration("/app/"))?.active?.postMessage(said);
  }, said);
}

test("a push is shown with its text, its buttons and the app's icon", async () => {
  const actions = [{ id: "out", title: "Get out", url: "/app/doors" }];
  await visitor.push({ ...ALERT, body: "Run", actions });
  await shows("Fire");
  const shown = await visitor.worker.evaluate(async () => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    const [shown] = (await registration.getNotifications()) as (Notification & { actions: unknown })[];
    return (
      shown && { body: shown.body, icon: shown.icon, actions: shown.actions, stays: shown.requireInteraction }
    );
  });
  expect(shown).toMatchObject({ body: "Run", icon: `${site.origin}/app/logo.svg`, stays: true });
  expect(shown?.actions).toMatchObject([{ action: "out", title: "Get out" }]);
});

test("a revision takes the place of the one before, also of one that comes too late", async () => {
  await visitor.push(ALERT);
  await visitor.push({ ...ALERT, position: "3", title: "Fire is out" });
  await visitor.push(ALERT);
  await shows("Fire is out");
});

test("where a tag replaces nothing, a revision takes the place of the one before all the same", async () => {
  await likeSafari();
  await visitor.push({ ...ALERT, card: "flood", title: "Flood" });
  await visitor.push(ALERT);
  await visitor.push({ ...ALERT, position: "3", title: "Fire is out" });
  await shows("Fire is out", "Flood");
  await tell(visitor.outside, {
    belfry: "notify",
    message: {
      ...ALERT,
      type: "alert",
      severity: "info",
      body: "",
      actions: [],
      position: "4",
      title: "Ashes",
    },
  });
  await shows("Ashes", "Flood");
  await visitor.push({ ...CLEAR, position: "4" });
  await shows("Flood");
});

interface Waits {
  waitUntil: (this: Waits, work: Promise<unknown>) => void;
}

test("where the worker sleeps as soon as a push is dealt with, that is once what was shown for the browser alone is closed", async () => {
  await visitor.worker.evaluate(() => {
    const worker = self as unknown as ServiceWorker & { registration: ServiceWorkerRegistration };
    const seen: string[] = [];
    Object.assign(worker, { seen });
    Object.defineProperty(worker.registration.pushManager, "getSubscription", {
      value: () => Promise.resolve({ endpoint: "https://web.push.apple.com/ada" }),
    });
    const { prototype } = (self as unknown as { ExtendableEvent: { prototype: Waits } }).ExtendableEvent;
    const { waitUntil } = prototype;
    prototype.waitUntil = function (work) {
      waitUntil.call(this, work);
      void work.then(async () => {
        const shown = await worker.registration.getNotifications();
        seen.push(shown.map(({ title }) => title).join());
      });
    };
  });
  const seen = (): Promise<string[]> =>
    visitor.worker.evaluate(() => (self as unknown as { seen: string[] }).seen);
  await visitor.push(ALERT);
  await shows("Fire");
  await visitor.push(CLEAR);
  await eventually(async () => {
    expect(await seen()).toEqual(["Fire", ""]);
  });
});

test("pushes that come together are shown each for itself, and in order", async () => {
  const alerts = Array.from({ length: 20 }, (_, index) => ({
    ...ALERT,
    card: `card-${index % 4}`,
    position: `${index + 10}`,
  }));
  await Promise.all(
    alerts.map((alert) => visitor.push({ ...alert, title: `${alert.card} at ${alert.position}` })),
  );
  await shows("card-0 at 26", "card-1 at 27", "card-2 at 28", "card-3 at 29");
});

test("what was read elsewhere goes, and what was revised since stays", async () => {
  await visitor.push(ALERT);
  await visitor.push({ ...ALERT, card: "flood", title: "Flood", position: "5" });
  await visitor.push({ ...CLEAR, card: "flood" });
  await visitor.push(CLEAR);
  await shows("Flood");
});

test("the last one goes, too, a moment after the browser has counted", async () => {
  await visitor.push(ALERT);
  await visitor.push(CLEAR);
  await shows("Fire");
  await shows();
});

test("when all is read, all that was stored up to then goes", async () => {
  await visitor.push({ ...ALERT, at: "2026-11-20T06:00:00.000Z" });
  await visitor.push({ ...ALERT, card: "flood", title: "Flood", at: "2026-11-20T06:00:01.000Z" });
  await visitor.push({ type: "clear", upTo: "2026-11-20T06:00:00.000Z" });
  await shows("Flood");
});

test("a clear for which nothing is there leaves nothing", async () => {
  await visitor.push(CLEAR);
  await shows("Nothing new");
  await shows();
});

test("what is no message of ours is left to others", async () => {
  await visitor.push("not even JSON");
  await visitor.push({ type: "digest" });
  await visitor.push(ALERT);
  await shows("Fire");
});

test("the icon counts the unread cards", async () => {
  await visitor.worker.evaluate(() => {
    const counted: unknown[] = [];
    Object.assign(self, { counted });
    Object.defineProperty(Object.getPrototypeOf(navigator), "setAppBadge", {
      value: (count: unknown) => Promise.resolve(void counted.push(count)),
    });
  });
  await visitor.push({ ...ALERT, unread: 3 });
  await visitor.push({ ...CLEAR, unread: 0 });
  await eventually(async () => {
    expect(await visitor.worker.evaluate(() => (self as unknown as { counted: unknown }).counted)).toEqual([
      3, 0,
    ]);
  });
});

test("while the app can be seen nothing is doubled, and what was shown before goes", async () => {
  await visitor.push(ALERT);
  await shows("Fire");
  await visitor.open();
  await visitor.push({ ...ALERT, card: "flood", title: "Flood" });
  await visitor.push({ ...ALERT, position: "3", title: "Fire is out" });
  await shows();
});

test("a click goes to the window that is open, which opens the card itself", async () => {
  await visitor.push({ ...ALERT, url: "/app/orders" });
  await shows("Fire");
  const told = await listen(await visitor.open(), "yes");
  expect(await click("fire")).toEqual(["focused"]);
  await eventually(async () => {
    expect(await told()).toEqual([
      { belfry: "ask", account: null },
      { belfry: "open", card: "fire", url: `${site.origin}/app/orders`, action: null, there: false },
    ]);
  });
  await shows();
});

test("a window whose page does not know of clicks is sent to the link", async () => {
  await visitor.push({ ...ALERT, url: "/app/orders" });
  await shows("Fire");
  const page = await visitor.open();
  expect(await click("fire")).toEqual(["focused", "sent"]);
  expect(page.url()).toBe(`${site.origin}/app/orders`);
});

test("a window of somebody else is left where it is, and one of the same person is found behind it", async () => {
  await visitor.push({ ...ALERT, url: "/app/orders" });
  await shows("Fire");
  const mine = await visitor.open();
  const others = await visitor.context.newPage();
  await others.goto(`${site.origin}/app/office`);
  await others.bringToFront();
  await listen(others, "no");
  const told = await listen(mine, "yes");
  expect(await click("fire")).toEqual(["focused"]);
  await eventually(async () => {
    expect(await told()).toContainEqual(expect.objectContaining({ belfry: "open", card: "fire" }));
  });
});

test("where only somebody else has a window, a new one is opened", async () => {
  await visitor.push({ ...ALERT, url: "/app/orders" });
  await shows("Fire");
  const others = await visitor.open();
  await listen(others, "no");
  expect(await click("fire")).toEqual([`opened ${site.origin}/app/orders`]);
  expect(others.url()).not.toBe(`${site.origin}/app/orders`);
});

test("what a page has shown says whose it is", async () => {
  await tell(visitor.outside, {
    belfry: "notify",
    account: "ada",
    message: { ...ALERT, type: "alert", severity: "info", body: "", actions: [] },
  });
  await shows("Fire");
  const told = await listen(await visitor.open(), "yes");
  await click("fire");
  await eventually(async () => {
    expect(await told()).toContainEqual({ belfry: "ask", account: "ada" });
  });
});

test("without a window, or for another site, one is opened", async () => {
  const actions = [{ id: "map", title: "Map", url: "https://example.com/map" }];
  await visitor.push({ ...ALERT, url: "/app/orders", actions });
  await shows("Fire");
  expect(await click("fire")).toEqual([`opened ${site.origin}/app/orders`]);
  await visitor.push({ ...ALERT, url: "/app/orders", actions });
  await shows("Fire");
  await visitor.open();
  expect(await click("fire", "map")).toEqual(["opened https://example.com/map"]);
});

test("a window that was opened for a click hears of it once its page is ready", async () => {
  const actions = [{ id: "doors", title: "Doors", url: "/app/orders" }];
  await tell(visitor.outside, {
    belfry: "notify",
    account: "ada",
    message: { ...ALERT, type: "alert", severity: "info", body: "", actions },
  });
  await shows("Fire");
  expect(await click("fire", "doors")).toEqual([`opened ${site.origin}/app/orders`]);
  const page = await visitor.open("/app/orders");
  const told = await listen(page, null);
  await tell(page, { belfry: "claim", account: "ada" });
  await eventually(async () => {
    expect(await told()).toEqual([
      { belfry: "open", card: "fire", url: `${site.origin}/app/orders`, action: "doors", there: true },
    ]);
  });
});

test("an app that the click has opened where it starts, and not at the link, is told to go there", async () => {
  await visitor.push({ ...ALERT, url: "/app/orders" });
  await shows("Fire");
  expect(await click("fire")).toEqual([`opened ${site.origin}/app/orders`]);
  const page = await visitor.open();
  const told = await listen(page, null);
  await tell(page, { belfry: "claim", account: null });
  await eventually(async () => {
    expect(await told()).toMatchObject([{ url: `${site.origin}/app/orders`, there: false }]);
  });
});

test("a link that leads to a script leads to the app instead", async () => {
  await visitor.push({ ...ALERT, url: "javascript:alert(1)" });
  await shows("Fire");
  expect(await click("fire")).toEqual([`opened ${site.origin}/app/`]);
});

test("pages hear of what the person swipes away", async () => {
  await visitor.push(ALERT);
  await shows("Fire");
  const told = await listen(await visitor.open(), null);
  await visitor.worker.evaluate(async () => {
    const worker = self as unknown as ServiceWorker & {
      registration: ServiceWorkerRegistration;
      NotificationEvent: new (type: string, of: object) => Event;
    };
    const [notification] = await worker.registration.getNotifications();
    const event = new worker.NotificationEvent("notificationclose", { notification });
    worker.dispatchEvent(Object.defineProperty(event, "waitUntil", { value: () => undefined }));
  });
  await eventually(async () => {
    expect(await told()).toEqual([{ belfry: "dismissed", card: "fire", position: "2" }]);
  });
});

test("a page has cards shown that nobody sees, and taken away when they are read", async () => {
  await tell(visitor.outside, {
    belfry: "notify",
    message: { ...ALERT, type: "alert", severity: "info", body: "", actions: [] },
  });
  await shows("Fire");
  await visitor.push(ALERT);
  await shows("Fire");
  await tell(visitor.outside, { belfry: "notify", message: { type: "clear", card: "fire", position: "2" } });
  await shows();
});

test("a subscription that the browser has dropped is made again, and pages are told", async () => {
  const told = await listen(await visitor.open(), null);
  const key = await visitor.worker.evaluate(async () => {
    const worker = self as unknown as ServiceWorker & { registration: ServiceWorkerRegistration };
    const subscribed: unknown[] = [];
    Object.defineProperty(worker.registration.pushManager, "subscribe", {
      value: (options: unknown) => Promise.resolve(void subscribed.push(options)),
    });
    let work: unknown;
    const event = Object.assign(new Event("pushsubscriptionchange"), {
      oldSubscription: { options: { applicationServerKey: "key" } },
      newSubscription: null,
      waitUntil: (promise: unknown) => (work = promise),
    });
    worker.dispatchEvent(event);
    await work;
    return subscribed;
  });
  expect(key).toEqual([{ userVisibleOnly: true, applicationServerKey: "key" }]);
  await eventually(async () => {
    expect(await told()).toEqual([{ belfry: "subscription" }]);
  });
});
