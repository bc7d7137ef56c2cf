import type { Card } from "@belfry/client";
import { beginsDay } from "./days.ts";
import { forgetGone } from "./gone.ts";
import { Order } from "./order.ts";
import { between, layOut, pieces, rowAt, type Piece, type Rows, type Span } from "./window.ts";

/** A row's height in pixels, until it has been seen. */
const ESTIMATE = 94;
/** How far beyond what is in sight rows are rendered, in pixels. */
const MARGIN = 600;
/** Up to here, in pixels, a list stands at its top. */
const AT_TOP = 4;

/** What is not to move on the screen, whatever changes around it. */
export interface Anchor {
  readonly card: string;
  /** How far the upper edge of what is in sight lies below the card's, in pixels; negative: above. */
  readonly below: number;
}

/** Where somebody is in a long list, and what of it is to be rendered. It knows pixels, but no document. */
export class Reading {
  /** As they stand on the screen. */
  cards: readonly Card[] = [];
  /** Which of them begin a day. */
  begins: readonly boolean[] = [];
  /** How many have come and wait to be let in. */
  held = 0;
  pieces: readonly Piece[] = [];
  anchor: Anchor | null = null;
  /** From where on it is seen, and how much of it, in pixels. */
  top = 0;
  sight = 800;

  readonly #order = new Order();
  readonly #heights = new Map<string, number>();
  #layout: Rows = layOut(0, () => 0);
  #span: Span = { from: 0, to: 0 };

  /** Begin anew: at the top, with everything let in. */
  settle(): void {
    this.#order.settle();
    this.top = 0;
    this.anchor = null;
  }

  /** Something is about to change: the card that has the focus shall stay where it is, else the first one in sight. */
  holdStill(focused: string | null): void {
    const first = rowAt(this.#layout, this.top);
    const last = rowAt(this.#layout, this.top + this.sight);
    const index = this.indexOf(focused);
    this.anchor =
      this.top > 0 ? this.#anchorAt(this.cards, index >= first && index <= last ? index : first) : null;
  }

  /**
   * Take in what there is.
   *
   * @param cards newest first.
   * @param occupied whether the focus is in the list.
   */
  arrange(cards: readonly Card[], occupied: boolean): void {
    const before = this.cards;
    const seen = between(this.#layout, this.top, this.top + this.sight);
    const inSight = new Set(before.slice(seen.from, seen.to).map((card) => card.card));
    const arrangement = this.#order.arrange(cards, this.top > AT_TOP || occupied, inSight);
    this.cards = arrangement.cards;
    this.held = arrangement.held;
    this.begins = beginsDay(this.cards);
    forgetGone(this.#heights, cards);
    const { anchor } = this;
    if (anchor && this.indexOf(anchor.card) === -1) {
      // It has gone: the first one below it that is still there takes its part.
      const there = new Set(this.cards.map((card) => card.card));
      const from = before.findIndex((card) => card.card === anchor.card);
      this.anchor = this.#anchorAt(
        before,
        before.findIndex((card, index) => index > from && there.has(card.card)),
      );
    }
  }

  /** Lay out the rows, and choose those to render: those near what is in sight, and the one that has the focus. */
  place(focused: string | null): void {
    this.#layOut();
    if (this.anchor) {
      this.top = Math.max(0, this.#edge(this.indexOf(this.anchor.card)) + this.anchor.below);
    }
    this.#span = this.#near();
    const index = this.indexOf(focused);
    this.pieces = pieces(this.#layout, this.#span, index === -1 ? null : index);
  }

  /** Rendered rows are as high as this. Returns whether that is news. */
  measured(heights: ReadonlyMap<string, number>): boolean {
    let news = false;
    for (const [card, height] of heights) {
      if (height > 0 && this.#heights.get(card) !== height) {
        this.#heights.set(card, height);
        news = true;
      }
    }
    if (news) {
      // The gaps stand for rows that were not measured, so this is how all rows stand now.
      this.#layOut();
    }
    return news;
  }

  /** Whether, where it is seen now, other rows are to be rendered, or those that wait may come in. */
  get stale(): boolean {
    const { from, to } = this.#near();
    return from !== this.#span.from || to !== this.#span.to || (this.held > 0 && this.top <= AT_TOP);
  }

  /** How much of it lies below what is in sight, in pixels. */
  get left(): number {
    return this.#edge(this.cards.length) - this.top - this.sight;
  }

  indexOf(key: string | null): number {
    return key === null ? -1 : this.cards.findIndex((card) => card.card === key);
  }

  #anchorAt(cards: readonly Card[], index: number): Anchor | null {
    const card = cards[index];
    return card ? { card: card.card, below: this.top - this.#edge(index) } : null;
  }

  #near(): Span {
    return between(this.#layout, this.top - MARGIN, this.top + this.sight + MARGIN);
  }

  #edge(index: number): number {
    return this.#layout.edges[index] ?? 0;
  }

  #layOut(): void {
    this.#layout = layOut(
      this.cards.length,
      (index) => this.#heights.get(this.cards[index]?.card ?? "") ?? ESTIMATE,
    );
  }
}
