import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isQuiet, silenceFor } from "../src/silence.ts";
import type { Card, Preferences, QuietHours } from "../src/types.ts";

const NOON = Date.UTC(2026, 10, 20, 12); // a Friday
const OPEN: Preferences = {
  mutedCategories: [],
  mutedTopics: [],
  minimumSeverity: "info",
  quietHours: null,
  criticalAlways: true,
};
const NIGHT: QuietHours = { start: "22:00", end: "07:00", timeZone: "Europe/Warsaw", days: [] };

function card(fields: Partial<Card> = {}): Card {
  const texts = { card: "a", id: "a", title: "A", body: "", position: "1", at: "2026-11-20T12:00:00.000Z" };
  return { ...texts, audience: "user:ada", read: false, archived: false, severity: "warning", ...fields };
}

describe("a card disturbs unless its person does not want it to", () => {
  test("by its topic, its category, and how much it matters", () => {
    const muted: Preferences = {
      ...OPEN,
      mutedTopics: ["offers"],
      mutedCategories: ["news"],
      minimumSeverity: "warning",
    };
    expect(silenceFor(muted, card(), NOON)).toBeNull();
    expect(silenceFor(muted, card({ audience: "topic:offers" }), NOON)).toBe("muted-topic");
    expect(silenceFor(muted, card({ audience: "role:offers" }), NOON)).toBeNull();
    expect(silenceFor(muted, card({ category: "news" }), NOON)).toBe("muted-category");
    expect(silenceFor(muted, card({ severity: "success" }), NOON)).toBe("minor");
  });

  test("what is critical goes through all of it, unless the person said otherwise", () => {
    const asleep: Preferences = {
      ...OPEN,
      quietHours: { ...NIGHT, timeZone: "UTC", start: "11:00", end: "13:00" },
    };
    const critical = card({ severity: "critical" });
    expect(silenceFor(asleep, card(), NOON)).toBe("quiet-hours");
    expect(silenceFor(asleep, critical, NOON)).toBeNull();
    expect(silenceFor({ ...asleep, criticalAlways: false }, critical, NOON)).toBe("quiet-hours");
  });
});

describe("quiet hours", () => {
  test.each([
    [NIGHT, "2026-11-20T20:59:59Z", false],
    [NIGHT, "2026-11-20T21:00:00Z", true],
    [NIGHT, "2026-11-21T05:59:59Z", true],
    [NIGHT, "2026-11-21T06:00:00Z", false],
    [NIGHT, "2026-07-20T20:00:00Z", true], // in summer
    [{ ...NIGHT, timeZone: "Asia/Kathmandu" }, "2026-11-20T16:14:00Z", false],
    [{ ...NIGHT, timeZone: "Asia/Kathmandu" }, "2026-11-20T16:15:00Z", true],
    [{ ...NIGHT, start: "00:00", end: "23:59" }, "2026-11-20T22:59:00Z", false],
    [{ ...NIGHT, days: ["friday"] as const }, "2026-11-21T05:00:00Z", true], // begun on Friday
    [{ ...NIGHT, days: ["friday"] as const }, "2026-11-20T05:00:00Z", false],
    [{ ...NIGHT, days: ["saturday"] as const }, "2026-11-22T05:00:00Z", true],
    [{ ...NIGHT, days: ["sunday"] as const }, "2026-11-23T05:00:00Z", true],
  ])("%o at %s", (hours, moment, quiet) => {
    expect(isQuiet(hours, Date.parse(moment))).toBe(quiet);
  });

  test("in a time zone that this browser does not know disturb nobody", () => {
    const hours = { start: "00:00", end: "23:59", timeZone: "Europe/Atlantis", days: [] };
    expect(isQuiet(hours, NOON)).toBe(false);
  });

  test("from one time to the other and back again is always, and never both", () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((both) => both.map((each) => String(each).padStart(2, "0")).join(":"));
    const moment = fc.integer({ min: 0, max: 525_600 }).map((minutes) => NOON + minutes * 60_000);
    const zone = fc.constantFrom("UTC", "Europe/Warsaw", "America/St_Johns", "Pacific/Apia");
    fc.assert(
      fc.property(time, time, zone, moment, (start, end, timeZone, now) => {
        fc.pre(start !== end);
        const there = isQuiet({ start, end, timeZone, days: [] }, now);
        const back = isQuiet({ start: end, end: start, timeZone, days: [] }, now);
        expect(there).toBe(!back);
      }),
    );
  });
});
