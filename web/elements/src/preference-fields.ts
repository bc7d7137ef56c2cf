import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Preferences, Severity } from "@belfry/client";
import type { Following } from "./following.ts";
import { severityIcon } from "./icons.ts";
import { readable, type Texts } from "./texts/text.ts";

/** A topic that an app offers. */
export interface Topic {
  readonly topic: string;
  readonly title: string;
  readonly description?: string;
}

/** The person wants something else: said of how it is when it is applied, for fingers are quick. */
export type Change = (change: (now: Preferences) => Partial<Preferences>) => void;

const SEVERITIES: readonly Severity[] = ["info", "success", "warning", "critical"];

/** What is followed, and of that what is pushed: what the app offers, and others. */
export function topicFields(
  given: readonly Topic[],
  others: Iterable<string>,
  following: Following | null,
  draft: Preferences,
  texts: Texts,
  change: Change,
): TemplateResult | typeof nothing {
  const { topics } = texts.preferences;
  const offered = new Set(given.map(({ topic }) => topic));
  const besides = [...others]
    .filter((topic) => !offered.has(topic))
    .map((topic): Topic => ({ topic, title: readable(topic) }));
  const all = [...given, ...besides];
  return all.length === 0
    ? nothing
    : html`<fieldset class="group" part="group topics">
        <legend>${topics.title}</legend>
        <p class="hint">${topics.hint}</p>
        <div class="rows" part="rows">
          ${all.map((topic, index) => topicField(topic, index, following, draft, texts, change))}
        </div>
      </fieldset>`;
}

function topicField(
  { topic, title, description }: Topic,
  index: number,
  following: Following | null,
  { mutedTopics: muted }: Preferences,
  texts: Texts,
  change: Change,
): TemplateResult {
  const { topics, notSaved } = texts.preferences;
  const followed = following?.has(topic) ?? false;
  const problem = following?.problem(topic);
  return html`<div class="row" part="row">
    <label class="name" for="topic-${index}">${title}</label>
    ${description === undefined ? nothing : html`<span class="hint" id="topic-${index}-hint">${description}</span>`}
    <input
      type="checkbox"
      class="switch"
      name="topic"
      id="topic-${index}"
      aria-describedby="topic-${index}-hint topic-${index}-fault"
      .checked=${live(followed)}
      @change=${(event: Event) => {
        following?.set(topic, isChecked(event));
      }}
    />
    ${
      problem
        ? html`<span class="fault" id="topic-${index}-fault" role="alert"
            >${notSaved} <span lang="en">${problem.detail}</span></span
          >`
        : nothing
    }
    ${
      followed || muted.includes(topic)
        ? html`<label class="sub"
            ><input
              type="checkbox"
              name="pushed-topic"
              aria-label=${topics.pushOf(title)}
              .checked=${live(!muted.includes(topic))}
              @change=${(event: Event) => {
                const on = isChecked(event);
                change((now) => ({ mutedTopics: muting(now.mutedTopics, topic, !on) }));
              }}
            />${topics.push}</label
          >`
        : nothing
    }
  </div>`;
}

/** How urgent it must be to be pushed. */
export function severityFields(draft: Preferences, texts: Texts, change: Change): TemplateResult {
  const { severity: own } = texts.preferences;
  return html`<fieldset class="group" part="group severity">
    <legend>${own.title}</legend>
    <p class="hint">${own.hint}</p>
    <div class="rows" part="rows">
      ${SEVERITIES.map(
        (severity) =>
          html`<label class="row choice ${severity}" part="row">
            <input
              type="radio"
              name="minimum-severity"
              value=${severity}
              .checked=${live(draft.minimumSeverity === severity)}
              @change=${() => {
                change(() => ({ minimumSeverity: severity }));
              }}
            /><span class="name">${own.from[severity]}</span>${severityIcon(severity)}
          </label>`,
      )}
      ${toggle("critical-always", own.critical, own.criticalHint, draft.criticalAlways, (on) => {
        change(() => ({ criticalAlways: on }));
      })}
    </div>
  </fieldset>`;
}

/** Which categories are pushed. */
export function categoryFields(
  all: readonly string[],
  draft: Preferences,
  texts: Texts,
  change: Change,
): TemplateResult | typeof nothing {
  return all.length === 0
    ? nothing
    : html`<fieldset class="group" part="group categories">
        <legend>${texts.preferences.categories.title}</legend>
        <p class="hint">${texts.preferences.categories.hint}</p>
        <div class="rows" part="rows">
          ${all.map((category) =>
            toggle(
              `category-${category}`,
              texts.category(category),
              null,
              !draft.mutedCategories.includes(category),
              (on) => {
                change((now) => ({ mutedCategories: muting(now.mutedCategories, category, !on) }));
              },
            ),
          )}
        </div>
      </fieldset>`;
}

/** One thing that is on or off. */
export function toggle(
  name: string,
  title: string,
  hint: string | null,
  on: boolean,
  turn: (on: boolean) => void,
): TemplateResult {
  return html`<label class="row" part="row">
    <span class="name" id="${name}-name">${title}</span>
    ${hint === null ? nothing : html`<span class="hint" id="${name}-hint">${hint}</span>`}
    <input
      type="checkbox"
      class="switch"
      name=${name}
      aria-labelledby="${name}-name"
      aria-describedby=${hint === null ? nothing : `${name}-hint`}
      .checked=${live(on)}
      @change=${(event: Event) => {
        turn(isChecked(event));
      }}
    />
  </label>`;
}

function isChecked(event: Event): boolean {
  return (event.currentTarget as HTMLInputElement).checked;
}

function muting(muted: readonly string[], name: string, mute: boolean): readonly string[] {
  const others = muted.filter((other) => other !== name);
  return mute ? [...others, name] : others;
}
