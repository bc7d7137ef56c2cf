/**
 * Whether a person lets a card disturb them, by their preferences: as `shared/push/deciding.py` decides about pushes, so
 * that an app in the background is no louder than one that is closed.
 */

import type { Card, Day, Preferences, QuietHours, Severity } from "./types.ts";

/** Why a person is not disturbed. */
export type Silence = "muted-topic" | "muted-category" | "minor" | "quiet-hours";

const RANK: Readonly<Record<Severity, number>> = { info: 0, success: 1, warning: 2, critical: 3 };
const DAYS: readonly Day[] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/**
 * Why a card is not to disturb; null: it may.
 *
 * @param moment - milliseconds since 1970.
 */
export function silenceFor(preferences: Preferences, card: Card, moment: number): Silence | null {
  if (card.severity === "critical" && preferences.criticalAlways) {
    return null;
  }
  if (preferences.mutedTopics.some((topic) => card.audience === `topic:${topic}`)) {
    return "muted-topic";
  }
  if (card.category !== undefined && preferences.mutedCategories.includes(card.category)) {
    return "muted-category";
  }
  if (RANK[card.severity] < RANK[preferences.minimumSeverity]) {
    return "minor";
  }
  return preferences.quietHours && isQuiet(preferences.quietHours, moment) ? "quiet-hours" : null;
}

/**
 * Whether a moment is within the quiet hours, by the clock on the wall: from their start on, and not any more at their end.
 * In the night in which clocks are put back, an hour that comes twice is taken for the same, which the server does not.
 */
export function isQuiet({ start, end, timeZone, days }: QuietHours, moment: number): boolean {
  const wall = onTheWall(timeZone, moment);
  if (wall === null) {
    return false; // too much does less harm than too little
  }
  const { day, time } = wall;
  const startsOn = (each: number): boolean => days.length === 0 || days.some((name) => name === DAYS[each]);
  return start < end
    ? startsOn(day) && start <= time && time < end
    : (startsOn(day) && start <= time) || (startsOn((day + 6) % 7) && time < end);
}

interface Wall {
  /** 0 for Sunday. */
  readonly day: number;
  /** `HH:MM`. */
  readonly time: string;
}

/** What clocks on the wall say; null: the browser, or its system, is older than the time zone's name. */
function onTheWall(timeZone: string, moment: number): Wall | null {
  const format = formatIn(timeZone);
  if (format === null) {
    return null;
  }
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const day = DAYS.findIndex((name) => name === parts.weekday?.toLowerCase());
  return { day, time: `${parts.hour ?? ""}:${parts.minute ?? ""}` };
}

function formatIn(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "long",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  } catch {
    return null;
  }
}
