import { describe, expect, test } from "vitest";
import { de, en, Format } from "../src/texts/index.ts";
import { followable } from "../src/url.ts";

const NOW = new Date(2026, 10, 20, 15, 30);

function ago(minutes: number): Date {
  return new Date(NOW.getTime() - minutes * 60_000);
}

describe("times", () => {
  test("are told by how long ago it is, and on other days by the time of day", () => {
    const format = new Format("en-GB");
    expect([0, 0.5, 5, 59, 60, 900, 940, 5000].map((minutes) => format.when(ago(minutes), NOW))).toEqual([
      "now",
      "now",
      "5 min ago",
      "59 min ago",
      "1 hr ago",
      "15 hr ago",
      "23:50",
      "04:10",
    ]);
  });

  test("never speak of the future, whatever the clock says", () => {
    expect(new Format("en").when(ago(-5), NOW)).toBe("now");
    expect(new Format("en").day(ago(-2000), NOW)).toBe("Today");
  });

  test("days are called as people call them", () => {
    const days = [0, 1, 2, 6, 400].map((count) => new Date(2026, 10, 20 - count, 23, 59));
    expect(days.map((day) => new Format("en-GB").day(day, NOW))).toEqual([
      "Today",
      "Yesterday",
      "Wednesday",
      "Saturday",

      "16 October 2025",
    ]);
    expect(new Format("en-GB").day(new Date(2026, 10, 13), NOW)).toMatch(/^Fri,? 13 November$/u);
    expect(days.slice(0, 3).map((day) => new Format("de").day(day, NOW))).toEqual([
      "Heute",
      "Gestern",
      "Mittwoch",
    ]);
  });
});

test("every language says something for every text", () => {
  const shape = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
      : typeof value;
  expect(shape(de)).toEqual(shape(en));
});

test("numbers have the form that the language wants", () => {
  expect([1, 2, 1000].map((count) => en.queued(count))).toEqual([
    "1 change will be sent.",
    "2 changes will be sent.",
    "1,000 changes will be sent.",
  ]);
  expect(de.queued(1)).toBe("1 Änderung wird noch gesendet.");
  expect(en.category("orders.shipped_late")).toBe("Orders shipped late");
});

test("an address is followed only within the app, or by https", () => {
  expect(followable("/orders/1")).toEqual({ href: `${location.origin}/orders/1`, external: false });
  expect(followable("https://example.com/")).toEqual({ href: "https://example.com/", external: true });
  for (const url of [
    undefined,
    "javascript:alert(1)",
    "http://example.com/",
    "data:text/html,x",
    "mailto:a@b.c",
    "https://",
    "blob:x",
  ]) {
    expect(followable(url), url).toBeNull();
  }
});
