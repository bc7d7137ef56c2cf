import type { Unsubscribe } from "./types.ts";

/** Who wants to be told of something. */
export class Listeners<Told extends unknown[]> {
  readonly #listeners = new Set<(...told: Told) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (...told: Told) => void): Unsubscribe {
    // One of its own each time: the same function may be given twice.
    const own = (...told: Told): void => {
      listener(...told);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** What one of them does wrong must not keep the others from being told, nor stay unseen. */
  call(...told: Told): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...told);
      } catch (error) {
        console.error("belfry: a listener failed", error);
      }
    }
  }
}
