/** Who wants to hear of changes, and when they are told: once for all that happens in a turn of the event loop. */

import { Listeners } from "./listeners.ts";
import type { Card, Snapshot, Unsubscribe } from "./types.ts";

export class News {
  readonly #current: () => Snapshot;
  #snapshot: Snapshot;
  #told: Snapshot;
  #dirty = false;
  readonly #observers = new Listeners<[Snapshot]>();
  readonly #cardObservers = new Listeners<[]>();
  readonly #arrivals = new Listeners<[Card]>();

  /** `current`: makes a snapshot of how things stand. */
  constructor(current: () => Snapshot) {
    this.#current = current;
    this.#told = this.#snapshot = current();
  }

  /** As things stand now: the same object until they change. */
  get snapshot(): Snapshot {
    const current = this.#current();
    if (!sameSnapshot(current, this.#snapshot)) this.#snapshot = current;
    return this.#snapshot;
  }

  observe(listener: (snapshot: Snapshot) => void): Unsubscribe {
    return this.#observers.add(listener);
  }

  observeCards(listener: () => void): Unsubscribe {
    return this.#cardObservers.add(listener);
  }

  onArrival(listener: (card: Card) => void): Unsubscribe {
    return this.#arrivals.add(listener);
  }

  /** A card has come: said at once. */
  arrived(card: Card): void {
    this.#arrivals.call(card);
  }

  /** Something may have changed. */
  changed(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => {
      this.#dirty = false;
      const told = this.#told;
      const snapshot = (this.#told = this.snapshot);
      this.#cardObservers.call();
      if (snapshot !== told) this.#observers.call(snapshot);
    });
  }
}

function sameSnapshot(left: Snapshot, right: Snapshot): boolean {
  return (
    left.connection === right.connection &&
    left.unread === right.unread &&
    left.loaded === right.loaded &&
    left.queued === right.queued &&
    left.user === right.user
  );
}
