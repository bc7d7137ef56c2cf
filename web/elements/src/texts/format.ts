/** Dates and numbers as people of one locale write them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export class Format {
  readonly #ago: Intl.RelativeTimeFormat;
  readonly #days: Intl.RelativeTimeFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #dateOfYear: Intl.DateTimeFormat;
  readonly #exact: Intl.DateTimeFormat;

  constructor(locale: string) {
    this.#ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
    this.#days = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    this.#time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
    this.#weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
    this.#date = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long" });
    this.#dateOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
    this.#exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
  }

  /** How long ago, while that says more than the time of day: `5 min. ago`, `14:02`. */
  when(at: Date, now: Date): string {
    // A clock that goes after the server's must not speak of the future.
    const seconds = Math.max(0, (now.getTime() - at.getTime()) / 1000);
    if (seconds < MINUTE) {
      return this.#ago.format(0, "second");
    }
    if (seconds < HOUR) {
      return this.#ago.format(-Math.floor(seconds / MINUTE), "minute");
    }
    if (seconds < DAY && daysBetween(at, now) === 0) {
      return this.#ago.format(-Math.floor(seconds / HOUR), "hour");
    }
    return this.#time.format(at);
  }

  exact(at: Date): string {
    return this.#exact.format(at);
  }

  /** `Today`, `Yesterday`, the weekday within a week, else the date. */
  day(at: Date, now: Date): string {
    const days = Math.max(0, daysBetween(at, now));
    if (days < 2) {
      const text = this.#days.format(-days, "day");
      return text.charAt(0).toLocaleUpperCase() + text.slice(1);
    }
    if (days < 7) {
      return this.#weekday.format(at);
    }
    return at.getFullYear() === now.getFullYear() ? this.#date.format(at) : this.#dateOfYear.format(at);
  }
}

/** Midnights between two moments, in local time. */
function daysBetween(earlier: Date, later: Date): number {
  const from = Date.UTC(earlier.getFullYear(), earlier.getMonth(), earlier.getDate());
  const to = Date.UTC(later.getFullYear(), later.getMonth(), later.getDate());
  return Math.round((to - from) / (DAY * 1000));
}
