/** The whole client, between a server of our own and the tabs of a browser. */

import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Belfry, type BelfryOptions } from "../src/belfry.ts";
import type { Card } from "../src/types.ts";
import { FakeBrowser, Server, at, card } from "./fakes.ts";

let server: Server;
let browser: FakeBrowser;
let open: Belfry[] = [];

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  server = new Server();
  browser = new FakeBrowser();
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((belfry) => belfry.disconnect()));
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
  await vi.waitFor(() => {
    expect(belfry.snapshot.connection).toBe("live");
  }, 5_000);
  return belfry;
}

function titles(belfry: Belfry): string[] {
  return belfry.list().cards.map((card) => card.title);
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
  await vi.waitFor(() => {
    expect(belfry.snapshot.connection).toBe("waiting");
  });
  server.store(card(1));
  server.live = true;
  await vi.waitFor(() => {
    expect(titles(belfry)).toEqual(["Number 1"]);
  }, 5_000);
});

test("a mark is shown at once, and sent", async () => {
  server.store(card(1));
  const belfry = await live(tab());
  belfry.mark("card-1", { read: true });
  expect(belfry.snapshot).toMatchObject({ unread: 0, queued: 1 });
  await vi.waitFor(() => {
    expect(belfry.snapshot.queued).toBe(0);
  });
  expect(server.shown()[0]?.read).toBe(true);
  expect(belfry.list().cards[0]?.read).toBe(true);
});

test("tabs share one connection, and show the same", async () => {
  server.store(card(1));
  const first = await live(tab());
  const second = await live(tab());
  expect(server.connections).toBe(1);
  server.send(card(2));
  await vi.waitFor(() => {
    expect(titles(second)).toEqual(["Number 2", "Number 1"]);
  });
  second.mark("card-2", { archived: true });
  await vi.waitFor(() => {
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
  await vi.waitFor(() => {
    expect(first.snapshot.queued).toBe(1);
  });
  await first.disconnect();
  server.store(card(2));
  server.fault = null;
  await vi.waitFor(() => {
    expect(titles(second)).toEqual(["Number 2", "Number 1"]);
    expect(second.snapshot).toMatchObject({ connection: "live", queued: 0, unread: 1 });
  }, 8_000);
  expect(server.shown().map((card) => card.read)).toEqual([false, true]);
});

test("all read is said with the newest moment that is known", async () => {
  server.store(card(1), card(2));
  const belfry = await live(tab());
  belfry.markAllRead();
  expect(belfry.snapshot.unread).toBe(0);
  await vi.waitFor(() => {
    expect(belfry.snapshot.queued).toBe(0);
  });
  expect(server.readUpTo).toBe(at(2));
});
