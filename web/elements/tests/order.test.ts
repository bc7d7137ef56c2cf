import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Card } from "@belfry/client";
import { beginsDay } from "../src/days.ts";
import { Order } from "../src/order.ts";
import { between, layOut, pieces, rowAt } from "../src/window.ts";
import { card } from "./fake.ts";

const NONE: ReadonlySet<string> = new Set();

function at(key: string, position: number, given: Partial<Card> = {}): Card {
  return card({ card: key, position: position.toString().padStart(9, "0"), ...given });
}

function keys(cards: readonly Card[]): string {
  return cards.map((each) => each.card).join("");
}

describe("the order of cards", () => {
  test("nobody holds it: it is newest first, whatever came before", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.nat(1000)), { maxLength: 12 }),
        ),
        (steps) => {
          const order = new Order();
          const known = new Map<string, Card>();
          for (const step of steps) {
            for (const [key, position] of step) {
              if ((known.get(key)?.position ?? "") < at(key, position).position) {
                known.set(key, at(key, position));
              }
            }
            const newest = [...known.values()].sort((one, other) => (one.position < other.position ? 1 : -1));
            const { cards, held } = order.arrange(newest, false, NONE);
            expect(cards.map((each) => each.position)).toEqual(newest.map((each) => each.position));
            expect(held).toBe(0);
          }
        },
      ),
    );
  });

  test("somebody holds it: what was shown keeps its order, nothing comes above it, and what waits is counted", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(100), { minLength: 1 }),
        fc.uniqueArray(fc.integer({ min: 101, max: 200 })),
        (old, fresh) => {
          const order = new Order();
          const newest = (positions: readonly number[]): Card[] =>
            [...positions].sort((one, other) => other - one).map((position) => at(`${position} `, position));
          const before = order.arrange(newest(old), false, NONE).cards;
          const { cards, held } = order.arrange(newest([...old, ...fresh]), true, NONE);
          expect(keys(cards)).toBe(keys(before));
          expect(held).toBe(fresh.length);
          order.settle();
          expect(order.arrange(newest([...old, ...fresh]), true, NONE).cards).toHaveLength(
            old.length + fresh.length,
          );
        },
      ),
    );
  });

  test("a revision in sight stays where it is; out of sight it comes to the top, or waits", () => {
    const order = new Order();
    order.arrange([at("c", 3), at("b", 2), at("a", 1)], false, NONE);
    const revised = [at("a", 4), at("c", 3), at("b", 2)];
    expect(keys(order.arrange(revised, false, new Set(["a"])).cards)).toBe("cba");
    expect(order.arrange(revised, true, NONE)).toMatchObject({ held: 1 });
    expect(keys(order.arrange(revised, false, NONE).cards)).toBe("acb");
  });

  test("a card that was put away comes back to its place, even while the list is held", () => {
    const order = new Order();
    order.arrange([at("c", 3), at("b", 2), at("a", 1)], false, NONE);
    order.arrange([at("b", 2), at("a", 1)], true, NONE);
    expect(keys(order.arrange([at("c", 3), at("b", 2), at("a", 1)], true, NONE).cards)).toBe("cba");
  });
});

test("days only go back, whatever stands among them", () => {
  const day = (date: number): string => new Date(2026, 10, date, 12).toISOString();
  const cards = [20, 20, 19, 20, 19, 12].map((date, index) =>
    at(index.toString(), 100 - index, { at: day(date) }),
  );
  expect(beginsDay(cards)).toEqual([true, false, true, false, false, true]);
});

describe("the rows that are rendered", () => {
  const heights = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });

  test("with their gaps they are as high as all rows, and each stands where it would", () => {
    fc.assert(
      fc.property(heights, fc.nat(20_000), fc.nat(2000), fc.option(fc.nat(80)), (all, top, sight, extra) => {
        const rows = layOut(all.length, (index) => all[index] ?? 0);
        const rendered = pieces(rows, between(rows, top, top + sight), extra);
        let edge = 0;
        for (const piece of rendered) {
          if ("index" in piece) {
            expect(edge).toBe(rows.edges[piece.index]);
          }
          edge += "gap" in piece ? piece.gap : (all[piece.index] ?? 0);
        }
        expect(edge).toBe(all.reduce((sum, height) => sum + height, 0));
      }),
    );
  });

  test("every row that touches what is in sight is among them", () => {
    fc.assert(
      fc.property(heights, fc.nat(5000), fc.integer({ min: 1, max: 2000 }), (all, top, sight) => {
        const rows = layOut(all.length, (index) => all[index] ?? 0);
        const { from, to } = between(rows, top, top + sight);
        all.forEach((height, index) => {
          const edge = rows.edges[index] ?? 0;
          if (edge < top + sight && edge + height > top) {
            expect(index >= from && index < to, `${index} in ${from} to ${to}`).toBe(true);
          }
        });
        const total = rows.edges.at(-1) ?? 0;
        if (top < total) {
          const row = rowAt(rows, top);
          expect((rows.edges[row] ?? 0) <= top && top < (rows.edges[row + 1] ?? 0)).toBe(true);
        }
      }),
    );
  });
});
