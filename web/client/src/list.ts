/** A list of cards that somebody looks at. */

import { BelfryError } from "./errors.ts";
import { COMPLETE, UNLOADED, matches } from "./horizons.ts";
import { Listeners } from "./listeners.ts";
import type { Store } from "./store.ts";
import type { Card, CardList, Filter, Problem, Unsubscribe } from "./types.ts";

/** The cards and horizon of a list, as they were last looked at. */
interface Seen {
  readonly shown: readonly Card[] | null;
  readonly horizon: string;
  readonly cards: readonly Card[];
}

interface Told {
  readonly cards: readonly Card[];
  readonly more: boolean;
  readonly loading: boolean;
  readonly problem: Problem | null;
}

export class StoredList implements CardList {
  readonly #store: Store;
  readonly #filter: Filter;
  readonly #load: (before: string | null) => Promise<void>;
  readonly #listeners = new Listeners<[]>();
  #stop: Unsubscribe | null = null;
  #seen: Seen = { shown: null, horizon: UNLOADED, cards: [] };
  #loading: Promise<void> | null = null;
  #problem: Problem | null = null;
  #told: Told;
  #telling = false;

  /** `load` fetches the cards from below a position on (null: the newest) and has the store take them. */
  constructor(store: Store, filter: Filter, load: (before: string | null) => Promise<void>) {
    this.#store = store;
    this.#filter = filter;
    this.#load = load;
    this.#told = this.#current();
  }

  get cards(): readonly Card[] {
    return this.#look().cards;
  }

  get more(): boolean {
    return this.#look().horizon !== COMPLETE;
  }

  get loading(): boolean {
    return this.#loading !== null;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  async loadMore(): Promise<void> {
    if (this.#loading === null) {
      if (!this.more) return;
      this.#loading = this.#loadMore().finally(() => {
        this.#loading = null;
        this.#tell();
      });
      this.#tell();
    }
    await this.#loading;
  }

  observe(listener: () => void): Unsubscribe {
    if (this.#listeners.size === 0) {
      this.#told = this.#current();
      this.#stop = this.#store.observeCards(() => {
        this.#tell();
      });
    }
    const remove = this.#listeners.add(listener);
    return () => {
      remove();
      if (this.#listeners.size === 0) this.#stop?.();
    };
  }

  async #loadMore(): Promise<void> {
    const { horizon } = this.#look();
    try {
      await this.#load(horizon === UNLOADED ? null : horizon);
      this.#problem = null;
    } catch (error) {
      if (!(error instanceof BelfryError)) throw error;
      this.#problem = error;
    }
  }

  /** The same array for as long as it has the same cards. */
  #look(): Seen {
    const { shown } = this.#store;
    const horizon = this.#store.horizon(this.#filter);
    if (this.#seen.shown !== shown || this.#seen.horizon !== horizon) {
      const cards = shown.filter((card) => card.position >= horizon && matches(card, this.#filter));
      const { cards: before } = this.#seen;
      const same = cards.length === before.length && cards.every((card, index) => card === before[index]);
      this.#seen = { shown, horizon, cards: same ? before : cards };
    }
    return this.#seen;
  }

  #current(): Told {
    return { cards: this.cards, more: this.more, loading: this.loading, problem: this.problem };
  }

  /** Once for all that happens in this turn of the event loop, and not at all if nothing came of it. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      const current = this.#current();
      const told = this.#told;
      this.#told = current;
      if (
        current.cards !== told.cards ||
        current.more !== told.more ||
        current.loading !== told.loading ||
        current.problem !== told.problem
      ) {
        this.#listeners.call();
      }
    });
  }
}
