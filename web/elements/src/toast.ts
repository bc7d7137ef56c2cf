import { css, html, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Unsubscribe } from "@belfry/client";
import type { CardElement } from "./card.ts";
import "./card.ts";
import { BelfryElement, define } from "./element.ts";
import { bellIcon, closeIcon, severityIcon } from "./icons.ts";
import { Swipe } from "./swipe.ts";
import { buttons, theme } from "./theme.ts";
import { severityOf, type Toast } from "./toast-stack.ts";
import { near } from "./toasts.styles.ts";

/**
 * One toast. What happens with it is up to who shows it.
 *
 * @fires belfry-open - before a link is followed; cancel it to go there by a router.
 * @fires read - its card was opened.
 * @fires dismiss - it is to go (`detail.pushed`: to the right (1) or left (-1) by a finger; else 0).
 * @fires show-inbox - all that it stands for are to be shown.
 */
export class ToastElement extends BelfryElement {
  static override properties: PropertyDeclarations = {
    toast: { attribute: false },
    now: { attribute: false },
    position: { attribute: false },
    total: { attribute: false },
    expanded: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    near,
    css`
      :host {
        position: relative;
        display: block;
        border-radius: var(--_radius-large);
        background: var(--_raised);
        box-shadow: var(--_near);
        touch-action: pan-y;
      }

      .warning {
        --_tone: var(--_warning);
      }

      .critical {
        --_tone: var(--_critical);
      }

      /* What must not be overlooked has an edge of its colour. */
      .warning::after,
      .critical::after {
        content: "";
        position: absolute;
        inset: 0;
        border: 1px solid color-mix(in oklab, var(--_tone) 50%, transparent);
        border-radius: var(--_radius-large);
        pointer-events: none;
      }

      .critical::after {
        border-color: var(--_tone);
      }

      belfry-card {
        --belfry-surface: var(--_raised);
      }

      belfry-card::part(card) {
        padding-block: calc(var(--_space) * 3.5);
        padding-inline: calc(var(--_space) * 4) calc(var(--_space) * 11);
        border: 0;
        border-radius: var(--_radius-large);
      }

      /* All of them are unread. */
      belfry-card::part(dot),
      belfry-card::part(tools),
      belfry-card::part(more) {
        display: none;
      }

      /* Nor has it the tools, for which a card keeps room. */
      belfry-card::part(facts),
      belfry-card::part(actions) {
        min-block-size: 0;
        padding-inline-end: 0;
      }

      .dismiss {
        position: absolute;
        inset-block-start: calc(var(--_space) * 2);
        inset-inline-end: calc(var(--_space) * 2);
      }

      .crowd {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: calc(var(--_space) * 2) calc(var(--_space) * 3);
        padding-block: calc(var(--_space) * 3);
        padding-inline: calc(var(--_space) * 4) calc(var(--_space) * 11);
      }

      .sign {
        display: grid;
        place-items: center;
        inline-size: 2rem;
        block-size: 2rem;
        border-radius: 50%;
        background: color-mix(in oklab, var(--_tone, var(--_accent)) 12%, var(--_raised));
        color: var(--_tone, var(--_accent));
      }

      p {
        flex: 1;
        margin: 0;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }

      @media (forced-colors: active) {
        :host {
          border: 1px solid;
        }
      }
    `,
  ];

  declare toast: Toast | null;
  /** What time it is, in milliseconds. */
  declare now: number;
  /** Which of the toasts it is, from 1. */
  declare position: number;
  /** Of how many. */
  declare total: number;
  /** Whether its text is shown in full. */
  declare protected expanded: boolean;

  protected override readonly framed = false;

  constructor() {
    super();
    this.toast = null;
    this.now = Date.now();
    this.position = 1;
    this.total = 1;
    this.expanded = false;
    const swipe = new Swipe((pushed) => {
      this.#dismiss(pushed);
    });
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.addEventListener(type, swipe);
    }
    this.addEventListener("keydown", this.#keyPressed);
  }

  /** A toast changes by its properties alone. */
  protected override watch(): readonly Unsubscribe[] {
    return [];
  }

  override focus(options?: FocusOptions): void {
    (this.#card ?? this.renderRoot.querySelector<HTMLElement>(".show-all"))?.focus(options);
  }

  protected override render(): TemplateResult {
    const { dismiss } = this.texts.toasts;
    const severity = this.toast ? severityOf(this.toast) : "info";
    return html`<div class=${severity}>
      ${this.toast?.crowd ? this.#crowd(this.toast.crowd.size) : this.#single()}
      <button
        class="button plain icon dismiss"
        part="dismiss"
        type="button"
        aria-label=${dismiss}
        title=${dismiss}
        @mousedown=${keepFocus}
        @click=${() => {
          this.#dismiss(0);
        }}
      >
        ${closeIcon()}
      </button>
    </div>`;
  }

  #single(): TemplateResult {
    return html`<belfry-card
      exportparts="card, title: card-title, body, facts, actions, action, image, sign"
      .card=${this.toast?.card ?? null}
      .now=${this.now}
      .expanded=${this.expanded}
      .position=${this.position}
      .total=${this.total}
      @expand=${this.#expand}
      @read=${this.#read}
    ></belfry-card>`;
  }

  #crowd(count: number): TemplateResult {
    const { crowd, showAll } = this.texts.toasts;
    const severity = this.toast ? severityOf(this.toast) : "info";
    return html`<div class="crowd" part="crowd">
      <div class="sign" part="sign">${severity === "info" ? bellIcon() : severityIcon(severity)}</div>
      <p>${crowd(count)}</p>
      <button
        class="button show-all"
        part="show-all"
        type="button"
        @click=${() => this.dispatchEvent(new CustomEvent("show-inbox"))}
      >
        ${showAll}
      </button>
    </div>`;
  }

  get #card(): CardElement | null {
    return this.renderRoot.querySelector("belfry-card");
  }

  #dismiss(pushed: number): void {
    this.dispatchEvent(new CustomEvent("dismiss", { detail: { pushed } }));
  }

  /** A card that leads nowhere opens by showing all that it says. */
  readonly #expand = (): void => {
    this.expanded = true;
  };

  /** Who has just asked for the whole text has not read it yet. */
  readonly #read = (): void => {
    if (!this.expanded || this.#card?.expanded) {
      this.dispatchEvent(new CustomEvent("read"));
    }
  };

  readonly #keyPressed = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    const [target] = event.composedPath();
    if (event.key === "Escape") {
      this.#dismiss(0);
    } else if (event.key === "Enter" && target instanceof HTMLElement && target.localName === "article") {
      this.#card?.open();
    } else {
      return;
    }
    // Not also the dialog from which the focus came.
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Who works with a mouse keeps the focus where it is. */
function keepFocus(event: Event): void {
  event.preventDefault();
}

define("belfry-toast", ToastElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-toast": ToastElement;
  }
}
