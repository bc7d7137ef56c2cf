/** What waits to be sent: as little as says the same, in order, until the server has it. */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { enqueue, Expectation, Outbox, type Outcome, type Said } from "../src/outbox.ts";
import type { Card } from "../src/types.ts";
import { at, card, position } from "./fakes.ts";

function mark(id: string, number: number, said: { read?: boolean; archived?: boolean }): Said {
  return { id, card: `card-${number}`, position: position(number), at: at(number), ...said };
}

function queued(...all: readonly Said[]): readonly Said[] {
  return all.reduce<readonly Said[]>((queue, said) => enqueue(queue, said), []);
}

describe("the queue", () => {
  test("a later mark of the same card and field replaces the earlier one", () => {
    const queue = queued(mark("1", 1, { read: true, archived: true }), mark("2", 1, { read: false }));
    expect(queue).toEqual([mark("1", 1, { archived: true }), mark("2", 1, { read: false })]);
    expect(enqueue(queue, mark("3", 1, { archived: false }))).toEqual([
      mark("2", 1, { read: false }),
      mark("3", 1, { archived: false }),
    ]);
  });

  test("all read replaces the earlier marks as read that it covers, and no others", () => {
    const archived = mark("2", 2, { archived: true });
    const later = mark("3", 3, { read: true });
    const queue = queued(mark("1", 1, { read: true }), archived, later, { id: "4", upTo: at(2) });
    expect(queue).toEqual([archived, later, { id: "4", upTo: at(2) }]);
  });

  test("a mark about a revision that has been replaced is not sent any more", () => {
    const old = { ...mark("1", 1, { read: true }), card: "t" } as Said;
    const current = { ...mark("2", 2, { archived: true }), card: "t" } as Said;
    expect(queued(old, current)).toEqual([current]);
  });

  test("what is on its way stays, whatever is said after it", () => {
    const first = mark("1", 1, { read: true });
    expect(enqueue([first], mark("2", 1, { read: false }), "1")).toHaveLength(2);
  });

  test("what is left out makes no difference", () => {
    const said = fc.record({
      number: fc.integer({ min: 1, max: 3 }),
      read: fc.option(fc.boolean(), { nil: undefined }),
      archived: fc.option(fc.boolean(), { nil: undefined }),
      all: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(said, { maxLength: 10 }), (everything) => {
        const all = everything.map(({ number, read, archived, all }, index): Said => {
          if (all) return { id: String(index), upTo: at(number) };
          return mark(String(index), number, {
            ...(read === undefined ? {} : { read }),
            ...(archived === undefined ? {} : { archived }),
          });
        });
        const everyCard = [card(1), card(2, { read: true }), card(3)];
        const seen = (queue: readonly Said[]): Card[] => {
          const expectation = new Expectation(queue);
          return everyCard.map((card) => expectation.of(card));
        };
        const queue = queued(...all);
        expect(seen(queue)).toEqual(seen(all));
        expect(queue.length).toBeLessThanOrEqual(3 * 2 + 3);
      }),
    );
  });
});

describe("sending", () => {
  let queue: readonly Said[] = [];
  let sent: string[] = [];
  let outcomes: Outcome[] = [];
  let wake: () => void = () => undefined;
  let outbox: Outbox;

  beforeEach(() => {
    vi.useFakeTimers();
    queue = queued(mark("1", 1, { read: true }), mark("2", 2, { read: true }));
    sent = [];
    outcomes = [];
    outbox = new Outbox({
      queue: () => queue,
      send: async (said) => {
        await Promise.resolve();
        sent.push(said.id);
        const outcome = outcomes.shift() ?? "settled";
        if (outcome === "settled") queue = queue.filter((other) => other.id !== said.id);
        return outcome;
      },
      onWake: (listener) => {
        wake = listener;
        return () => undefined;
      },
    });
  });

  afterEach(() => {
    outbox.stop();
    vi.useRealTimers();
  });

  test("what waits is sent in order, one at a time", async () => {
    outbox.start();
    expect(outbox.sending).toBe("1");
    await vi.runAllTimersAsync();
    expect(sent).toEqual(["1", "2"]);
    expect(outbox.sending).toBeNull();
  });

  test("what the server had no time for is sent again after a while, and nothing overtakes it", async () => {
    outcomes = [{ again: 0 }, { again: 60_000 }];
    outbox.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toEqual(["1", "1"]);
    await vi.advanceTimersByTimeAsync(58_000);
    expect(sent).toEqual(["1", "1"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent).toEqual(["1", "1", "1", "2"]);
  });

  test("when the network is back it does not wait any longer", async () => {
    outcomes = [{ again: 60_000 }];
    outbox.start();
    await vi.advanceTimersByTimeAsync(100);
    wake();
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toEqual(["1", "1", "2"]);
  });

  test("what is said while nothing waits is sent at once; after a stop nothing is", async () => {
    outbox.start();
    await vi.runAllTimersAsync();
    queue = queued(mark("3", 3, { read: true }));
    outbox.wake();
    await vi.runAllTimersAsync();
    expect(sent).toEqual(["1", "2", "3"]);
    outbox.stop();
    queue = queued(mark("4", 4, { read: true }));
    outbox.wake();
    await vi.runAllTimersAsync();
    expect(sent).toEqual(["1", "2", "3"]);
  });
});
