import { expect, test } from "vitest";
import { forgetGone } from "../src/gone.ts";
import { card } from "./fake.ts";

const CARDS = Array.from({ length: 10 }, (_, index) => card({ card: `here ${index}` }));

function known(gone: number): Map<string, number> {
  const keys = [
    ...CARDS.map((each) => each.card),
    ...Array.from({ length: gone }, (_, index) => `gone ${index}`),
  ];
  return new Map(keys.map((key, index) => [key, index]));
}

test("a card that is gone is remembered for a while, for it may come back", () => {
  const heights = known(1000);
  forgetGone(heights, CARDS);
  expect(heights.size).toBe(1010);
});

test("when many are gone, what is known about them is forgotten, and the rest is not", () => {
  const heights = known(1001);
  forgetGone(heights, CARDS);
  expect([...heights.keys()]).toEqual(CARDS.map((each) => each.card));
});
