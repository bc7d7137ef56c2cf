/** The client as apps have it, with the official client of the live connection, on the whole system. */

import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { Belfry } from "../../src/belfry.ts";
import { eventually } from "../eventually.ts";
import { System } from "./cloud.ts";

let system: System;
let user: string;
let open: Belfry[] = [];

beforeAll(async () => {
  system = await System.start();
});

afterAll(async () => {
  await system.stop();
});

beforeEach(() => {
  vi.spyOn(console, "debug").mockReturnValue();
  globalThis.indexedDB = new IDBFactory();
  user = `ada-${crypto.randomUUID()}`;
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((belfry) => belfry.disconnect()));
  vi.restoreAllMocks();
});

/** One of the person's devices. */
async function device(): Promise<Belfry> {
  const belfry = new Belfry({
    api: system.api,
    getToken: () => system.token(user),
    storage: open.length === 0,
    tabs: false,
  });
  open.push(belfry);
  await belfry.connect();
  await eventually(() => {
    expect(belfry.snapshot.connection).toBe("live");
  });
  return belfry;
}

function shown(belfry: Belfry): unknown[] {
  return belfry.list().cards.map(({ title, read }) => [title, read]);
}

test("an alert is on every device at once, and read on one it is read on the others", async () => {
  const [phone, laptop] = [await device(), await device()];
  await system.send({ to: [`user:${user}`], title: "Hello" });
  await eventually(() => {
    expect([shown(phone), shown(laptop)]).toEqual([[["Hello", false]], [["Hello", false]]]);
  });
  phone.mark(phone.list().cards[0]?.card ?? "", { read: true });
  expect(phone.snapshot.unread).toBe(0);
  await eventually(() => {
    expect(shown(laptop)).toEqual([["Hello", true]]);
    expect([laptop.snapshot.unread, phone.snapshot.queued]).toEqual([0, 0]);
  });
});

test("all read on one device leaves nothing unread on another, also of what it does not know", async () => {
  const watching = await device();
  const alerts = Array.from({ length: 130 }, (_, number) => ({
    to: [`user:${user}`],
    title: `Number ${number}`,
  }));
  await system.send(...alerts.slice(0, 65));
  await system.send(...alerts.slice(65));
  await eventually(() => {
    expect(shown(watching)).toHaveLength(130);
  });
  const [phone, laptop] = [await device(), await device()];
  await eventually(() => {
    expect([phone.snapshot.unread, laptop.snapshot.unread]).toEqual([100, 100]);
  });
  expect(shown(phone)).toHaveLength(100);
  phone.markAllRead();
  await eventually(() => {
    expect([phone.snapshot.unread, laptop.snapshot.unread, phone.snapshot.queued]).toEqual([0, 0, 0]);
  });
  const list = laptop.list();
  while (list.more) await list.loadMore();
  expect(list.cards.filter((card) => card.read)).toHaveLength(130);
});

test("what came while the live connection was killed is there, once, when it is back", async () => {
  const belfry = await device();
  const arrived: string[] = [];
  belfry.onArrival((card) => arrived.push(card.title));
  await system.restart("web_pubsub");
  await system.send({ to: [`user:${user}`], title: "Meanwhile" });
  await eventually(() => {
    expect(shown(belfry)).toEqual([["Meanwhile", false]]);
  });
  await system.send({ to: [`user:${user}`], title: "Afterwards" });
  await eventually(() => {
    expect(arrived).toEqual(["Meanwhile", "Afterwards"]);
  });
});

test("a revision replaces its card, a withdrawal takes it away; preferences are as they were saved", async () => {
  const belfry = await device();
  await system.send({ to: [`user:${user}`], title: "Firing", thread: `t-${user}`, id: `1-${user}` });
  await eventually(() => {
    expect(shown(belfry)).toEqual([["Firing", false]]);
  });
  await system.send({ to: [`user:${user}`], title: "Resolved", thread: `t-${user}`, id: `2-${user}` });
  await eventually(() => {
    expect(shown(belfry)).toEqual([["Resolved", false]]);
  });
  await system.send({ to: [`user:${user}`], retract: true, id: `2-${user}`, thread: `t-${user}` });
  await eventually(() => {
    expect(shown(belfry)).toEqual([]);
  });
  expect(await belfry.preferences()).toMatchObject({ minimumSeverity: "info", quietHours: null });
  const preferences = { ...(await belfry.preferences()), mutedCategories: ["marketing"] };
  expect(await belfry.savePreferences(preferences)).toEqual(preferences);
  expect(await belfry.exportData()).toBeTypeOf("object");
});

test("what is erased on one device is gone from all", async () => {
  const [phone, laptop] = [await device(), await device()];
  await system.send({ to: [`user:${user}`], title: "Hello" });
  await eventually(() => {
    expect([shown(phone).length, shown(laptop).length]).toEqual([1, 1]);
  });
  await phone.erase();
  await eventually(() => {
    expect([shown(phone), shown(laptop)]).toEqual([[], []]);
  });
});
