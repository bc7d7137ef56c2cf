import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Day, QuietHours } from "@belfry/client";
import type { Speech, Texts } from "./texts/index.ts";

/** As `Date.getUTCDay` counts them. */
const DAYS: readonly Day[] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** What somebody who wants quiet hours begins with. */
export function usualQuietHours(): QuietHours {
  return { start: "22:00", end: "07:00", timeZone: ownTimeZone(), days: [] };
}

/** Why they cannot be saved; null: they can. */
export function faultOf({ start, end }: QuietHours, { preferences }: Texts): string | null {
  if (start === "" || end === "") {
    return preferences.quiet.incomplete;
  }
  return start === end ? preferences.quiet.same : null;
}

/** When they are: their times, days and time zone. */
export function quietHoursFields(
  hours: QuietHours,
  { texts, locale }: Speech,
  change: (change: Partial<QuietHours>) => void,
): TemplateResult {
  const { quiet } = texts.preferences;
  const fault = faultOf(hours, texts);
  const time = (name: "start" | "end"): TemplateResult =>
    html`<label class="field"
      ><span>${quiet[name]}</span>
      <input
        type="time"
        name=${name}
        required
        .value=${live(hours[name])}
        aria-invalid=${fault === null ? "false" : "true"}
        aria-describedby=${fault === null ? nothing : "quiet-fault"}
        @change=${(event: Event) => {
          change({ [name]: (event.currentTarget as HTMLInputElement).value });
        }}
    /></label>`;
  return html`<div class="quiet" part="quiet-hours">
    <div class="times">
      ${time("start")} ${time("end")}
      ${fault === null && hours.end < hours.start ? html`<span class="hint">${quiet.nextDay}</span>` : nothing}
    </div>
    ${fault === null ? nothing : html`<p id="quiet-fault" class="fault" role="alert">${fault}</p>`}
    <fieldset class="days" aria-describedby=${hours.days.length === 0 ? "every-day" : nothing}>
      <legend>${quiet.days}</legend>
      <div class="chips">
        ${daysOf(locale).map(
          ({ day, short, long }) =>
            html`<label class="chip" title=${long}
              ><input
                type="checkbox"
                name="days"
                value=${day}
                aria-label=${long}
                .checked=${live(hours.days.includes(day))}
                @change=${(event: Event) => {
                  const { checked } = event.currentTarget as HTMLInputElement;
                  const others = hours.days.filter((other) => other !== day);
                  change({ days: checked ? [...others, day] : others });
                }}
              /><span aria-hidden="true">${short}</span></label
            >`,
        )}
      </div>
      <p id="every-day" class="hint" ?hidden=${hours.days.length > 0}>${quiet.everyDay}</p>
    </fieldset>
    <label class="field wide"
      ><span>${quiet.timeZone}</span>
      <select
        name="timeZone"
        @change=${(event: Event) => {
          change({ timeZone: (event.currentTarget as HTMLSelectElement).value });
        }}
      >
        ${timeZones(hours.timeZone).map(
          (zone) =>
            html`<option value=${zone} ?selected=${zone === hours.timeZone}>
              ${zone.replaceAll("_", " ")}
            </option>`,
        )}
      </select></label
    >
  </div>`;
}

function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

let known: readonly string[] | null = null;

/** All that the browser knows; and the one that is chosen, which may have come from another browser. */
function timeZones(chosen: string): readonly string[] {
  known ??= [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", ownTimeZone()])].sort();
  return known.includes(chosen) ? known : [chosen, ...known];
}

/** The days of the week in the order of a locale, which does not begin with Sunday everywhere. */
function daysOf(locale: string): { readonly day: Day; readonly short: string; readonly long: string }[] {
  const short = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const long = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
  const first = firstDayOf(locale);
  return DAYS.map((_, offset) => {
    const index = (first + offset) % DAYS.length;
    const date = new Date(Date.UTC(2024, 0, 7 + index)); // the 7th was a Sunday
    return { day: DAYS[index] ?? "monday", short: short.format(date), long: long.format(date) };
  });
}

interface WeekInfo {
  /** 1 is Monday, 7 Sunday. */
  readonly firstDay: number;
}

function firstDayOf(locale: string): number {
  // Not every browser has it, and some have it as a property.
  const info = new Intl.Locale(locale) as {
    readonly getWeekInfo?: () => WeekInfo;
    readonly weekInfo?: WeekInfo;
  };
  return (info.getWeekInfo?.() ?? info.weekInfo ?? { firstDay: 1 }).firstDay % DAYS.length;
}
