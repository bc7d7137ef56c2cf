import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { BelfryClient, Card, Problem, Unsubscribe } from "@belfry/client";
import { CardElement } from "./card.ts";
import { beginsDay } from "./days.ts";
import { BelfryElement, define } from "./element.ts";
import { feedStyles } from "./feed.styles.ts";
import { retryIcon, upIcon } from "./icons.ts";
import { Order } from "./order.ts";
import { buttons, theme } from "./theme.ts";
import { between, layOut, pieces, rowAt, type Piece, type Rows, type Span } from "./window.ts";

/** A row's height in pixels, until it has been seen. */
const ESTIMATE = 94;
/** How far beyond what is in sight rows are rendered, in pixels. */
const MARGIN = 600;
/** How near its end the list loads more, in pixels. */
const NEAR = 800;

/** What a reader wants done with a card: the details of the feed's `mark` event. */
export interface MarkDetail {
  readonly card: Card;
  readonly change: { readonly read: boolean } | { readonly archived: true };
}

interface Anchor {
  readonly card: string;
  /** How far the upper edge of what is seen lies below the card's, in pixels. */
  readonly below: number;
}

/**
 * Scrolls through cards: any number of them, of which only those in sight are in the document. It never moves what is
 * read: not when cards come or go above, nor when rows turn out higher than was guessed.
 *
 * @fires mark - a card is to be marked.
 * @fires older - the next page is wanted.
 *
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

  readonly #order = new Order();
  /** As they stand on the screen. */
  #rows: readonly Card[] = [];
  #begins: readonly boolean[] = [];
  #held = 0;
  readonly #heights = new Map<string, number>();
  #layout: Rows = layOut(0, () => 0);
  #span: Span = { from: 0, to: 0 };
  #pieces: readonly Piece[] = [];
  #anchor: Anchor | null = null;
  /** What is seen of it: from which height, and how much. */
  #top = 0;
  #sight = 800;
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
      if (this.#held > 0) {
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
    this.#order.settle();
    this.#top = 0;
    this.#current = null;
    this.scrollTop = 0;
    this.requestUpdate();
  }

  /** Focus the card that last had the focus, else the first one. */
  override focus(): void {
    const index = this.#indexOf(this.#current);
    void this.#focusRow(index === -1 ? 0 : index);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#anchor = this.#top > 0 ? this.#anchorAt(this.#top) : null;
    if (changed.has("cards") || this.#held > 0) {
      this.#arrange();
    }
    this.#layOut();
    if (this.#anchor) {
      const index = this.#indexOf(this.#anchor.card);
      this.#top = Math.max(0, (this.#layout.edges[index] ?? 0) + this.#anchor.below);
    }
    this.#span = this.#spanAt(this.#top);
    const current = this.#focused || this.#refocus ? this.#indexOf(this.#current) : -1;
    this.#pieces = pieces(this.#layout, this.#span, current === -1 ? null : current);
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
    return html`
      <div class="above">
        ${
          this.#held === 0
            ? nothing
            : html`<button class="button primary pill" part="pill" type="button" @click=${this.#letIn}>
                ${upIcon(14)} ${inbox.fresh(this.#held)}
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
          this.#pieces,
          (piece) =>
            "gap" in piece
              ? `gap ${piece.before === this.#rows.length ? "end" : "start"}`
              : this.#rows[piece.index]?.card,
          (piece) =>
            "gap" in piece ? html`<div .style=${`block-size:${piece.gap}px`}></div>` : this.#row(piece.index),
        )}
      </div>
      <div class="end" tabindex="-1">${this.#end()}</div>
    `;
  }

  #row(index: number): TemplateResult | typeof nothing {
    const card = this.#rows[index];
    return card === undefined
      ? nothing
      : html`<div class="row">
          ${
            this.#begins[index]
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
            .total=${this.more ? -1 : this.#rows.length}
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
      const count = this.#rows.length === 0 ? 7 : 2;
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

  #layOut(): void {
    this.#layout = layOut(
      this.#rows.length,
      (index) => this.#heights.get(this.#rows[index]?.card ?? "") ?? ESTIMATE,
    );
  }

  #arrange(): void {
    const seen = between(this.#layout, this.#top, this.#top + this.#sight);
    const inSight = new Set(this.#rows.slice(seen.from, seen.to).map((card) => card.card));
    const before = this.#rows;
    const { cards, held } = this.#order.arrange(this.cards, this.#top > 4 || this.#occupied, inSight);
    this.#rows = cards;
    this.#held = held;
    this.#begins = beginsDay(cards);
    if (this.#anchor && this.#indexOf(this.#anchor.card) === -1) {
      this.#anchor = this.#nextAnchor(before, this.#anchor);
    }
    if (this.#focused && this.#indexOf(this.#current) === -1) {
      this.#passFocusOn(before);
    }
  }

  /** The focused card goes: the one that takes its place gets the focus. */
  #passFocusOn(before: readonly Card[]): void {
    const index = before.findIndex((card) => card.card === this.#current);
    const next = this.#rows[Math.min(Math.max(index, 0), this.#rows.length - 1)];
    this.#current = next?.card ?? null;
    this.#refocus = next !== undefined;
    this.#focused = next !== undefined;
  }

  /** What is not to be moved: the card that has the focus, if it is in sight; else the first one in sight. */
  #anchorAt(top: number): Anchor | null {
    const first = rowAt(this.#layout, top);
    const current = this.#focused ? this.#indexOf(this.#current) : -1;
    const index = current >= first && current <= rowAt(this.#layout, top + this.#sight) ? current : first;
    const card = this.#rows[index];
    return card ? { card: card.card, below: top - (this.#layout.edges[index] ?? 0) } : null;
  }

  /** The card at the upper edge has gone: the first one below it that is still there stays where it was. */
  #nextAnchor(before: readonly Card[], gone: Anchor): Anchor | null {
    const from = before.findIndex((card) => card.card === gone.card);
    const there = new Set(this.#rows.map((card) => card.card));
    const index = before.findIndex((card, at) => at > from && there.has(card.card));
    const next = before[index];
    return next ? { card: next.card, below: this.#top - (this.#layout.edges[index] ?? 0) } : null;
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
    let moved = false;
    for (const element of rendered) {
      const key = element.card?.card;
      const height = element.parentElement?.getBoundingClientRect().height ?? 0;
      if (key !== undefined && height > 0 && this.#heights.get(key) !== height) {
        this.#heights.set(key, height);
        moved = true;
      }
    }
    this.#keepAnchor(rendered);
    if (this.#refocus) {
      this.#refocus = false;
      void this.#focusRow(this.#indexOf(this.#current));
    }
    if (moved) {
      // Gaps stand for rows that were not measured, so this is how the rows stand now.
      this.#layOut();
      this.requestUpdate();
    }
    this.#loadIfNearEnd();
  }

  /** What is read stays where it is on the screen. */
  #keepAnchor(rendered: readonly CardElement[]): void {
    const anchor = this.#anchor;
    const row = anchor && rendered.find((element) => element.card?.card === anchor.card)?.parentElement;
    if (row) {
      const top = Math.max(0, row.offsetTop + anchor.below);
      if (Math.abs(top - this.scrollTop) >= 1) {
        this.scrollTop = top;
      }
      this.#top = this.scrollTop;
    }
  }

  #spanAt(top: number): Span {
    return between(this.#layout, top - MARGIN, top + this.#sight + MARGIN);
  }

  readonly #scrolled = (): void => {
    this.#top = this.scrollTop;
    const span = this.#spanAt(this.#top);
    if (span.from !== this.#span.from || span.to !== this.#span.to || (this.#held > 0 && this.#top <= 4)) {
      this.requestUpdate();
    }
    this.#loadIfNearEnd();
  };

  #resized(): void {
    this.#sight = this.clientHeight;
    this.requestUpdate();
  }

  #loadIfNearEnd(): void {
    const left = (this.#layout.edges.at(-1) ?? 0) - this.#top - this.#sight;
    if (this.more && !this.loading && !this.problem && this.#sight > 0 && left < NEAR) {
      this.#older();
    }
  }

  readonly #older = (): void => {
    this.dispatchEvent(new CustomEvent("older"));
  };

  readonly #letIn = (event: MouseEvent): void => {
    this.settle();
    this.#held = 0;
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
    const onCard = (event.composedPath()[0] as Element).localName === "article";
    if (!card || event.defaultPrevented || event.altKey || event.metaKey || event.shiftKey) {
      return;
    }
    if (event.ctrlKey) {
      if (event.key === "End") {
        event.preventDefault();
        this.renderRoot.querySelector<HTMLElement>(".end")?.focus();
      }
      return;
    }
    const index = this.#indexOf(card.card);
    switch (event.key) {
      case "j":
      case "ArrowDown":
      case "PageDown":
        void this.#focusRow(index + 1);
        break;
      case "k":
      case "ArrowUp":
      case "PageUp":
        void this.#focusRow(index - 1);
        break;
      case "Home":
        void this.#focusRow(0);
        break;
      case "End":
        void this.#focusRow(this.#rows.length - 1);
        break;
      case "e":
        this.#mark({ card, change: { archived: true } });
        break;
      case "u":
        this.#mark({ card, change: { read: !card.read } });
        break;
      case "Enter":
        if (!onCard) {
          return;
        }
        (target as CardElement).open();
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  async #focusRow(wanted: number): Promise<void> {
    const index = Math.max(0, Math.min(wanted, this.#rows.length - 1));
    const card = this.#rows[index];
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
    this.#anchor = null;
    this.#top = this.scrollTop;
  }

  #indexOf(key: string | null): number {
    return key === null ? -1 : this.#rows.findIndex((card) => card.card === key);
  }
}

define("belfry-feed", FeedElement);

declare global {
  interface HTMLElementTagNameMap {
    "belfry-feed": FeedElement;
  }
}
