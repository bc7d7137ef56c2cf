import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { BelfryClient, Connection, Preferences, Problem, QuietHours, Unsubscribe } from "@belfry/client";
import "./devices.ts";
import { knowsDevices, type DevicesElement } from "./devices.ts";
import { broken, closed, states } from "./drawings.ts";
import { BelfryElement, define } from "./element.ts";
import { categoriesOf } from "./filters.ts";
import { FocusKeeper } from "./focus-keeper.ts";
import { Following } from "./following.ts";
import { checkIcon, offlineIcon, retryIcon, severityIcon } from "./icons.ts";
import {
  categoryFields,
  severityFields,
  toggle,
  topicFields,
  type Change,
  type Topic,
} from "./preference-fields.ts";
import { preferencesStyles, settings } from "./preferences.styles.ts";
import "./push-switch.ts";
import { faultOf, quietHoursFields, usualQuietHours } from "./quiet-hours.ts";
import { attempt, Saver } from "./saver.ts";
import { buttons, theme } from "./theme.ts";

/** For how long it says that something was saved, in milliseconds. */
const SAID = 3000;

/**
 * What a person follows, and what they are pushed: each change is saved at once.
 *
 * @slot signed-out - A way to sign in, shown to who is signed out.
 */
export class PreferencesElement extends BelfryElement {
  static override styles = [theme, buttons, states, settings, preferencesStyles];
  static override properties: PropertyDeclarations = {
    topics: { type: Array },
    categories: { type: Array },
    draft: { state: true },
    problem: { state: true },
    said: { state: true },
  };

  /** What there is to follow; as an attribute, JSON. What is followed already is shown in any case. */
  declare topics: readonly Topic[];
  /** What there is to mute; as an attribute, JSON. Those of cards that have come are shown in any case. */
  declare categories: readonly string[];
  /** As the person wants it; null: not loaded yet. */
  declare protected draft: Preferences | null;
  /** Why it could not be loaded. */
  declare protected problem: Problem | null;
  /** Whether it was said for long enough that all is saved. */
  declare protected said: boolean;

  #following: Following | null = null;
  /** Topics and categories that have been shown: they keep their rows, with the focus and a way back. */
  readonly #topics = new Set<string>();
  readonly #categories = new Set<string>();
  #saver: Saver<Preferences> | null = null;
  /** Quiet hours as they are saved: those in the draft may be such as cannot be. */
  #quietHours: QuietHours | null = null;
  /** Quiet hours as they were before they were turned off. */
  #usual: QuietHours = usualQuietHours();
  #saying: ReturnType<typeof setTimeout> | undefined;
  /** How often it was loaded: of several answers the one to the last request counts. */
  #loads = 0;
  #connection: Connection = "closed";
  #user: string | null = null;

  constructor() {
    super();
    this.topics = [];
    this.categories = [];
    this.draft = null;
    this.problem = null;
    this.said = false;
    new FocusKeeper(this);
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector("section")?.focus(options);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#network);
    addEventListener("offline", this.#network);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#network);
    removeEventListener("offline", this.#network);
    clearTimeout(this.#saying);
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    this.#connection = client.snapshot.connection;
    this.#user = client.snapshot.user;
    this.draft = null;
    void this.#load(client);
    return [
      ...super.watch(client),
      client.observe(({ connection, user }) => {
        const other = this.#user !== null && this.#user !== user;
        const again = connection === "live" && this.#connection !== "live" && this.problem !== null;
        this.#connection = connection;
        this.#user = user;
        // Nothing of one person is shown to the next.
        this.draft = other ? null : this.draft;
        if (other || again) {
          void this.#load(client);
        }
      }),
    ];
  }

  protected override willUpdate(): void {
    const { mutedTopics = [], mutedCategories = [] } = this.draft ?? {};
    for (const topic of [...(this.#following?.topics ?? []), ...mutedTopics]) {
      this.#topics.add(topic);
    }
    for (const category of categoriesOf(this.belfry?.list().cards ?? [], { categories: mutedCategories })) {
      this.#categories.add(category);
    }
  }

  protected override render(): TemplateResult {
    const { preferences } = this.texts;
    return html`<section
      part="preferences"
      tabindex="-1"
      lang=${this.speech.locale}
      aria-label=${preferences.label}
    >
      ${
        this.snapshot.connection === "signed-out"
          ? html`<div class="state" part="state">
              ${closed()}
              <p class="headline">${preferences.signedOut}</p>
              <slot name="signed-out"></slot>
            </div>`
          : this.draft
            ? this.#form(this.draft)
            : this.problem
              ? this.#failed(this.problem)
              : this.#skeleton()
      }
    </section>`;
  }

  #form(draft: Preferences): TemplateResult {
    const { preferences } = this.texts;
    const offline = this.#offline;
    return html`<form novalidate @submit=${stay}>
      <div role="status">
        ${
          offline
            ? html`<div class="note" part="offline">${offlineIcon()}<span>${preferences.offline}</span></div>`
            : nothing
        }
      </div>
      <div class="group">
        <h3>${preferences.device.title}</h3>
        <div class="rows" part="rows">
          <belfry-push-switch
            .belfry=${this.belfry}
            .disabled=${offline}
            @registered=${this.#registered}
          ></belfry-push-switch>
        </div>
      </div>
      <fieldset ?disabled=${offline}>
        ${topicFields(this.topics, this.#topics, this.#following, draft, this.texts, this.#change)}
        ${severityFields(draft, this.texts, this.#change)}
        ${categoryFields([...new Set([...this.categories, ...this.#categories])], draft, this.texts, this.#change)}
        ${this.#quiet(draft)}
      </fieldset>
      ${
        this.belfry && knowsDevices(this.belfry)
          ? html`<belfry-devices .belfry=${this.belfry} .disabled=${offline}></belfry-devices>`
          : nothing
      }
      ${this.#saving()}
    </form>`;
  }

  #quiet({ quietHours }: Preferences): TemplateResult {
    const { quiet } = this.texts.preferences;
    return html`<fieldset class="group" part="group quiet">
      <legend class="hidden">${quiet.title}</legend>
      <div class="rows" part="rows">
        ${toggle("quiet-hours", quiet.title, quiet.hint, quietHours !== null, (on) => {
          this.#change(() => ({ quietHours: on ? this.#usual : null }));
        })}
        ${
          quietHours
            ? quietHoursFields(quietHours, this.speech, (change) => {
                this.#change((now) => ({ quietHours: { ...(now.quietHours ?? this.#usual), ...change } }));
              })
            : nothing
        }
      </div>
    </fieldset>`;
  }

  #saving(): TemplateResult {
    const { preferences } = this.texts;
    const { state = "idle", problem } = this.#saver ?? {};
    const over = state === "idle" || (state === "saved" && this.said);
    return html`<div
      class="saving ${over ? "over" : state} ${state === "failed" ? "critical" : "success"}"
      part="saving"
      role=${state === "failed" ? "alert" : "status"}
    >
      ${
        over
          ? nothing
          : state === "failed"
            ? html`${severityIcon("critical")}
                <span>${preferences.notSaved} <span lang="en">${problem?.detail}</span></span>
                <button class="button" type="button" @click=${this.#save}>${preferences.retry}</button>`
            : state === "saved"
              ? html`${checkIcon()}<span>${preferences.saved}</span>`
              : html`<span>${preferences.saving}</span>`
      }
    </div>`;
  }

  #failed({ detail }: Problem): TemplateResult {
    const { preferences } = this.texts;
    return html`<div class="state" part="state" role="alert">
      ${broken()}
      <p class="headline">${preferences.failed}</p>
      <p class="hint">${this.#offline ? preferences.offline : html`<span lang="en">${detail}</span>`}</p>
      <button class="button" type="button" @click=${this.#loadAgain}>
        ${retryIcon(14)} ${preferences.retry}
      </button>
    </div>`;
  }

  #skeleton(): TemplateResult {
    const row = html`<div class="row">
      <span class="bone name"></span><span class="bone hint"></span><span class="bone control"></span>
    </div>`;
    return html`<div class="skeleton" part="skeleton" aria-busy="true">
      <p class="hidden">${this.texts.preferences.loading}</p>
      ${[1, 3, 2].map(
        (count) =>
          html`<div class="group">
            <div class="bone title"></div>
            <div class="rows">${Array.from({ length: count }, () => row)}</div>
          </div>`,
      )}
    </div>`;
  }

  get #offline(): boolean {
    return this.snapshot.connection === "waiting" || !navigator.onLine;
  }

  async #load(client: BelfryClient): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const isLast = (): boolean => load === this.#loads;
    this.problem = null;
    const again = (): void => {
      this.requestUpdate();
    };
    const problem = await attempt(async () => {
      const [preferences, subscriptions] = await Promise.all([client.preferences(), client.subscriptions()]);
      if (isLast()) {
        this.draft = preferences;
        this.#quietHours = preferences.quietHours;
        this.#usual = preferences.quietHours ?? usualQuietHours();
        this.#topics.clear();
        this.#categories.clear();
        this.#following = new Following(
          client,
          subscriptions.map(({ topic }) => topic),
          again,
        );
        this.#saver = new Saver(
          (value) => client.savePreferences(value),
          () => {
            this.#savingChanged();
          },
        );
      }
    });
    if (isLast()) {
      this.problem = problem;
    }
  }

  /** The person has changed something. */
  readonly #change: Change = (change) => {
    if (!this.draft) {
      return;
    }
    const changed = change(this.draft);
    this.draft = { ...this.draft, ...changed };
    const { quietHours } = changed;
    if (quietHours && faultOf(quietHours, this.texts) !== null) {
      return; // it says so where it is
    }
    if (quietHours !== undefined) {
      this.#quietHours = quietHours;
      this.#usual = quietHours ?? this.#usual;
    }
    this.#save();
  };

  #savingChanged(): void {
    this.said = false;
    clearTimeout(this.#saying);
    if (this.#saver?.state === "saved") {
      this.#saying = setTimeout(() => {
        this.said = true;
      }, SAID);
    }
    this.requestUpdate();
  }

  readonly #save = (): void => {
    if (this.draft) {
      this.#saver?.save({ ...this.draft, quietHours: this.#quietHours });
    }
  };

  readonly #loadAgain = (): void => {
    if (this.belfry) {
      void this.#load(this.belfry);
    }
  };

  readonly #registered = (): void => {
    this.renderRoot.querySelector<DevicesElement>("belfry-devices")?.reload();
  };

  readonly #network = (): void => {
    if (navigator.onLine && this.problem) {
      this.#loadAgain();
    }
    this.requestUpdate();
  };
}

/** Everything is saved already. */
function stay(event: Event): void {
  event.preventDefault();
}

define("belfry-preferences", PreferencesElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-preferences": PreferencesElement;
  }
}
