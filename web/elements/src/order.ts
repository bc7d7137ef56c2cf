import type { Card } from "@belfry/client";
import { forgetGone } from "./gone.ts";

/** What is on the screen, in which order. */
export interface Arrangement {
  readonly cards: readonly Card[];
  /** How many have come that are not in their place yet, because somebody reads. */
  readonly held: number;
}

/**
 * Where each card stands on the screen.
 *
 * Cards are newest first, but somebody reads them: so a card that is in sight stays where it is when a newer revision
 * replaces it, and while the reader holds the list, what is new waits until it is let in.
 */
export class Order {
  /** The position at which each card was placed; kept for a while when it goes, for it may come back. */
  readonly #places = new Map<string, string>();
  #newest = "";

  /**
   * @param cards newest first.
   * @param hold whether nothing may appear above what is read.
   * @param inSight the cards that the reader sees now.
   */
  arrange(cards: readonly Card[], hold: boolean, inSight: ReadonlySet<string>): Arrangement {
    const shown: { readonly card: Card; readonly place: string }[] = [];
    const holding = hold && this.#newest !== "";
    let newest = this.#newest;
    let held = 0;
    let sorted = true;
    for (const card of cards) {
      let place = this.#places.get(card.card);
      if (place === undefined && holding && card.position > this.#newest) {
        held += 1;
        continue;
      }
      if (place !== undefined && place < card.position && !inSight.has(card.card)) {
        if (holding) {
          held += 1;
        } else {
          place = undefined;
        }
      }
      if (place === undefined) {
        place = card.position;
        this.#places.set(card.card, place);
        newest = newest < place ? place : newest;
      }
      const previous = shown.at(-1);
      sorted &&= previous === undefined || previous.place >= place;
      shown.push({ card, place });
    }
    this.#newest = newest;
    forgetGone(this.#places, cards);
    if (!sorted) {
      shown.sort((one, other) => (one.place < other.place ? 1 : one.place > other.place ? -1 : 0));
    }
    return { cards: shown.map(({ card }) => card), held };
  }

  /** Forget all places: the next arrangement is newest first. */
  settle(): void {
    this.#places.clear();
    this.#newest = "";
  }
}
