/** The whole client, between a server of our own and the tabs of a browser. */

import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Belfry, type BelfryOptions } from "../src/belfry.ts";
import { SignedOutError } from "../src/errors.ts";
import type { Card } from "../src/types.ts";
import { eventually } from "./eventually.ts";
import { FakeBrowser, Server, at, card, position } from "./fakes.ts";

let server: Server;
let browser: FakeBrowser;
let open: Belfry[] = [];

beforeEach(() => {
  vi.spyOn(console, "debug").mockReturnValue();
  globalThis.indexedDB = new IDBFactory();
  server = new Server();
  browser = new FakeBrowser();
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((belfry) => belfry.disconnect()));
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** One more tab of the browser. */
function tab(options: Partial<BelfryOptions> = {}): Belfry {
  const belfry = new Belfry({
    api: "/api",
    account: "ada",
    getToken: () => Promise.resolve("token"),
    fetch: server.fetch,
    connect: server.connect,
    browser: browser.tab(),
    ...options,
  });
  open.push(belfry);
  return belfry;
}

async function live(belfry: Belfry): Promise<Belfry> {
  await belfry.connect();
  await eventually(() => {
    expect(belfry.snapshot.connection).toBe("live");
  });
  return belfry;
}

function titles(belfry: Belfry): string[] {
  return belfry.list().cards.map((card) => card.title);
}

function tokenOf(person: string): string {
  return `e30.${Buffer.from(JSON.stringify({ sub: person })).toString("base64url")}.`;
}

test("the history is there when connected, and what comes then is shown at once", async () => {
  server.store(card(1), card(2));
  const belfry = await live(tab());
  expect(titles(belfry)).toEqual(["Number 2", "Number 1"]);
  expect(belfry.snapshot).toMatchObject({ loaded: true, unread: 2, queued: 0, user: "ada" });
  const arrived: Card[] = [];
  belfry.onArrival((card) => arrived.push(card));
  server.send(card(3));
  expect(titles(belfry)).toEqual(["Number 3", "Number 2", "Number 1"]);
  expect(arrived.map((card) => card.title)).toEqual(["Number 3"]);
  expect(belfry.snapshot.unread).toBe(3);
});

test("what came while it was cut off is there when it is back", async () => {
  const belfry = await live(tab());
  server.live = false;
  server.cut();
  await eventually(() => {
    expect(belfry.snapshot.connection).toBe("waiting");
  });
  server.store(card(1));
  server.live = true;
  await eventually(() => {
    expect(titles(belfry)).toEqual(["Number 1"]);
  });
});

test("a mark is shown at once, and sent", async () => {
  server.store(card(1));
  const belfry = await live(tab());
  belfry.mark("card-1", { read: true });
  expect(belfry.snapshot).toMatchObject({ unread: 0, queued: 1 });
  await eventually(() => {
    expect(belfry.snapshot.queued).toBe(0);
  });
  expect(server.shown()[0]?.read).toBe(true);
  expect(belfry.list().cards[0]?.read).toBe(true);
});

test("what is said while disconnected is shown at once, and sent when connected again", async () => {
  server.store(card(1), card(2));
  const belfry = await live(tab());
  await belfry.disconnect();
  belfry.mark("card-1", { read: true });
  belfry.markAllRead();
  expect(belfry.snapshot).toMatchObject({ connection: "closed", unread: 0 });
  expect(belfry.snapshot.queued).toBeGreaterThan(0);
  await live(belfry);
  await eventually(() => {
    expect(belfry.snapshot).toMatchObject({ unread: 0, queued: 0 });
  });
  expect(server.requests.some(({ path }) => path === "/alerts/read")).toBe(true);
});

test("tabs share one connection, and show the same", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  expect(server.connections).toBe(1);
  server.send(card(2));
  await eventually(() => {
    expect(titles(second)).toEqual(["Number 2", "Number 1"]);
  });
  second.mark("card-2", { archived: true });
  await eventually(() => {
    expect(titles(first)).toEqual(["Number 1"]);
    expect(first.snapshot.queued + second.snapshot.queued).toBe(0);
  });
  expect(server.shown().map((card) => card.card)).toEqual(["card-1"]);
});

test("when the tab that leads is closed, another goes on, with what waits", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  server.fault = "down";
  second.mark("card-1", { read: true });
  await eventually(() => {
    expect(first.snapshot.queued).toBe(1);
  });
  await first.disconnect();
  server.store(card(2));
  server.fault = null;
  await eventually(() => {
    expect(titles(second)).toEqual(["Number 2", "Number 1"]);
    expect(second.snapshot).toMatchObject({ connection: "live", queued: 0, unread: 1 });
  });
  expect(server.shown().map((card) => card.read)).toEqual([false, true]);
});

test("all read is said with the newest moment that is known", async () => {
  server.store(card(1), card(2));
  const belfry = await live(tab());
  belfry.markAllRead();
  expect(belfry.snapshot.unread).toBe(0);
  await eventually(() => {
    expect(belfry.snapshot.queued).toBe(0);
  });
  expect(server.readUpTo).toBe(at(2));
});

describe("a device without a network", () => {
  test("shows what it kept, and sends what was said once the server is back", async () => {
    server.store(card(1), card(2));
    const before = await live(tab());
    await before.disconnect();
    server.fault = "down";
    const belfry = tab();
    await belfry.connect();
    expect(titles(belfry)).toEqual(["Number 2", "Number 1"]);
    expect(belfry.snapshot).toMatchObject({ loaded: true, unread: 2, user: "ada" });
    belfry.mark("card-1", { archived: true });
    await belfry.disconnect();

    const later = tab();
    await later.connect();
    expect(titles(later)).toEqual(["Number 2"]);
    expect(later.snapshot.queued).toBe(1);
    server.store(card(3));
    server.fault = null;
    await eventually(() => {
      expect(later.snapshot).toMatchObject({ connection: "live", queued: 0 });
      expect(titles(later)).toEqual(["Number 3", "Number 2"]);
    });
    expect(server.shown().map((card) => card.card)).toEqual(["card-3", "card-2"]);
  });

  test("that can keep nothing works all the same", async () => {
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    });
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    server.store(card(1));
    const belfry = await live(tab());
    belfry.mark("card-1", { read: true });
    await eventually(() => {
      expect(belfry.snapshot).toMatchObject({ queued: 0, unread: 0 });
    });
    expect(warned).toHaveBeenCalledOnce();
  });
});

test("without a live connection the history is there, and what comes is asked for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  server.live = false;
  server.store(card(1));
  const belfry = tab({ storage: false });
  const connected = belfry.connect();
  await vi.advanceTimersByTimeAsync(3_000);
  await connected;
  expect(titles(belfry)).toEqual(["Number 1"]);
  expect(belfry.snapshot.connection).toBe("waiting");
  server.store(card(2));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(titles(belfry)).toEqual(["Number 2", "Number 1"]);
});

test("what came since is asked for with the last sync token; when it has expired, the history is loaded anew", async () => {
  server.store(card(1));
  const belfry = await live(tab());
  server.cut();
  await eventually(() => {
    expect(server.requests.filter(({ path }) => path === "/alerts/changes")).toHaveLength(1);
  });
  await eventually(() => {
    expect(belfry.snapshot.connection).toBe("live");
  });
  server.cards.delete("card-1");
  server.store(card(2));
  server.expireSyncs();
  server.cut();
  await eventually(() => {
    expect(titles(belfry)).toEqual(["Number 2"]);
  });
});

test("who disconnects while there is much to catch up with asks for no more", async () => {
  let much = false;
  const belfry = await live(
    tab({
      fetch: async (input, init) => {
        const answer = await server.fetch(input, init);
        await new Promise(setImmediate);
        if (!much || new URL(input as string, "http://localhost").pathname !== "/api/alerts/changes")
          return answer;
        return Response.json({ ...((await answer.json()) as object), more: true });
      },
    }),
  );
  const asked = (): number => server.requests.filter(({ path }) => path === "/alerts/changes").length;
  much = true;
  server.cut();
  await eventually(() => {
    expect(asked()).toBeGreaterThan(3);
  });
  await belfry.disconnect();
  const before = asked();
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(asked()).toBe(before);
});

test("when the person belongs to something else the history is loaded anew; when all was erased nothing is left", async () => {
  server.store(card(1), card(2, { audience: "topic:news" }));
  server.audiences = { "user:ada": null, "topic:news": "2026" };
  const belfry = await live(tab());
  expect(titles(belfry)).toHaveLength(2);
  server.cards.delete("card-2");
  server.audiences = { "user:ada": null };
  server.frame({ type: "audiences" });
  await eventually(() => {
    expect(titles(belfry)).toEqual(["Number 1"]);
  });
  const other = await live(tab());
  await belfry.erase();
  await eventually(() => {
    expect([...titles(belfry), ...titles(other)]).toEqual([]);
  });
});

describe("marks that the server refuses", () => {
  test("because there is a newer revision are dropped, and it is shown as it is", async () => {
    server.store(card(1, { card: "t", thread: "t" }));
    const belfry = await live(tab());
    server.store(card(2, { card: "t", thread: "t" }));
    belfry.mark("t", { archived: true });
    expect(titles(belfry)).toEqual([]);
    await eventually(() => {
      expect(titles(belfry)).toEqual(["Number 2"]);
    });
    expect(belfry.snapshot.queued).toBe(0);
  });

  test("because the card was withdrawn take it off the screen", async () => {
    server.store(card(1));
    const belfry = await live(tab());
    server.store({ card: "card-1", position: position(2), retracted: true });
    belfry.mark("card-1", { read: true });
    await eventually(() => {
      expect(titles(belfry)).toEqual([]);
    });
  });
});

describe("lists", () => {
  test("get older cards page by page, each with its filter", async () => {
    server.store(
      ...Array.from({ length: 230 }, (_, n) => card(n, n % 100 === 0 ? { severity: "critical" } : {})),
    );
    const belfry = await live(tab());
    const all = belfry.list();
    const critical = belfry.list({ severities: ["critical"] });
    expect(belfry.list({ severities: ["critical", "critical"] })).toBe(critical);
    expect(belfry.snapshot.unread).toBe(100);
    expect([all.cards.length, all.more, critical.cards.length, critical.more]).toEqual([100, true, 1, true]);
    await critical.loadMore();
    expect([critical.cards.length, critical.more]).toEqual([3, false]);
    expect([all.cards.length, all.more]).toEqual([100, true]);
    await Promise.all([all.loadMore(), all.loadMore()]);
    expect([all.cards.length, all.more]).toEqual([150, true]);
    await all.loadMore();
    await all.loadMore();
    expect([all.cards.length, all.more]).toEqual([230, false]);
    const asked = server.requests.length;
    await all.loadMore();
    expect(server.requests.length).toBe(asked);
  });

  test("say why older cards could not be loaded, until they are", async () => {
    server.store(...Array.from({ length: 120 }, (_, number) => card(number)));
    const belfry = await live(tab());
    const list = belfry.list();
    const seen: boolean[] = [];
    list.observe(() => seen.push(list.loading));
    server.fault = { status: 500, code: "internal" };
    await list.loadMore();
    expect(list.problem).toMatchObject({ status: 500, code: "internal" });
    server.fault = null;
    await list.loadMore();
    expect(list.problem).toBeNull();
    expect(list.cards).toHaveLength(120);
    expect(seen).toContain(true);
    expect(list.loading).toBe(false);
  });

  test("get a card back that another device has taken out of the archive", async () => {
    server.store(card(1), card(2));
    server.mark("card-1", { archived: true });
    const belfry = await live(tab());
    expect(titles(belfry)).toEqual(["Number 2"]);
    server.mark("card-1", { archived: false });
    await eventually(() => {
      expect(titles(belfry)).toEqual(["Number 2", "Number 1"]);
    });
  });
});

describe("the token", () => {
  test("that is refused, and cannot be had fresh, signs out; to connect again tries again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    server.token = "new";
    const belfry = tab({ storage: false });
    await expect(belfry.connect()).rejects.toThrow(SignedOutError);
    expect(belfry.snapshot.connection).toBe("signed-out");
    const asked = server.requests.length;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(server.requests.length).toBe(asked);
    vi.useRealTimers();
    server.token = null;
    server.store(card(1));
    await live(belfry);
    expect(titles(belfry)).toEqual(["Number 1"]);
  });

  test("names whose the storage is; where it cannot be read, the server says whose it is", async () => {
    const claims = Buffer.from(JSON.stringify({ iss: "https://issuer", oid: "42" })).toString("base64url");
    await live(tab({ account: undefined, getToken: () => Promise.resolve(`e30.${claims}.`) }));
    await live(tab({ account: undefined, getToken: () => Promise.resolve("opaque") }));
    await eventually(async () => {
      const names = (await indexedDB.databases()).map(({ name }) => name);
      expect(names.sort()).toEqual(["belfry /api ada", "belfry /api https://issuer 42"]);
    });
  });

  test("of another person shows nothing of the one before, not even until the app has given it", async () => {
    server.store(card(1));
    let token = Promise.resolve(tokenOf("ada"));
    const belfry = await live(tab({ account: undefined, getToken: () => token }));
    await belfry.disconnect();
    expect(titles(belfry)).toEqual(["Number 1"]);
    let give: (token: string) => void = () => undefined;
    token = new Promise((resolve) => (give = resolve));
    void belfry.connect();
    expect(belfry.snapshot).toMatchObject({ loaded: false, unread: 0, user: null });
    expect(titles(belfry)).toEqual([]);
    server.fault = "down";
    server.requests.length = 0;
    give(tokenOf("ben"));
    await eventually(() => {
      expect(server.requests.some(({ path }) => path === "/negotiate")).toBe(true);
    });
    expect(titles(belfry)).toEqual([]);
  });

  test("of the same person shows at once what was there, with what waits, also where nothing can be kept", async () => {
    server.store(card(1), card(2));
    const belfry = tab({
      account: undefined,
      storage: false,
      getToken: () => Promise.resolve(tokenOf("ada")),
    });
    await live(belfry);
    server.fault = "down";
    belfry.mark("card-1", { archived: true });
    await belfry.disconnect();
    await belfry.connect();
    expect(titles(belfry)).toEqual(["Number 2"]);
    expect(belfry.snapshot).toMatchObject({ queued: 1, user: "ada" });
    server.fault = null;
    await eventually(() => {
      expect(server.shown().map(({ card }) => card)).toEqual(["card-2"]);
    });
  });

  test("of another person, while connected, is never used for the one before", async () => {
    server.store(card(1));
    let person = "ada";
    const bearers: string[] = [];
    const belfry = tab({
      account: undefined,
      getToken: () => Promise.resolve(tokenOf(person)),
      fetch: (input, init) => {
        bearers.push(new Headers(init?.headers).get("Authorization") ?? "");
        return server.fetch(input, init);
      },
    });
    await live(belfry);
    const shown: string[] = [];
    belfry.list().observe(() => shown.push(...titles(belfry)));
    person = server.user = "ben";
    server.cards.clear();
    server.expireSyncs();
    server.store(card(2));
    bearers.length = 0;
    belfry.mark("card-1", { read: true });
    await eventually(() => {
      expect(belfry.snapshot).toMatchObject({ connection: "live", user: "ben", queued: 0 });
      expect(titles(belfry)).toEqual(["Number 2"]);
    });
    expect(server.requests.filter(({ method }) => method === "PATCH")).toEqual([]);
    const names = (await indexedDB.databases()).map(({ name }) => name);
    expect(names.sort()).toEqual(["belfry /api  ada", "belfry /api  ben"]);
    expect(await kept("belfry /api  ada")).toEqual(["card-1"]);
  });
});

/** The cards in a database. */
function kept(name: string): Promise<string[]> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const asking = opening.result.transaction("cards").objectStore("cards").getAllKeys();
      asking.onsuccess = () => {
        opening.result.close();
        resolve(asking.result as string[]);
      };
    };
  });
}

test("all read is not unsaid for a moment, though it is the server that knows what else it was about", async () => {
  server.store(...Array.from({ length: 120 }, (_, number) => card(number)));
  server.mark("card-119", { read: false });
  const belfry = await live(tab());
  expect(belfry.snapshot.unread).toBe(100);
  const counts: number[] = [];
  belfry.observe(({ unread }) => counts.push(unread));
  // Its frame is lost.
  server.quiet = true;
  belfry.markAllRead();
  await eventually(() => {
    expect(belfry.snapshot.queued).toBe(0);
  });
  expect(new Set(counts)).toEqual(new Set([0]));
  expect(belfry.list().cards.some((card) => !card.read)).toBe(false);
});

test("when the app's tokens become another person's, nothing of the one before stays", async () => {
  server.store(card(1));
  const belfry = await live(tab());
  server.user = "ben";
  server.cards.clear();
  server.expireSyncs();
  server.cut();
  await eventually(() => {
    expect(belfry.snapshot).toMatchObject({ connection: "live", user: "ben", unread: 0 });
    expect(titles(belfry)).toEqual([]);
  });
  expect(server.requests.filter(({ path }) => path === "/alerts/changes")).toEqual([]);
});

test("a tab that is opened while the history is loaded anew hears all that the others hear", async () => {
  server.store(card(0), card(1));
  const first = await live(tab({ storage: false }));
  const answer = server.hold();
  server.cards.delete("card-0");
  server.frame({ type: "audiences" });
  const second = tab({ storage: false });
  void second.connect();
  await eventually(() => {
    expect(browser.posted).toContain("ask");
  });
  server.frame({ type: "alerts", alerts: [card(2)] });
  expect(titles(first)).toHaveLength(3);
  answer();
  await eventually(() => {
    expect(titles(first)).toEqual(["Number 2", "Number 1"]);
    expect(titles(second)).toEqual(titles(first));
  });
});

test("to sign out leaves nothing of the person on this device, in any tab", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  await second.signOut();
  await eventually(() => {
    for (const belfry of [first, second]) {
      expect(belfry.snapshot).toEqual({
        connection: "closed",
        unread: 0,
        loaded: false,
        queued: 0,
        user: null,
      });
      expect(titles(belfry)).toEqual([]);
    }
  });
  await eventually(async () => {
    expect(await indexedDB.databases()).toEqual([]);
  });
  expect(server.connections).toBe(0);
});

test("to sign out after disconnecting leaves nothing either", async () => {
  server.store(card(1));
  const belfry = await live(tab());
  await belfry.disconnect();
  expect(titles(belfry)).toEqual(["Number 1"]);
  await belfry.signOut();
  expect(titles(belfry)).toEqual([]);
  expect(await indexedDB.databases()).toEqual([]);
});

test("nor in the other tabs, which are still connected", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  await second.disconnect();
  await second.signOut();
  await eventually(async () => {
    expect(first.snapshot).toMatchObject({ connection: "closed", loaded: false });
    expect(titles(first)).toEqual([]);
    expect(await indexedDB.databases()).toEqual([]);
  });
});

test("a tab whose token is refused does not keep one that has a better one from leading, and follows it", async () => {
  server.store(card(1));
  server.token = "new";
  const first = tab();
  const waiting = tab();
  await expect(first.connect()).rejects.toThrow(SignedOutError);
  await expect(waiting.connect()).rejects.toThrow(SignedOutError);
  const second = await live(tab({ getToken: () => Promise.resolve("new") }));
  expect(titles(second)).toEqual(["Number 1"]);
  await eventually(() => {
    for (const other of [first, waiting]) {
      expect(other.snapshot.connection).toBe("live");
      expect(titles(other)).toEqual(["Number 1"]);
    }
  });
  await second.disconnect();
  await eventually(() => {
    expect([first, waiting].map(({ snapshot }) => snapshot.connection)).toEqual(["signed-out", "signed-out"]);
  });
});

test("a card leaves the screen by itself when its time is over", async () => {
  const belfry = await live(tab());
  const changed = vi.fn();
  belfry.list().observe(changed);
  server.send(card(1, { expiresAt: new Date(Date.now() + 300).toISOString() }));
  expect(titles(belfry)).toEqual(["Number 1"]);
  await eventually(() => {
    expect(titles(belfry)).toEqual([]);
    expect(changed).toHaveBeenCalledTimes(2);
  });
});

test("each card arrives once in each tab", async () => {
  const tabs = [await live(tab()), await live(tab()), await live(tab())];
  const arrived = tabs.map((belfry) => {
    const cards: string[] = [];
    belfry.onArrival((card) => cards.push(card.card));
    return cards;
  });
  server.send(card(1), card(2));
  server.send(card(1));
  await eventually(() => {
    expect(arrived).toEqual([
      ["card-1", "card-2"],
      ["card-1", "card-2"],
      ["card-1", "card-2"],
    ]);
  });
});

test("a tab that missed something is given all that is known", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  browser.deaf = true;
  server.send(card(2));
  await eventually(() => {
    expect(browser.lost).toContain("input");
  });
  browser.deaf = false;
  expect(titles(second)).toEqual(["Number 1"]);
  server.send(card(3));
  await eventually(() => {
    expect(titles(second)).toEqual(titles(first));
    expect(titles(second)).toHaveLength(3);
  });
});

test("a tab that missed something, and leads before it is told, loads the history anew", async () => {
  const asked = (): number => server.requests.filter(({ path }) => path === "/alerts/changes").length;
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  browser.deaf = true;
  server.send(card(2));
  server.cut();
  await eventually(() => {
    expect(asked()).toBe(1);
    expect(first.snapshot.connection).toBe("live");
  });
  // What it hears from here on is only what came after the card that it missed; what it asks for does not come.
  browser.deaf = "state";
  server.cut();
  await eventually(() => {
    expect(browser.lost).toContain("state");
  });
  expect(titles(second)).toEqual(["Number 1"]);
  await first.disconnect();
  await eventually(() => {
    expect(titles(second)).toEqual(["Number 2", "Number 1"]);
  });
});

test("tabs that do not share lead each for itself", async () => {
  server.store(card(1));
  await live(tab({ tabs: false }));
  const second = await live(tab({ tabs: false, storage: false }));
  expect(server.connections).toBe(2);
  second.mark("card-1", { read: true });
  await eventually(() => {
    expect(second.snapshot.queued).toBe(0);
  });
});
