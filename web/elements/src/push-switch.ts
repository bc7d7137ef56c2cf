import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { BelfryClient, Problem, Unsubscribe } from "@belfry/client";
import { BelfryElement, define } from "./element.ts";
import { FocusKeeper } from "./focus-keeper.ts";
import { settings } from "./preferences.styles.ts";
import { attempt } from "./saver.ts";
import { theme } from "./theme.ts";

/**
 * Whether this device is pushed to, and why not if it cannot be.
 *
 * @fires registered - this device came to those of the person, or left them.
 */
export class PushSwitchElement extends BelfryElement {
  static override styles = [theme, settings];
  static override properties: PropertyDeclarations = {
    disabled: { type: Boolean },
    busy: { state: true },
    problem: { state: true },
  };

  declare disabled: boolean;
  /** What it is being turned to; null: it rests. */
  declare protected busy: boolean | null;
  /** Why it could not be turned. */
  declare protected problem: Problem | null;

  constructor() {
    super();
    this.disabled = false;
    this.busy = null;
    this.problem = null;
    new FocusKeeper(this);
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector<HTMLElement>("input, .row")?.focus(options);
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    this.problem = null;
    return [
      client.push.observe(() => {
        this.requestUpdate();
      }),
    ];
  }

  protected override render(): TemplateResult {
    const { device } = this.texts.preferences;
    const state = this.belfry?.push.state ?? "unsupported";
    return html`<fieldset part="group" lang=${this.speech.locale} ?disabled=${this.disabled}>
      <legend class="hidden">${device.title}</legend>
      ${
        state === "denied"
          ? explained(device.push, device.denied, device.deniedHint)
          : state === "unsupported"
            ? explained(
                device.push,
                device.unsupported,
                needsHomeScreen() ? device.homeScreenHint : device.unsupportedHint,
              )
            : this.#turn(this.busy ?? state === "on")
      }
    </fieldset>`;
  }

  #turn(on: boolean): TemplateResult {
    const { device, notSaved } = this.texts.preferences;
    const { problem } = this;
    return html`<label class="row">
      <span class="name" id="name">${device.push}</span>
      <span class="hint" id="hint">${device.pushHint}</span>
      <input
        type="checkbox"
        class="switch"
        name="push"
        aria-labelledby="name"
        aria-describedby=${problem ? "hint fault" : "hint"}
        aria-busy=${this.busy === null ? "false" : "true"}
        .checked=${live(on)}
        @change=${this.#turned}
      />
      ${
        problem
          ? html`<span class="fault" id="fault" role="alert"
              >${notSaved} <span lang="en">${problem.detail}</span></span
            >`
          : nothing
      }
    </label>`;
  }

  readonly #turned = (event: Event): void => {
    const { checked } = event.currentTarget as HTMLInputElement;
    const push = this.belfry?.push;
    if (push && this.busy === null) {
      this.busy = checked;
      this.problem = null;
      // At once: browsers ask for permission only while they remember the click.
      void this.#finish(attempt(() => (checked ? push.enable() : push.disable())));
    } else {
      this.requestUpdate();
    }
  };

  async #finish(work: Promise<Problem | null>): Promise<void> {
    this.problem = await work;
    this.busy = null;
    this.dispatchEvent(new CustomEvent("registered"));
  }
}

function explained(name: string, state: string, hint: string): TemplateResult {
  return html`<div class="row" tabindex="-1">
    <span class="name">${name}</span>
    <span class="hint">${hint}</span>
    <span class="control hint">${state}</span>
  </div>`;
}

/** Whether this is an iPhone or iPad that shows the page in its browser: there only apps can be pushed to. */
function needsHomeScreen(): boolean {
  // An iPad says that it is a Mac, of which none has a touch screen.
  const apple =
    /iPhone|iPad|iPod/u.test(navigator.userAgent) ||
    (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);
  return apple && !matchMedia("(display-mode: standalone)").matches;
}

define("belfry-push-switch", PushSwitchElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-push-switch": PushSwitchElement;
  }
}
