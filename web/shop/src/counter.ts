/**
 * The counter, over which orders go from the customer's page to the back office.
 *
 * A real shop has a server and a database there. This one has neither: orders are kept in this browser, and the page
 * of the back office does what the server would do, and sends the alerts.
 */

import { PROGRESS, type Order, type Progress } from "./orders.ts";

/** An order on the counter. */
export interface Held {
  readonly order: Order;
  /** What the customer was told last; null: the shop has not taken it yet. */
  readonly progress: Progress | null;
}

const KEY = "hearth-and-oak.counter";
const LOCK = "hearth-and-oak.counter";
/** Orders that are kept, the newest. */
const MOST = 12;

export class Counter {
  /** Newest first. */
  get orders(): readonly Held[] {
    const kept = localStorage.getItem(KEY);
    return kept ? (JSON.parse(kept) as readonly Held[]) : [];
  }

  async place(order: Order): Promise<void> {
    await this.#change((orders) => [{ order, progress: null }, ...orders].slice(0, MOST));
  }

  /** Never back: of two pages that see to an order, the one that is late does not undo what the other did. */
  async advance(id: string, progress: Progress): Promise<void> {
    const isBehind = ({ order, progress: before }: Held): boolean =>
      order.id === id && (before === null || PROGRESS.indexOf(before) < PROGRESS.indexOf(progress));
    await this.#change((orders) => orders.map((held) => (isBehind(held) ? { ...held, progress } : held)));
  }

  /** Called when an order was placed, or went on, in any page. */
  observe(listener: () => void): () => void {
    const here = (event: StorageEvent): void => {
      if (event.key === KEY) listener();
    };
    addEventListener("storage", here);
    this.#listeners.add(listener);
    return () => {
      removeEventListener("storage", here);
      this.#listeners.delete(listener);
    };
  }

  readonly #listeners = new Set<() => void>();

  async #change(change: (orders: readonly Held[]) => readonly Held[]): Promise<void> {
    await navigator.locks.request(LOCK, () => {
      localStorage.setItem(KEY, JSON.stringify(change(this.orders)));
    });
    // Other pages hear of it from the browser; this one does not.
    for (const listener of this.#listeners) listener();
  }
}
