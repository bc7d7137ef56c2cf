/** Cards in the order of their positions, which is kept as they come and go: nothing is ever sorted as a whole. */

import type { Card } from "./types.ts";

interface Current {
  readonly cards: readonly Card[];
  /** From when until when they are the current ones, if nothing is put or removed. */
  readonly from: number;
  readonly until: number;
}

export class Shelf {
  #cards = new Map<string, Card>();
  /** By position, the newest last: that is where most of them are put. */
  #order: Card[] = [];
  /** When they expire, as of Date.now: of those that do. */
  #expiries = new Map<string, number>();
  #current: Current | null = null;

  get(key: string): Card | null {
    return this.#cards.get(key) ?? null;
  }

  put(card: Card): void {
    const other = this.#cards.get(card.card);
    if (other !== undefined && same(other, card)) return;
    if (other?.position === card.position) {
      this.#order[this.#find(other)] = card;
    } else {
      this.remove(card.card);
      this.#order.splice(this.#find(card), 0, card);
    }
    this.#cards.set(card.card, card);
    if (card.expiresAt === undefined) this.#expiries.delete(card.card);
    else this.#expiries.set(card.card, Date.parse(card.expiresAt));
    this.#current = null;
  }

  remove(key: string): void {
    const card = this.#cards.get(key);
    if (card === undefined) return;
    this.#order.splice(this.#find(card), 1);
    this.#cards.delete(key);
    this.#expiries.delete(key);
    this.#current = null;
  }

  /** Those that have not expired, newest first: the same array until there are others. */
  current(now: number): readonly Card[] {
    if (this.#current === null || now < this.#current.from || now >= this.#current.until) {
      const cards: Card[] = [];
      for (let index = this.#order.length - 1; index >= 0; index--) {
        const card = this.#order[index];
        if (card !== undefined && !this.#expired(card, now)) cards.push(card);
      }
      this.#current = { cards, from: now, until: this.nextExpiry(now) };
    }
    return this.#current.cards;
  }

  /** When the next of them expires; infinity: none will. */
  nextExpiry(now: number): number {
    let next = Infinity;
    for (const expiry of this.#expiries.values()) if (expiry > now && expiry < next) next = expiry;
    return next;
  }

  #expired(card: Card, now: number): boolean {
    if (card.expiresAt === undefined) return false;
    const expiry = this.#expiries.get(card.card);
    return expiry !== undefined && expiry <= now;
  }

  /** Where a card is, or would have to be put. */
  #find(card: Card): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#order[middle];
      if (other !== undefined && before(other, card)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function before(card: Card, other: Card): boolean {
  return card.position < other.position || (card.position === other.position && card.card < other.card);
}

/** Whether one of them can stand for the other: copies for other audiences differ in `at`. */
function same(card: Card, other: Card): boolean {
  return (
    card.position === other.position &&
    card.at === other.at &&
    card.read === other.read &&
    card.archived === other.archived
  );
}
