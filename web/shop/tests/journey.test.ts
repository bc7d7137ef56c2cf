import { expect, test } from "vitest";
import { readJourney } from "../src/journey.ts";

const SHOP = "https://shop.example";

test("who has signed in goes on where they were", () => {
  const journey = readJourney({ returnTo: "/orders/42?from=mail", next: ["office"] }, SHOP);
  expect(journey).toEqual({ returnTo: `${SHOP}/orders/42?from=mail`, next: ["office"] });
  expect(readJourney(journey, SHOP)).toEqual(journey);
});

test("nobody is led away from the site, however it is written", () => {
  const addresses = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "javascript:1",
  ];
  for (const returnTo of [...addresses, undefined]) {
    expect(new URL(readJourney({ returnTo }, SHOP).returnTo).origin).toBe(SHOP);
  }
});
