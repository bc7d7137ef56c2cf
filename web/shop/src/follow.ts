/** `<shop-follow topic="offers">`: a switch by which somebody follows a topic. */

import { BelfryError, type BelfryClient } from "@belfry/client";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";

class Follow extends LitElement {
  static override properties = { belfry: { attribute: false }, topic: {}, text: {} };
  declare belfry: BelfryClient | null;
  declare topic: string;
  /** What following it brings. */
  declare text: string;

  /** Null: not known yet. */
  #follows: boolean | null = null;
  #busy = false;
  #problem = "";

  constructor() {
    super();
    this.belfry = null;
    this.topic = "";
    this.text = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { belfry, topic } = this;
    if (!belfry || !(changed.has("belfry") || changed.has("topic"))) return;
    void this.#ask(async () => (await belfry.subscriptions()).some((each) => each.topic === topic));
  }

  protected override render(): TemplateResult {
    return html`<button
        class="switch"
        role="switch"
        aria-checked=${this.#follows === true ? "true" : "false"}
        ?disabled=${this.#busy || this.#follows === null}
        @click=${() => void this.#ask(() => this.#turn())}
      >
        <span class="knob" aria-hidden="true"></span><span>${this.text}</span>
      </button>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}`;
  }

  async #turn(): Promise<boolean> {
    const { belfry, topic } = this;
    if (!belfry) return false;
    if (this.#follows) await belfry.unsubscribe(topic);
    else await belfry.subscribe(topic);
    return !this.#follows;
  }

  /** Find out whether they follow it; until then nothing can be turned. */
  async #ask(answer: () => Promise<boolean>): Promise<void> {
    this.#busy = true;
    this.requestUpdate();
    try {
      this.#follows = await answer();
      this.#problem = "";
    } catch (error) {
      this.#problem = error instanceof BelfryError ? error.detail : String(error);
    }
    this.#busy = false;
    this.requestUpdate();
  }
}

customElements.define("shop-follow", Follow);
