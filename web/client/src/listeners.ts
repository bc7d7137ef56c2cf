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

  /** A listener's mistake is its own: it is reported as any other that nobody catches, and nothing stops. */
  call(...told: Told): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...told);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
