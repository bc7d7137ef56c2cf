/** Clicks for which windows were opened, until a page is ready. A worker that forgets one leaves a card unread. */

import type { Opening } from "./speaking.ts";

/** How long a page may take until it is ready, signing in included. */
export const PATIENCE_MILLISECONDS = 120_000;

interface Click {
  readonly opening: Opening;
  /** Whose notification it was; null: it does not say. */
  readonly account: string | null;
  readonly until: number;
}

export class Unclaimed {
  #clicks: readonly Click[] = [];
  readonly #now: () => number;

  /** `now`: milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(opening: Opening, account: string | null): void {
    this.#clicks = [...this.#clicks, { opening, account, until: this.#now() + PATIENCE_MILLISECONDS }];
  }

  /** A page of this person is ready; null: nobody knows whose. Returns, once, what was clicked for it. */
  take(account: string | null): readonly Opening[] {
    const now = this.#now();
    const waiting = this.#clicks.filter(({ until }) => until >= now);
    const mine = waiting.filter((click) => [null, account].includes(click.account) || account === null);
    this.#clicks = waiting.filter((click) => !mine.includes(click));
    return mine.map(({ opening }) => opening);
  }
}
