import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { BelfryClient, Card, Problem, Unsubscribe } from "@belfry/client";
import { announce } from "./announcer.ts";
import { CardElement } from "./card.ts";
import { BelfryElement, define } from "./element.ts";
import { feedStyles } from "./feed.styles.ts";
import { retryIcon, upIcon } from "./icons.ts";
import { commandOf } from "./keys.ts";
import { Reading } from "./reading.ts";
import { buttons, theme } from "./theme.ts";

/** How near its end the list loads more, in pixels. */
const NEAR = 800;

/** What a reader wants done with a card: the details of the feed's `mark` event. */
export interface MarkDetail {
  readonly card: Card;
  readonly change: { readonly read: boolean } | { readonly archived: true };
}

/**
 * Scrolls through cards: any number of them, of which only those in sight are in the document. It never moves what is
 * read: not when cards come or go above, nor when rows turn out higher than was guessed.
 *
 * @fires mark - a card is to be marked.
 * @fires older - the next page is wanted.
 */
export class FeedElement extends BelfryElement {
  static override styles = [theme, buttons, feedStyles];
  static override properties: PropertyDeclarations = {
    cards: { attribute: false },
    more: { attribute: false },
    loading: { attribute: false },
    problem: { attribute: false },
    now: { attribute: false },
    expanded: { state: true },
  };

  /** Newest first. */
  declare cards: readonly Card[];
  declare more: boolean;
  declare loading: boolean;
  declare problem: Problem | null;
  declare now: number;
  declare protected expanded: ReadonlySet<string>;

  readonly #reading = new Reading();
  readonly #resizes = new ResizeObserver(() => {
    this.#resized();
  });
  /** The card that has or had the focus. */
  #current: string | null = null;
  #focused = false;
  /** Whether the focus is anywhere in here, also on what is no card. */
  #occupied = false;
  #refocus = false;
  /** Arrived, and not seen yet. */
  readonly #arrived = new Set<string>();

  protected override readonly framed = false;

  constructor() {
    super();
    this.cards = [];
    this.more = false;
    this.loading = false;
    this.problem = null;
    this.now = Date.now();
    this.expanded = new Set();
    this.addEventListener("scroll", this.#scrolled, { passive: true });
    this.addEventListener("focusin", () => {
      this.#occupied = true;
    });
    // Not told of moves inside: a shadow root keeps those to itself.
    this.addEventListener("focusout", () => {
      this.#occupied = false;
      if (this.#reading.held > 0) {
        this.requestUpdate();
      }
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizes.disconnect();
  }

  protected override watch(client: BelfryClient): readonly Unsubscribe[] {
    return [
      client.onArrival((card) => {
        this.#arrived.add(card.card);
      }),
    ];
  }

  /** Begin anew: newest first, at the top. */
  settle(): void {
    this.#reading.settle();
    this.#current = null;
    this.scrollTop = 0;
    this.requestUpdate();
  }

  /** Focus the card that last had the focus, else the first one. */
  override focus(): void {
    void this.#focusRow(this.#reading.indexOf(this.#current));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#reading.holdStill(this.#focused ? this.#current : null);
    if (changed.has("cards") || this.#reading.held > 0) {
      this.#arrange();
    }
    this.#reading.place(this.#focused || this.#refocus ? this.#current : null);
  }

  protected override updated(): void {
    const rendered = [...this.renderRoot.querySelectorAll("belfry-card")];
    this.#arrived.clear();
    // The cards render at the end of this turn, which is still before the browser paints.
    void Promise.all(rendered.map((element) => element.updateComplete)).then(() => {
      this.#measure(rendered);
    });
  }

  protected override render(): TemplateResult {
    const { inbox } = this.texts;
    const { held, pieces, cards } = this.#reading;
    return html`
      <div class="above">
        ${
          held === 0
            ? nothing
            : html`<button class="button primary pill" part="pill" type="button" @click=${this.#letIn}>
                ${upIcon(14)} ${inbox.fresh(held)}
              </button>`
        }
      </div>
      <div
        role="feed"
        aria-label=${inbox.title}
        aria-busy=${this.loading ? "true" : "false"}
        @keydown=${this.#keyPressed}
        @focusin=${this.#focusCame}
        @focusout=${this.#focusWent}
      >
        ${repeat(
          pieces,
          (piece) => ("gap" in piece ? `gap ${piece.nth}` : cards[piece.index]?.card),
          (piece) =>
            "gap" in piece ? html`<div .style=${`block-size:${piece.gap}px`}></div>` : this.#row(piece.index),
        )}
      </div>
      <div class="end" tabindex="-1">${this.#end()}</div>
    `;
  }

  #row(index: number): TemplateResult | typeof nothing {
    const { cards, begins } = this.#reading;
    const card = cards[index];
    return card === undefined
      ? nothing
      : html`<div class="row">
          ${
            begins[index]
              ? html`<div class="day" part="day">
                  ${this.speech.format.day(new Date(card.at), new Date(this.now))}
                </div>`
              : nothing
          }
          <belfry-card
            exportparts="card, title, body, facts, more, actions, action, image, tools, sign, dot"
            .card=${card}
            .now=${this.now}
            .position=${index + 1}
            .total=${this.more ? -1 : cards.length}
            .expanded=${this.expanded.has(card.card)}
            .fresh=${this.#arrived.has(card.card)}
            @read=${(event: CustomEvent<{ read: boolean }>) => {
              this.#mark({ card, change: event.detail });
            }}
            @archive=${() => {
              this.#mark({ card, change: { archived: true } });
            }}
            @expand=${(event: CustomEvent<{ expanded: boolean }>) => {
              this.#expand(card, event.detail.expanded);
            }}
          ></belfry-card>
        </div>`;
  }

  #end(): TemplateResult | typeof nothing {
    const { inbox } = this.texts;
    if (this.problem) {
      return html`<span>${inbox.failedOlder}</span>
        <button class="button" type="button" @click=${this.#older}>${retryIcon(14)} ${inbox.retry}</button>`;
    }
    if (this.loading) {
      const count = this.#reading.cards.length === 0 ? 7 : 2;
      return html`<div class="skeletons" part="skeletons">
        <span class="hidden">${inbox.loading}</span>
        ${Array.from({ length: count }, () => html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i><i></i></div>`)}
      </div>`;
    }
    return this.more
      ? html`<button class="button" part="older" type="button" @click=${this.#older}>
          ${inbox.loadMore}
        </button>`
      : nothing;
  }

  #arrange(): void {
    const before = this.#reading.cards;
    this.#reading.arrange(this.cards, this.#occupied);
    if (this.#focused && this.#reading.indexOf(this.#current) === -1) {
      this.#passFocusOn(before);
    }
  }

  /** The focused card goes: the one that takes its place gets the focus. */
  #passFocusOn(before: readonly Card[]): void {
    const { cards } = this.#reading;
    const index = before.findIndex((card) => card.card === this.#current);
    const next = cards[Math.min(Math.max(index, 0), cards.length - 1)];
    this.#current = next?.card ?? null;
    this.#refocus = next !== undefined;
    this.#focused = next !== undefined;
  }

  #measure(rendered: readonly CardElement[]): void {
    if (!this.isConnected) {
      return;
    }
    // All is read before anything is written, so that the browser lays out once.
    const clipped = rendered.map((element) => element.clipped);
    rendered.forEach((element, index) => {
      element.offerMore(element.expanded || clipped[index] === true);
    });
    const heights = rendered.map((element): [string, number] => [
      element.card?.card ?? "",
      element.parentElement?.getBoundingClientRect().height ?? 0,
    ]);
    this.#keepAnchor(rendered);
    if (this.#refocus) {
      this.#refocus = false;
      void this.#focusRow(this.#reading.indexOf(this.#current));
    }
    if (this.#reading.measured(new Map(heights))) {
      this.requestUpdate();
    }
    this.#loadIfNearEnd();
  }

  /** What is read stays where it is on the screen. */
  #keepAnchor(rendered: readonly CardElement[]): void {
    const { anchor } = this.#reading;
    const row = anchor && rendered.find((element) => element.card?.card === anchor.card)?.parentElement;
    if (row) {
      const top = Math.max(0, row.offsetTop + anchor.below);
      if (Math.abs(top - this.scrollTop) >= 1) {
        this.scrollTop = top;
      }
      this.#reading.top = this.scrollTop;
    }
  }

  readonly #scrolled = (): void => {
    this.#reading.top = this.scrollTop;
    if (this.#reading.stale) {
      this.requestUpdate();
    }
    this.#loadIfNearEnd();
  };

  #resized(): void {
    this.#reading.sight = this.clientHeight;
    this.requestUpdate();
  }

  #loadIfNearEnd(): void {
    const { left, sight } = this.#reading;
    if (this.more && !this.loading && !this.problem && sight > 0 && left < NEAR) {
      this.#older();
    }
  }

  readonly #older = (): void => {
    this.dispatchEvent(new CustomEvent("older"));
  };

  readonly #letIn = (event: MouseEvent): void => {
    this.settle();
    this.#arrange();
    // The pill goes, and the focus must not go with it; by keyboard one wants to go on reading.
    if (event.detail === 0) {
      void this.#focusRow(0);
    } else {
      this.renderRoot.querySelector<HTMLElement>(".end")?.focus({ preventScroll: true });
    }
  };

  #mark(detail: MarkDetail): void {
    this.dispatchEvent(new CustomEvent<MarkDetail>("mark", { detail }));
  }

  #expand(card: Card, expanded: boolean): void {
    const set = new Set(this.expanded);
    if (expanded) {
      set.add(card.card);
    } else {
      set.delete(card.card);
    }
    this.expanded = set;
  }

  readonly #focusCame = (event: FocusEvent): void => {
    this.#focused = true;
    if (event.target instanceof CardElement) {
      this.#current = event.target.card?.card ?? null;
    }
  };

  readonly #focusWent = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof CardElement) && !this.#refocus) {
      this.#focused = false;
    }
  };

  readonly #keyPressed = (event: KeyboardEvent): void => {
    const { target } = event;
    const card = target instanceof CardElement ? target.card : null;
    const command = commandOf(event);
    if (!(target instanceof CardElement) || !card || !command || event.defaultPrevented) {
      return;
    }
    const index = this.#reading.indexOf(card.card);
    const { announce: announced } = this.texts;
    switch (command) {
      case "next":
        void this.#focusRow(index + 1);
        break;
      case "previous":
        void this.#focusRow(index - 1);
        break;
      case "first":
        void this.#focusRow(0);
        break;
      case "last":
        void this.#focusRow(this.#reading.cards.length - 1);
        break;
      case "archive":
        this.#mark({ card, change: { archived: true } });
        break;
      case "turn":
        this.#mark({ card, change: { read: !card.read } });
        // Of a name that changes while it has the focus, screen readers say nothing.
        announce(card.read ? announced.markedUnread : announced.markedRead, this.speech);
        break;
      case "leave":
        this.renderRoot.querySelector<HTMLElement>(".end")?.focus();
        break;
      case "open":
        // On a button or a link inside of the card, it is for that.
        if ((event.composedPath()[0] as Element).localName !== "article") {
          return;
        }
        target.open();
        break;
    }
    event.preventDefault();
  };

  async #focusRow(wanted: number): Promise<void> {
    const { cards } = this.#reading;
    const card = cards[Math.max(0, Math.min(wanted, cards.length - 1))];
    if (!card) {
      return;
    }
    this.#current = card.card;
    this.#focused = true;
    this.requestUpdate();
    await this.updateComplete;
    const element = [...this.renderRoot.querySelectorAll("belfry-card")].find(
      (each) => each.card?.card === card.card,
    );
    await element?.updateComplete;
    element?.focus({ preventScroll: true });
    element?.parentElement?.scrollIntoView({ block: "nearest" });
    // Here the person wants to be: not where they were before.
    this.#reading.anchor = null;
    this.#reading.top = this.scrollTop;
  }
}

define("belfry-feed", FeedElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-feed": FeedElement;
  }
}
