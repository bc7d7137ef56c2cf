import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Card, Filter, Severity } from "@belfry/client";
import { severityIcon } from "./icons.ts";
import type { Texts } from "./texts/index.ts";

/** The most important first. */
const SEVERITIES: readonly Severity[] = ["critical", "warning", "success", "info"];

/** How many things a filter asks for, besides being unread. */
export function narrowings({ severities = [], categories = [] }: Filter): number {
  return severities.length + categories.length;
}

/** The categories there are to choose from: those of the cards, and those that are chosen already. */
export function categoriesOf(cards: readonly Card[], { categories = [] }: Filter): string[] {
  const found = new Set(categories);
  for (const { category } of cards) {
    if (category !== undefined) {
      found.add(category);
    }
  }
  return [...found].sort();
}

/** What can be chosen, as buttons that stay down. */
export function filterChoices(
  texts: Texts,
  filter: Filter,
  categories: readonly string[],
  choose: (change: (filter: Filter) => Filter) => void,
): TemplateResult {
  const { severities: chosen = [], categories: chosenCategories = [] } = filter;
  return html`<div id="filters" class="filters" part="filters">
    <fieldset>
      <legend>${texts.inbox.severity}</legend>
      ${SEVERITIES.map(
        (severity) =>
          html`<button
            class="button chip ${severity}"
            type="button"
            aria-pressed=${chosen.includes(severity) ? "true" : "false"}
            @click=${() => {
              choose((now) => ({ ...now, severities: turned(now.severities, severity) }));
            }}
          >
            ${severityIcon(severity)} ${texts.severity[severity]}
          </button>`,
      )}
    </fieldset>
    ${
      categories.length === 0
        ? nothing
        : html`<fieldset>
            <legend>${texts.inbox.category}</legend>
            ${repeat(
              categories,
              // Others come in between, with the cards of theirs: who is on a button stays on that one.
              (category) => category,
              (category) =>
                html`<button
                  class="button chip"
                  type="button"
                  aria-pressed=${chosenCategories.includes(category) ? "true" : "false"}
                  @click=${() => {
                    choose((now) => ({ ...now, categories: turned(now.categories, category) }));
                  }}
                >
                  ${texts.category(category)}
                </button>`,
            )}
          </fieldset>`
    }
  </div>`;
}

/** Only what is asked for, so that the same choice is the same filter. */
export function plain({ unread, severities = [], categories = [] }: Filter): Filter {
  return {
    ...(unread ? { unread } : {}),
    ...(severities.length > 0 ? { severities } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
}

function turned<T>(chosen: readonly T[] = [], value: T): readonly T[] {
  return chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
}
