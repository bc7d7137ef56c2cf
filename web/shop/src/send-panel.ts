/** `<shop-send-panel>`: one-click stories, an alert written by hand, and what became of what was sent. */

import type { Severity } from "@belfry/client";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Send } from "./alerts.ts";
import { Dispatch, type Sent } from "./dispatch.ts";
import { icons } from "./icons.ts";
import { BACK_OFFICE } from "./orders.ts";
import { single, STORIES, type Story } from "./stories.ts";
import { written } from "./write.ts";

const SEVERITIES: readonly Severity[] = ["info", "success", "warning", "critical"];
const AUDIENCES: readonly (readonly [audience: string, name: string])[] = [
  ["user:ada", "Ada"],
  ["user:mateo", "Mateo"],
  [BACK_OFFICE, "The back office"],
  ["everyone", "Everyone"],
  ["topic:offers", "Who follows offers"],
  ["topic:stock-oak", "Who follows stock of oak"],
];
const OTHER = "other";

const ICONS: Readonly<Record<Story["id"], TemplateResult>> = {
  resolve: icons.layers,
  broadcast: icons.crowd,
  schedule: icons.clock,
  retract: icons.back,
  escalate: icons.climb,
  ask: icons.question,
};

class SendPanel extends LitElement {
  static override properties = { send: { attribute: false } };
  declare send: Send | null;

  #dispatch: Dispatch | null = null;
  #tab: "stories" | "write" = "stories";
  #to = "user:ada";
  #other = "";
  #ticking = 0;

  constructor() {
    super();
    this.send = null;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    this.#ticking = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("send")) return;
    this.#dispatch = this.send
      ? new Dispatch(this.send, () => {
          this.#tick();
          this.requestUpdate();
        })
      : null;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.#recipient()}
      <div class="tabs" role="tablist" aria-label="Ways to send">
        ${this.#tabButton("stories", "One click")} ${this.#tabButton("write", "Write your own")}
      </div>
      <div
        role="tabpanel"
        id="panel-stories"
        aria-labelledby="tab-stories"
        ?hidden=${this.#tab !== "stories"}
      >
        ${this.#stories()}
      </div>
      <div role="tabpanel" id="panel-write" aria-labelledby="tab-write" ?hidden=${this.#tab !== "write"}>
        ${this.#form()}
      </div>
      ${this.#log()}
    `;
  }

  #recipient(): TemplateResult {
    return html`<div class="to">
      <label
        >To
        <select
          @change=${(event: Event) => {
            this.#to = (event.target as HTMLSelectElement).value;
            this.requestUpdate();
          }}
        >
          ${AUDIENCES.map(
            ([audience, name]) =>
              html`<option value=${audience} ?selected=${audience === this.#to}>
                ${name} (${audience})
              </option>`,
          )}
          <option value=${OTHER}>Somebody else…</option>
        </select>
      </label>
      ${
        this.#to === OTHER
          ? html`<label
              >Audience
              <input
                .value=${this.#other}
                placeholder="user:…, role:… or topic:…"
                autocapitalize="none"
                spellcheck="false"
                @input=${(event: Event) => {
                  this.#other = (event.target as HTMLInputElement).value.trim();
                }}
              />
            </label>`
          : nothing
      }
    </div>`;
  }

  #tabButton(tab: "stories" | "write", text: string): TemplateResult {
    const chosen = this.#tab === tab;
    return html`<button
      role="tab"
      id="tab-${tab}"
      aria-controls="panel-${tab}"
      aria-selected=${chosen ? "true" : "false"}
      tabindex=${chosen ? 0 : -1}
      @click=${() => {
        this.#choose(tab);
      }}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = tab === "stories" ? "write" : "stories";
        this.#choose(other);
        this.querySelector<HTMLElement>(`#tab-${other}`)?.focus();
      }}
    >
      ${text}
    </button>`;
  }

  #choose(tab: "stories" | "write"): void {
    this.#tab = tab;
    this.requestUpdate();
  }

  #stories(): TemplateResult {
    return html`
      <div class="severities">
        ${SEVERITIES.map(
          (severity) =>
            html`<button
              class="severity ${severity}"
              @click=${() => {
                this.#dispatch?.play([single(severity, newId(), this.#audience)]);
              }}
            >
              <span class="sign" aria-hidden="true"></span>${capitalized(severity)}
            </button>`,
        )}
      </div>
      <ul class="stories">
        ${STORIES.map(
          (story) =>
            html`<li>
              <button
                @click=${() => {
                  this.#dispatch?.play(story.tell(newId(), this.#audience, new Date()));
                }}
              >
                ${ICONS[story.id]}<span><b>${story.title}</b><small>${story.line}</small></span>
              </button>
            </li>`,
        )}
      </ul>
    `;
  }

  #form(): TemplateResult {
    return html`<form
      class="write"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const form = event.target as HTMLFormElement;
        const alert = written(new FormData(form), newId(), this.#audience, new Date());
        void this.#dispatch?.send({ alert, says: alert.title });
        form.querySelector<HTMLInputElement>("[name=title]")?.select();
      }}
    >
      <fieldset class="pills">
        <legend>Severity</legend>
        ${SEVERITIES.map(
          (severity) =>
            html`<label class="severity ${severity}"
              ><input type="radio" name="severity" value=${severity} ?checked=${severity === "info"} />
              <span class="sign" aria-hidden="true"></span>${capitalized(severity)}</label
            >`,
        )}
      </fieldset>
      <label>Title <input name="title" required maxlength="200" value="A word from the workshop" /></label>
      <label>Text <textarea name="body" rows="2" maxlength="4000"></textarea></label>
      <div class="row">
        <label
          >Category
          <input
            name="category"
            pattern="[a-z0-9._\\-]{1,64}"
            value="news"
            title="Lower-case letters, digits and . _ -"
        /></label>
        <label
          >Deliver
          <select name="delay">
            <option value="0">now</option>
            <option value="10">in 10 seconds</option>
            <option value="60">in a minute</option>
          </select>
        </label>
        <label
          >Push
          <select name="push">
            <option value="offline">if offline</option>
            <option value="always">always</option>
            <option value="never">never</option>
          </select>
        </label>
      </div>
      <button class="primary">${icons.send} Send</button>
    </form>`;
  }

  /** The region is there before there is something in it: else the first entry would not be read out. */
  #log(): TemplateResult {
    const sent = this.#dispatch?.sent ?? [];
    return html`<div class="log" role="log">
      ${
        sent.length > 0
          ? html`<h3>Sent</h3>
              <ol>
                ${sent.map((entry) => this.#entry(entry))}
              </ol>`
          : nothing
      }
    </div>`;
  }

  #entry(entry: Sent): TemplateResult {
    const seconds = Math.ceil((entry.due - Date.now()) / 1000);
    const state = {
      sending: "sending",
      sent: seconds > 0 ? `in ${seconds} s` : "sent",
      refused: "refused",
      retracted: "taken back",
    }[entry.state];
    const retractable = entry.state === "sent" && !("retract" in entry.alert);
    return html`<li class="${entry.severity} ${entry.state}">
      <span class="sign" aria-hidden="true"></span>
      <span class="what"><b>${entry.says}</b><small>to ${entry.to}</small></span>
      <span class="state" aria-live="off">${state}</span>
      ${
        retractable
          ? html`<button
              aria-label="Take back: ${entry.says}"
              title="Take back"
              @click=${() => void this.#dispatch?.retract(entry)}
            >
              ${icons.back}
            </button>`
          : nothing
      }
      ${entry.problem ? html`<p class="problem" role="alert">${entry.problem}</p>` : nothing}
    </li>`;
  }

  get #audience(): string {
    return this.#to === OTHER ? this.#other : this.#to;
  }

  /** Counts down while something is still to come. */
  #tick(): void {
    if (this.#ticking !== 0) return;
    this.#ticking = window.setInterval(() => {
      this.requestUpdate();
      if (this.#dispatch?.sent.some(({ due }) => due > Date.now())) return;
      clearInterval(this.#ticking);
      this.#ticking = 0;
    }, 500);
  }
}

function newId(): string {
  return `desk-${crypto.randomUUID()}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

customElements.define("shop-send-panel", SendPanel);
