/** What is kept on this device, and that the client does without when it cannot be. */

import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Said } from "../src/outbox.ts";
import { Storage } from "../src/storage.ts";
import type { Kept } from "../src/input.ts";
import { at, card, position } from "./fakes.ts";

let warned: ReturnType<typeof vi.spyOn>;
let open: Storage[] = [];

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  warned = vi.spyOn(console, "warn").mockReturnValue();
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((storage) => storage.close()));
  vi.restoreAllMocks();
});

/** What a tab has. */
function storage(name = "ada"): Storage {
  const storage = new Storage(name);
  open.push(storage);
  return storage;
}

function leading(name?: string): Storage {
  const leader = storage(name);
  leader.lead();
  return leader;
}

function kept(fields: Partial<Kept> = {}): Kept {
  return {
    cards: [],
    marks: [],
    readUpTo: "",
    audiences: { "user:ada": null },
    sync: "1",
    horizons: [["{}", ""]],
    beyond: 0,
    many: false,
    user: "ada",
    ...fields,
  };
}

function read(id: string): Said {
  return { id, card: "card-1", position: position(1), at: at(1), read: true };
}

test("what was written is there for the next start", async () => {
  const all = kept({
    cards: [card(1), { card: "card-2", position: position(2), retracted: true }],
    marks: [{ card: "card-1", position: position(1), version: 1, read: true }],
    readUpTo: at(1),
    beyond: 3,
  });
  await leading().write(all);
  expect((await storage().load()).kept).toEqual({ ...all, writer: expect.any(String) as string });
});

test("what is gone from what is known is gone from storage", async () => {
  const leader = leading();
  const [one, two] = [card(1), card(2)];
  await leader.write(kept({ cards: [one, two] }));
  await leader.write(kept({ cards: [two, card(3)] }));
  const { kept: found } = await storage().load();
  expect(found?.cards.map((card) => card.card)).toEqual(["card-2", "card-3"]);
});

test("the newest thousand cards are kept, and lists count as complete down to the last of them only", async () => {
  const cards = Array.from({ length: 1_200 }, (_, index) => card(index));
  const horizons = [
    ["{}", position(0)],
    ['{"unread":true}', position(900)],
  ] as const;
  const marks = [199, 200].map((number) => ({
    card: `card-${number}`,
    position: position(number),
    version: 1,
  }));
  await leading().write(kept({ cards, marks, horizons }));
  const { kept: found } = await storage().load();
  expect(found?.cards).toHaveLength(1_000);
  expect(found?.marks.map((mark) => mark.card)).toEqual(["card-200"]);
  expect(found?.horizons).toEqual([
    ["{}", position(200)],
    ['{"unread":true}', position(900)],
  ]);
  expect(found?.beyond).toBe(200);
});

describe("several tabs", () => {
  test("only the one that leads writes", async () => {
    const follower = storage();
    await follower.write(kept({ cards: [card(1)] }));
    expect((await follower.load()).kept).toBeNull();
  });

  test("one that led, slept, and wakes up too late changes nothing", async () => {
    const robbed = leading();
    await robbed.write(kept({ cards: [card(1)], sync: "1" }));
    await leading().write(kept({ cards: [card(1), card(2)], sync: "2" }));
    await robbed.write(kept({ cards: [], sync: "1" }));
    const { kept: found } = await storage().load();
    expect([found?.cards.length, found?.sync]).toEqual([2, "2"]);
  });

  test("any may add what waits, and it comes back in the order in which it was said", async () => {
    const [one, other] = [storage(), storage()];
    await one.say(read("z"));
    await other.say(read("a"));
    await one.say(read("z"));
    expect((await storage().waiting()).map((said) => said.id)).toEqual(["z", "a"]);
    await other.unsay(["z", "unknown"]);
    expect((await storage().waiting()).map((said) => said.id)).toEqual(["a"]);
  });

  test("nothing of one person is there for another", async () => {
    await leading("ada").write(kept({ cards: [card(1)] }));
    expect(await storage("ben").load()).toEqual({ kept: null, waiting: [] });
  });

  test("to sign out deletes it though other tabs have it open, and they go on without", async () => {
    const [one, other] = [leading(), storage()];
    await one.write(kept({ cards: [card(1)] }));
    await other.load();
    await one.remove();
    expect(await indexedDB.databases()).toEqual([]);
    expect(await other.load()).toEqual({ kept: null, waiting: [] });
  });
});

test("a database that the browser has closed is opened again", async () => {
  const leader = leading();
  await leader.write(kept({ cards: [card(1)] }));
  const opened = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementationOnce(() => {
    throw new DOMException("The database connection is closing.", "InvalidStateError");
  });
  await leader.write(kept({ cards: [card(1), card(2)] }));
  expect(opened).toHaveBeenCalled();
  expect((await storage().load()).kept?.cards).toHaveLength(2);
  expect(warned).not.toHaveBeenCalled();
});

test("a database that the browser has lost is opened again", async () => {
  const leader = leading();
  await leader.write(kept({ cards: [card(1)] }));
  const get = vi.spyOn(IDBObjectStore.prototype, "get").mockImplementationOnce(() => {
    throw new DOMException("Connection to Indexed Database server lost.", "UnknownError");
  });
  await leader.write(kept({ cards: [card(1), card(2)] }));
  expect(get).toHaveBeenCalledTimes(2);
  expect((await storage().load()).kept?.cards).toHaveLength(2);
  expect(warned).not.toHaveBeenCalled();
});

describe("a tab that is frozen has the database open", () => {
  let frozen: { close(): void };

  beforeEach(async () => {
    await leading().write(kept({ cards: [card(1)] }));
    await Promise.all(open.map((storage) => storage.close()));
    // It does not hear that others want it closed.
    frozen = await openDB("ada", 1);
  });

  test("to sign out does not wait for it, nor does whoever signs in; once it wakes, all is gone", async () => {
    await storage().remove();
    const next = leading();
    expect(await next.load()).toEqual({ kept: null, waiting: [] });
    await next.write(kept({ cards: [card(2)] }));
    frozen.close();
    await vi.waitFor(async () => {
      expect((await storage().load()).kept).toBeNull();
    });
  });
});

describe("the client does without, and says so once", () => {
  async function useAll(broken: Storage): Promise<void> {
    broken.lead();
    expect(await broken.load()).toEqual({ kept: null, waiting: [] });
    await broken.write(kept({ cards: [card(1)] }));
    await broken.say(read("1"));
    await broken.unsay(["1"]);
    expect(await broken.waiting()).toEqual([]);
    await broken.remove();
    expect(warned).toHaveBeenCalledOnce();
  }

  test("where there is no IndexedDB", async () => {
    // @ts-expect-error: it is missing in old private windows
    delete globalThis.indexedDB;
    await useAll(storage());
  });

  test("where it may not be opened", async () => {
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    });
    await useAll(storage());
  });

  test("where a newer version of the client has been", async () => {
    (await openDB("ada", 99)).close();
    await useAll(storage());
  });

  test("when the device is full; and to sign out deletes what was kept before", async () => {
    const leader = leading();
    await leader.write(kept({ cards: [card(1)] }));
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("", "QuotaExceededError");
    });
    await leader.write(kept({ cards: [card(2)] }));
    await leader.write(kept({ cards: [card(3)] }));
    expect(warned).toHaveBeenCalledOnce();
    await leader.remove();
    expect(await indexedDB.databases()).toEqual([]);
  });
});
