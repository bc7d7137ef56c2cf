import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Counter } from "../src/counter.ts";
import type { Order } from "../src/orders.ts";

const ORDER: Order = { id: "1", number: 10_001, customer: "ada", name: "Ada Lindqvist", product: "Wool rug" };

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
  vi.stubGlobal("navigator", {
    locks: { request: (_name: string, work: () => unknown) => Promise.resolve(work()) },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("an order goes on, and never back: a page that is late undoes nothing", async () => {
  const counter = new Counter();
  await counter.place(ORDER);
  for (const progress of ["placed", "packed", "placed"] as const) await counter.advance(ORDER.id, progress);
  expect(counter.orders).toEqual([{ order: ORDER, progress: "packed" }]);
});
