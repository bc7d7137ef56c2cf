/** What one tab shows: lists without holes, a count that is right, marks that are said before they are confirmed. */

import v8 from "node:v8";
import vm from "node:vm";

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { COMPLETE, keyOf, matches } from "../src/horizons.ts";
import { StoredList } from "../src/list.ts";
import { Store } from "../src/store.ts";
import type { Card, Filter, Severity, Snapshot } from "../src/types.ts";
import type { Page } from "../src/wire.ts";
import { Server, at, card, position } from "./fakes.ts";
import { stories } from "./stories.ts";

const NEVER = (): Promise<void> => Promise.reject(new Error("nothing is loaded here"));

function shown(store: Store, filter: Filter = {}): readonly Card[] {
  return new StoredList(store, filter, NEVER).cards;
}

function page(cards: readonly Card[], rest: Partial<Page> = {}): Page {
  const unread = cards.filter((card) => !card.read).length;
  return {
    alerts: cards,
    marks: [],
    readUpTo: "",
    audiences: { "user:ada": null },
    unread,
    sync: "1",
    next: null,
    ...rest,
  };
}

/** A store that has these cards, and knows that they are all. */
function storeWith(cards: readonly Card[], rest: Partial<Page> = {}, now = () => 0): Store {
  const store = new Store(now);
  store.take({ kind: "first", page: page(cards, rest), exact: true });
  return store;
}

/** Free all that nobody holds. */
function collectGarbage(): void {
  v8.setFlagsFromString("--expose-gc");
  (vm.runInNewContext("gc") as () => void)();
}

async function turn(): Promise<void> {
  await Promise.resolve();
}

test("the list of all cards, and the count, are what the server has, whatever happened", () => {
  for (const { events } of stories()) {
    let now = 0;
    let before: string | null | undefined;
    const store = new Store(() => now);
    for (const event of events) {
      ({ now } = event);
      switch (event.do) {
        case "clear":
          store.take({ kind: "renewing" });
          before = undefined;
          break;
        case "forget":
          store.take({ kind: "forget" });
          break;
        case "frame":
          store.take({ kind: "frame", frame: event.frame });
          break;
        case "answer":
          if ("more" in event.answer) {
            store.take({ kind: "changes", changes: event.answer, exact: true });
          } else if (before === undefined) {
            store.take({ kind: "first", page: event.answer, exact: true });
            before = event.answer.next;
          } else {
            store.take({ kind: "page", filter: {}, before, page: event.answer, exact: true });
            before = event.answer.next;
          }
          break;
        case "check": {
          const cards = shown(store).map((card) => [
            card.card,
            card.position,
            card.title,
            card.read,
            card.archived,
          ]);
          expect({ cards, unread: store.snapshot.unread }).toEqual({
            cards: event.cards,
            unread: event.unread,
          });
        }
      }
    }
  }
});

test("a card that was archived when the history was loaded, and comes back, is asked for", () => {
  const gone = { card: "a", position: position(1), retracted: true } as const;
  const store = storeWith([card(2)], { gone: [gone] });
  const mark = { card: "a", position: position(1), version: 2, archived: false };
  store.take({
    kind: "frame",
    frame: { type: "marks", marks: [{ ...mark, position: position(0) }], readUpTo: "" },
  });
  expect(store.missing).toBeNull();
  store.take({ kind: "frame", frame: { type: "marks", marks: [{ ...mark, version: 3 }], readUpTo: "" } });
  expect(store.missing).toBe(position(1));
});

describe("lists", () => {
  const FILTERS: readonly Filter[] = [
    {},
    { unread: true },
    { unread: false },
    { severities: ["critical"] },
    { categories: ["a"] },
    { unread: true, severities: ["critical", "warning"] },
  ];
  const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

  type Step =
    | {
        readonly do: "send";
        readonly severity: Severity;
        readonly category: string;
        readonly revise: boolean;
      }
    | { readonly do: "mark"; readonly index: number; readonly read?: boolean; readonly archived?: boolean }
    | { readonly do: "mark all"; readonly index: number }
    | { readonly do: "withdraw"; readonly index: number }
    | { readonly do: "load"; readonly filter: number; readonly limit: number }
    | { readonly do: "renew"; readonly limit: number };

  const index = fc.nat(30);
  const flag = fc.option(fc.boolean(), { nil: undefined });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      do: fc.constant("send" as const),
      severity: fc.constantFrom(...SEVERITIES),
      category: fc.constantFrom("a", "b"),
      revise: fc.boolean(),
    }),
    fc.record({ do: fc.constant("mark" as const), index, read: flag, archived: flag }) as fc.Arbitrary<Step>,
    fc.record({ do: fc.constant("mark all" as const), index }),
    fc.record({ do: fc.constant("withdraw" as const), index }),
    fc.record({
      do: fc.constant("load" as const),
      filter: fc.nat(FILTERS.length - 1),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({
      do: fc.constant("load" as const),
      filter: fc.nat(FILTERS.length - 1),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ do: fc.constant("renew" as const), limit: fc.integer({ min: 1, max: 6 }) }),
  );

  /** A server and a store that hears of everything. */
  class Scene {
    readonly server = new Server();
    readonly store = new Store(() => 0);
    #number = 0;

    constructor(stored: number) {
      void this.server.connect(
        "",
        {
          onFrame: (frame) => {
            this.store.take({ kind: "frame", frame: frame as never });
          },
          onHeard: () => undefined,
        },
        new AbortController().signal,
      );
      for (let index = 0; index < stored; index++)
        this.server.store(this.#next({ severity: SEVERITIES[index % 3] ?? "info" }));
    }

    #next(fields: Partial<Card>): Card {
      return card(++this.#number, fields);
    }

    async page(query: Record<string, string>): Promise<Page> {
      const response = await this.server.fetch(`/api/alerts?${new URLSearchParams(query)}`);
      return (await response.json()) as Page;
    }

    async play(step: Step): Promise<void> {
      const { server, store } = this;
      const known = [...server.cards.keys()];
      const key = "index" in step ? known[step.index % Math.max(known.length, 1)] : undefined;
      switch (step.do) {
        case "send": {
          const { severity, category } = step;
          const thread = step.revise ? known[this.#number % Math.max(known.length, 1)] : undefined;
          server.send(
            this.#next({ severity, category, ...(thread === undefined ? {} : { card: thread, thread }) }),
          );
          break;
        }
        case "mark": {
          const current = key === undefined ? undefined : server.cards.get(key);
          if (key !== undefined && current !== undefined && !("retracted" in current)) server.mark(key, step);
          break;
        }
        case "mark all":
          server.markAll(at(step.index));
          break;
        case "withdraw":
          if (key !== undefined)
            server.send({ card: key, position: position(++this.#number), retracted: true });
          break;
        case "load": {
          const filter = FILTERS[step.filter] ?? {};
          const before = store.horizon(filter) === "~" ? null : store.horizon(filter);
          if (before === COMPLETE) break;
          const query = new Map([["limit", String(step.limit)]]);
          if (before !== null) query.set("before", before);
          if (filter.unread !== undefined) query.set("unread", String(filter.unread));
          if (filter.severities) query.set("severity", filter.severities.join(","));
          if (filter.categories) query.set("category", filter.categories.join(","));
          store.take({
            kind: "page",
            filter,
            before,
            page: await this.page(Object.fromEntries(query)),
            exact: true,
          });
          break;
        }
        case "renew":
          store.take({ kind: "renewing" });
          store.take({ kind: "first", page: await this.page({ limit: String(step.limit) }), exact: true });
      }
    }

    /** As the leader does when it is told that something may be missing. */
    async clearUp(): Promise<void> {
      for (let { missing } = this.store; missing !== null; { missing } = this.store) {
        const before = `${missing.slice(0, -1)}~`;
        this.store.take({
          kind: "mended",
          before,
          page: await this.page({ limit: "2", before }),
          exact: true,
        });
      }
      if (this.store.countWanted) {
        this.store.take({
          kind: "page",
          filter: {},
          before: null,
          page: await this.page({ limit: "1" }),
          exact: true,
        });
      }
    }
  }

  test("a list never has a hole, nor a card that does not match; and the count is the server's", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.array(step, { maxLength: 30 }), async (stored, steps) => {
        const scene = new Scene(stored);
        await scene.play({ do: "renew", limit: 3 });
        for (const step of steps) {
          await scene.play(step);
          await scene.clearUp();
          for (const filter of FILTERS) {
            const horizon = scene.store.horizon(filter);
            const served = scene.server
              .shown()
              .filter((card) => card.position >= horizon && matches(card, filter));
            expect(shown(scene.store, filter)).toEqual(served);
          }
          expect(scene.store.snapshot.unread).toBe(scene.server.unread());
        }
      }),
      { numRuns: 400 },
    );
  });

  test("a page that was asked for before the history was loaded anew does not join on to it", () => {
    const store = storeWith([card(5)], { next: position(5) });
    store.take({ kind: "renewing" });
    store.take({ kind: "first", page: page([card(9)], { next: position(9) }), exact: true });
    const older = page([card(4)], { next: position(4) });
    store.take({ kind: "page", filter: {}, before: position(5), page: older, exact: true });
    expect(store.horizon({})).toBe(position(9));
    expect(shown(store).map((card) => card.card)).toEqual(["card-9"]);
  });

  test("filters that mean the same have one list", () => {
    expect(keyOf({ severities: ["warning", "critical"], categories: [] })).toBe(
      keyOf({ severities: ["critical", "warning", "critical"] }),
    );
    expect(keyOf({})).not.toBe(keyOf({ unread: false }));
  });

  test("a list tells of what changes in it, once in a turn, and of nothing else", async () => {
    const store = storeWith([card(1, { severity: "critical" })]);
    const list = new StoredList(store, { severities: ["critical"] }, NEVER);
    let told = 0;
    const stop = list.observe(() => told++);
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(2)] } });
    await turn();
    await turn();
    expect(told).toBe(0);
    for (const number of [3, 4]) {
      store.take({
        kind: "frame",
        frame: { type: "alerts", alerts: [card(number, { severity: "critical" })] },
      });
    }
    await turn();
    await turn();
    expect(told).toBe(1);
    stop();
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(5, { severity: "critical" })] } });
    await turn();
    await turn();
    expect(told).toBe(1);
  });
});

describe("marks", () => {
  test("confirmed in any order, or refused, they end at the server's state", async () => {
    const said = fc.record({
      card: fc.integer({ min: 1, max: 3 }),
      read: fc.option(fc.boolean(), { nil: undefined }),
      archived: fc.option(fc.boolean(), { nil: undefined }),
      all: fc.boolean(),
      refused: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (everything, order) => {
          const server = new Server();
          server.store(card(1), card(2), card(3));
          const store = storeWith([card(3), card(2), card(1)]);
          const answers = everything.map(({ card: number, read, archived, all, refused }, index) => {
            const id = String(index);
            if (all) {
              const upTo = at(number);
              store.take({ kind: "said", said: { id, upTo } });
              if (refused) return { id, answer: null };
              server.markAll(upTo);
              return { id, answer: { readUpTo: server.readUpTo } };
            }
            const key = `card-${number}`;
            const fields = {
              ...(read === undefined ? {} : { read }),
              ...(archived === undefined ? {} : { archived }),
            };
            store.take({
              kind: "said",
              said: { id, card: key, position: position(number), at: at(number), ...fields },
            });
            return { id, answer: refused ? null : server.mark(key, fields) };
          });
          while (answers.length > 0) {
            const [answer] = answers.splice(
              ((order.next().value as number | undefined) ?? 0) % answers.length,
              1,
            );
            if (answer !== undefined) store.take({ kind: "settled", ...answer });
          }
          // What else it did is told by frames, or when catching up.
          const response = await server.fetch("/api/alerts/changes?since=1");
          store.take({ kind: "changes", changes: (await response.json()) as never, exact: true });
          expect(store.snapshot.queued).toBe(0);
          expect(shown(store)).toEqual(server.shown());
        },
      ),
    );
  });

  test("what is said is shown at once, and a refusal shows the truth again", () => {
    const store = storeWith([card(2), card(1)]);
    store.take({
      kind: "said",
      said: { id: "1", card: "card-1", position: position(1), at: at(1), archived: true },
    });
    expect(shown(store).map((card) => card.card)).toEqual(["card-2"]);
    expect(store.snapshot).toMatchObject({ unread: 1, queued: 1 });
    store.take({ kind: "settled", id: "1", answer: null });
    expect(shown(store).map((card) => card.card)).toEqual(["card-2", "card-1"]);
    expect(store.snapshot).toMatchObject({ unread: 2, queued: 0 });
  });

  test("a mark that waits says nothing about a revision that came after it", () => {
    const store = storeWith([card(1, { card: "t", thread: "t" })]);
    store.take({ kind: "said", said: { id: "1", card: "t", position: position(1), at: at(1), read: true } });
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(2, { card: "t", thread: "t" })] } });
    expect(store.snapshot.unread).toBe(1);
  });

  test("what was settled does not come back when a tab that has not heard of it says it again", () => {
    const store = storeWith([card(1)]);
    const said = { id: "1", card: "card-1", position: position(1), at: at(1), read: true };
    store.take({ kind: "said", said });
    store.take({ kind: "settled", id: "1", answer: null });
    store.take({ kind: "said", said });
    expect(store.snapshot.queued).toBe(0);
  });
});

describe("the unread count", () => {
  test("counts those that are not known here", () => {
    const store = storeWith([card(9), card(8)], { unread: 40, next: position(8) });
    expect(store.snapshot.unread).toBe(40);
    store.take({
      kind: "said",
      said: { id: "1", card: "card-9", position: position(9), at: at(9), read: true },
    });
    expect(store.snapshot.unread).toBe(39);
  });

  test("stays at a hundred until the server says how many are left", () => {
    const cards = Array.from({ length: 100 }, (_, index) => card(200 - index));
    const store = storeWith(cards, { unread: 100, next: position(101) });
    expect(store.countWanted).toBe(false);
    store.take({
      kind: "settled",
      id: "1",
      answer: { card: "card-200", position: position(200), version: 1, read: true },
    });
    expect(store.countWanted).toBe(true);
  });

  test("is zero as soon as all is said to be read", () => {
    const store = storeWith([card(9)], { unread: 40, next: position(9) });
    store.take({ kind: "said", said: { id: "1", upTo: at(9) } });
    expect(store.snapshot.unread).toBe(0);
  });

  test("is not taken from an answer that may not know of what was just heard", () => {
    const store = storeWith([card(9)], { unread: 5, next: position(9) });
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(10)] } });
    store.take({
      kind: "page",
      filter: {},
      before: null,
      page: page([card(10)], { unread: 5, next: position(10) }),
      exact: false,
    });
    expect(store.snapshot.unread).toBe(6);
    expect(store.countWanted).toBe(true);
  });
});

describe("arrivals", () => {
  const NOW = Date.parse(at(100));

  function arrivals(store: Store): string[] {
    const arrived: string[] = [];
    store.onArrival((card) => arrived.push(card.card));
    return arrived;
  }

  test("each card that frames bring arrives once, and again when it is revised", () => {
    const store = storeWith([], {}, () => NOW);
    const arrived = arrivals(store);
    const frame = { type: "alerts", alerts: [card(1), card(2, { card: "t", thread: "t" })] } as const;
    store.take({ kind: "frame", frame });
    store.take({ kind: "frame", frame });
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(3, { card: "t", thread: "t" })] } });
    expect(arrived).toEqual(["card-1", "t", "t"]);
  });

  test("what was withdrawn, or read elsewhere already, or has expired, does not", () => {
    const store = storeWith([], {}, () => NOW);
    const arrived = arrivals(store);
    const mark = { card: "card-1", position: position(1), version: 1, read: true };
    store.take({ kind: "frame", frame: { type: "marks", marks: [mark], readUpTo: "" } });
    store.take({
      kind: "frame",
      frame: {
        type: "alerts",
        alerts: [
          card(1),
          { card: "card-2", position: position(2), retracted: true },
          card(3, { expiresAt: at(99) }),
        ],
      },
    });
    expect(arrived).toEqual([]);
  });

  test("a device that returns is told what is younger than half a minute, and spared the rest", () => {
    const store = storeWith([], {}, () => NOW);
    const arrived = arrivals(store);
    const changes = { ...page([card(1), card(69), card(71)]), more: false };
    store.take({ kind: "changes", changes, exact: true });
    expect(arrived).toEqual(["card-71"]);
  });

  test("the history brings no arrivals", () => {
    const store = new Store(() => NOW);
    const arrived = arrivals(store);
    store.take({ kind: "first", page: page([card(99)]), exact: true });
    store.take({ kind: "page", filter: {}, before: null, page: page([card(100)]), exact: true });
    expect(arrived).toEqual([]);
  });
});

test("while the history is loaded anew what was there stays, and what comes meanwhile is not lost", () => {
  const store = storeWith([card(1), card(2)]);
  store.take({ kind: "renewing" });
  store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(3)] } });
  expect(shown(store).map((card) => card.card)).toEqual(["card-3", "card-2", "card-1"]);
  store.take({ kind: "first", page: page([card(2)]), exact: true });
  expect(shown(store).map((card) => card.card)).toEqual(["card-3", "card-2"]);
});

test("an alert of a topic that was just subscribed to is not lost while the history is on its way", () => {
  const store = storeWith([card(1)]);
  const offer = { ...card(3), audience: "topic:offers" };
  const foreign = { ...card(4), audience: "topic:stock" };
  store.take({ kind: "frame", frame: { type: "audiences" } });
  store.take({ kind: "renewing" });
  store.take({ kind: "frame", frame: { type: "alerts", alerts: [offer, foreign] } });
  const audiences = { "user:ada": null, "topic:offers": at(2) };
  store.take({ kind: "first", page: page([card(1)], { audiences }), exact: true });
  expect(shown(store).map((each) => each.card)).toEqual([offer.card, card(1).card]);
});

test("observers are told once in a turn, and a listener that fails keeps nobody else from it", async () => {
  const store = storeWith([]);
  await turn();
  const told: Snapshot[] = [];
  const reported = vi.spyOn(console, "error").mockReturnValue();
  store.observe(() => {
    throw new Error("a mistake");
  });
  store.observe((snapshot) => told.push(snapshot));
  store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(1)] } });
  store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(2)] } });
  store.connection = "live";
  await turn();
  expect(told).toEqual([{ connection: "live", unread: 2, loaded: true, queued: 0, user: null }]);
  expect(store.snapshot).toBe(told[0]);
  expect(reported).toHaveBeenCalledOnce();
});

test("a page that is left open does not hold all that ever came, and gets it back when somebody looks", () => {
  const store = storeWith([]);
  for (let number = 1; number <= 10_001; number++) {
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(number)] } });
  }
  const list = new StoredList(store, {}, NEVER);
  expect([list.cards.length, list.more, list.cards.at(-1)?.card]).toEqual([5_000, true, "card-5002"]);
  expect(store.snapshot.unread).toBe(100);
  const older = page([card(5_001), card(5_000)], { unread: 100, next: position(5_000) });
  store.take({ kind: "page", filter: {}, before: position(5_002), page: older, exact: true });
  expect(list.cards).toHaveLength(5_002);
});

test("what it lets go of is really gone", async () => {
  const store = storeWith([]);
  const list = new StoredList(store, {}, NEVER);
  list.observe(() => undefined);
  const held: WeakRef<Card>[] = [];
  for (let number = 1; number <= 10_001; number++) {
    store.take({ kind: "frame", frame: { type: "alerts", alerts: [card(number)] } });
    if (number % 100 === 0) held.push(...list.cards.slice(0, 1).map((each) => new WeakRef(each)));
  }
  // Weak references hold on until the turn of the event loop is over.
  await new Promise(setImmediate);
  collectGarbage();
  const kept = new Set(list.cards);
  const gone = held.map((each) => each.deref()).filter((each) => each === undefined || !kept.has(each));
  expect(gone).toEqual(Array.from({ length: 50 }, () => undefined));
});

test("what was kept shows the same when it is restored", () => {
  const store = storeWith([card(9), card(8)], { unread: 40, next: position(8) });
  const mark = { card: "card-9", position: position(9), version: 1, read: true };
  store.take({ kind: "frame", frame: { type: "marks", marks: [mark], readUpTo: "" } });
  const other = new Store(() => 0);
  other.restore(structuredClone(store.keep()), []);
  expect(shown(other)).toEqual(shown(store));
  expect(other.snapshot).toEqual(store.snapshot);
  expect(other.sync).toBe(store.sync);
  expect(other.horizon({})).toBe(position(8));
});
