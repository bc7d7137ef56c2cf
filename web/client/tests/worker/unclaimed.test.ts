import { expect, test } from "vitest";

import { PATIENCE_MILLISECONDS, Unclaimed } from "../../src/worker/unclaimed.ts";

const FIRE = {
  belfry: "open",
  card: "fire",
  url: "https://shop.example/",
  action: null,
  there: false,
} as const;
const FLOOD = { ...FIRE, card: "flood" };

function opened(unclaimed: Unclaimed, account: string | null): string[] {
  return unclaimed.take(account).map(({ card }) => card);
}

test("the page of the person whose notifications they were takes the clicks, once", () => {
  const unclaimed = new Unclaimed();
  expect(opened(unclaimed, "ada")).toEqual([]);
  unclaimed.add(FIRE, "ada");
  unclaimed.add(FLOOD, "ada");
  expect(opened(unclaimed, "ben")).toEqual([]);
  expect(unclaimed.take("ada")).toEqual([FIRE, FLOOD]);
  expect(opened(unclaimed, "ada")).toEqual([]);
});

test("a page takes them whose person is not known, and those of which nobody said whose they were", () => {
  const unclaimed = new Unclaimed();
  unclaimed.add(FIRE, "ada");
  expect(opened(unclaimed, null)).toEqual(["fire"]);
  unclaimed.add(FIRE, "ada");
  unclaimed.add(FLOOD, null);
  expect(opened(unclaimed, "ben")).toEqual(["flood"]);
  expect(opened(unclaimed, "ada")).toEqual(["fire"]);
});

test("who takes minutes to sign in has gone another way", () => {
  let now = 0;
  const unclaimed = new Unclaimed(() => now);
  unclaimed.add(FIRE, "ada");
  now = PATIENCE_MILLISECONDS + 1;
  unclaimed.add(FLOOD, "ada");
  expect(opened(unclaimed, "ada")).toEqual(["flood"]);
});
