import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { BelfryClient, Unsubscribe } from "@belfry/client";
import { announceArrivals } from "./announcer.ts";
import { BelfryElement, define } from "./element.ts";
import { bellIcon, closeIcon } from "./icons.ts";
import "./inbox.ts";
import { ring } from "./motion.ts";
import { buttons, theme } from "./theme.ts";

/**
 * A button that says how many alerts are unread, and opens the inbox.
 *
 * @slot - An icon of your own.
 * @slot signed-out - For the inbox: a way to sign in.
 * @fires belfry-open - from the inbox.
 */
export class BellElement extends BelfryElement {
  static override properties: PropertyDeclarations = {
    open: { type: Boolean, reflect: true },
    filled: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    css`
      :host {
        display: inline-block;
        line-height: 0;
      }

      .bell {
        position: relative;
        display: grid;
        place-items: center;
        inline-size: 2.25rem;
        block-size: 2.25rem;
        margin: 0;
        padding: 0;
        border: 0;
        border-radius: var(--_radius);
        background: none;
        color: inherit;
        cursor: pointer;
        anchor-name: --bell;
        transition: background-color var(--_motion);
      }

      .bell:hover,
      .bell[aria-expanded="true"] {
        background: color-mix(in oklab, currentColor 9%, transparent);
      }

      .drawing {
        transform-origin: 50% 10%;
      }

      .away .drawing {
        opacity: 0.55;
      }

      .badge {
        position: absolute;
        inset-block-start: -0.125rem;
        inset-inline-start: 52%;
        min-inline-size: 1.0625rem;
        padding-inline: 0.25rem;
        border-radius: 0.53125rem;
        background: var(--_badge);
        color: var(--_on-badge);
        font-size: 0.6875rem;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
        line-height: 1.0625rem;
        text-align: center;
        box-shadow: 0 0 0 2px var(--_surface);
      }

      /* As one who is away is shown elsewhere: a dot with a bar. */
      .offline {
        position: absolute;
        inset-block-end: 0.25rem;
        inset-inline-start: 0.25rem;
        display: grid;
        place-items: center;
        inline-size: 0.6875rem;
        block-size: 0.6875rem;
        border-radius: 50%;
        background: var(--_warning);
        box-shadow: 0 0 0 2px var(--_surface);
      }

      .offline::before {
        content: "";
        inline-size: 0.375rem;
        block-size: 1.5px;
        background: var(--_surface);
      }

      .panel {
        inline-size: min(26rem, 100vw - 1rem);
        block-size: min(40rem, 100dvh - 1rem);
        margin: 0;
        padding: 0;
        overflow: hidden;
        border: 0;
        border-radius: var(--_radius-large);
        background: var(--_surface);
        color: var(--_text);
        line-height: 1.45;
        box-shadow: var(--_shadow);
        /* Where a browser cannot anchor it, it stands in the corner. */
        inset-block: 0.5rem auto;
        inset-inline: auto 0.5rem;
      }

      @supports (position-area: block-end) {
        .panel {
          position-anchor: --bell;
          position-area: block-end span-inline-start;
          position-try-fallbacks:
            flip-block,
            flip-inline,
            flip-block flip-inline;
          position-try-order: most-block-size;
          inset: auto;
          margin-block: 0.375rem;
          margin-inline: 0.5rem 0;
          max-block-size: calc(100% - 0.75rem);
        }
      }

      /* Of the dot and the panel no more than an edge would be left. */
      @media (forced-colors: active) {
        .offline {
          border: 1px solid;
        }

        .panel {
          border: 1px solid;
        }
      }

      @media not (prefers-reduced-motion: reduce) {
        .panel {
          transition:
            opacity var(--_motion),
            transform var(--_motion);
        }

        @starting-style {
          .panel:popover-open {
            opacity: 0;
            transform: translateY(-0.375rem);
          }
        }
      }

      belfry-inbox {
        block-size: 100%;
        max-block-size: none;
        min-block-size: 0;
      }

      .close {
        display: none;
      }

      @media (width < 30rem) {
        .panel {
          position-area: none;
          inset: 0;
          inline-size: 100vw;
          block-size: 100dvh;
          max-block-size: none;
          margin: 0;
          border-radius: 0;
          padding-block: env(safe-area-inset-top) env(safe-area-inset-bottom);
        }

        .close {
          display: inline-flex;
        }

        @starting-style {
          .panel:popover-open {
            transform: translateY(1.5rem);
          }
        }
      }
    `,
  ];

  /** Whether the inbox is open. */
  declare open: boolean;
  /** Whether the panel has an inbox in it. */
  declare protected filled: boolean;

  /** Whether the panel is there, or about to be: while it is being shown, `:popover-open` does not say so yet. */
  #shown = false;
  /** Whether the panel had the focus when it was closed. */
  #hadFocus = false;
  /** Whether a press that has not ended began beside it. */
  #pressedBeside = false;

  /** Small, and its panel must not open before what is in it. */
  protected override readonly framed = false;

  constructor() {
    super();
    this.open = false;
    this.filled = false;
    this.addEventListener("belfry-open", this.#followed);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.#pressed);
    document.addEventListener("pointerup", this.#released);
    document.addEventListener("pointercancel", this.#pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.#pressed);
    document.removeEventListener("pointerup", this.#released);
    document.removeEventListener("pointercancel", this.#pressed);
    this.#shown = false; // a popover that leaves the page closes, and tells nobody
    this.filled = false;
    this.open = false;
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    return [
      ...super.watch(client),
      announceArrivals(client, () => this.speech),
      client.onArrival(() => {
        const drawing = this.renderRoot.querySelector(".drawing");
        if (drawing && !document.hidden) {
          ring(drawing);
        }
      }),
    ];
  }

  protected override updated(changed: PropertyValues<this>): void {
    const panel = this.#panel;
    if (changed.has("open") && panel && this.isConnected && this.#shown !== this.open) {
      panel.togglePopover(this.open);
    }
  }

  protected override render(): TemplateResult {
    const { unread, connection } = this.snapshot;
    const { bell, close, inbox } = this.texts;
    const away = connection === "waiting" || connection === "signed-out";
    const label = bell.label(unread) + (connection === "waiting" ? `, ${bell.offline}` : "");
    return html`<button
        class="bell ${away ? "away" : ""}"
        part="button"
        type="button"
        lang=${this.speech.locale}
        popovertarget="panel"
        aria-haspopup="dialog"
        aria-label=${label}
        title=${label}
      >
        <span class="drawing" part="icon"><slot>${bellIcon(22)}</slot></span>
        ${
          unread === 0
            ? nothing
            : html`<span class="badge" part="badge" aria-hidden="true">${unread > 99 ? "99+" : unread}</span>`
        }
        ${connection === "waiting" ? html`<span class="offline" part="offline"></span>` : nothing}
      </button>
      <div
        id="panel"
        class="panel"
        part="panel"
        popover
        role="dialog"
        aria-label=${inbox.title}
        @beforetoggle=${this.#toggles}
        @toggle=${this.#toggled}
      >
        ${
          this.filled
            ? html`<belfry-inbox part="inbox" .belfry=${this.belfry}>
                <button
                  slot="header"
                  class="button plain icon close"
                  type="button"
                  popovertarget="panel"
                  popovertargetaction="hide"
                  aria-label=${close}
                >
                  ${closeIcon()}
                </button>
                <slot name="signed-out" slot="signed-out"></slot>
              </belfry-inbox>`
            : nothing
        }
      </div>`;
  }

  get #panel(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".panel");
  }

  readonly #toggles = (event: ToggleEvent): void => {
    this.#shown = event.newState === "open";
    this.#hadFocus =
      !this.#shown && (this.renderRoot.querySelector(".panel")?.matches(":focus-within") ?? false);
    this.open = this.#shown;
    // What it shows comes before it opens, so that nothing flickers in; and goes after it has closed.
    this.filled ||= this.open;
  };

  readonly #toggled = (event: ToggleEvent): void => {
    this.filled = event.newState === "open";
    if (this.#hadFocus) {
      this.#hadFocus = false;
      this.renderRoot.querySelector("button")?.focus();
    }
    if (this.filled) {
      void this.updateComplete.then(() => {
        this.renderRoot.querySelector("belfry-inbox")?.focus();
      });
    }
  };

  readonly #pressed = (event: Event): void => {
    this.#pressedBeside = event.type === "pointerdown" && !event.composedPath().includes(this);
  };

  /** Who presses beside it is done with it. Popovers know that by themselves, but not on iPhones and iPads before 18.3. */
  readonly #released = (event: Event): void => {
    if (this.#pressedBeside && !event.composedPath().includes(this)) {
      this.open = false;
    }
  };

  /** Who goes somewhere is done with the inbox; unless it opens beside the app. */
  readonly #followed = (event: HTMLElementEventMap["belfry-open"]): void => {
    const { url } = event.detail;
    if (url !== null && new URL(url).origin === location.origin) {
      this.open = false;
    }
  };
}

define("belfry-bell", BellElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-bell": BellElement;
  }
}
