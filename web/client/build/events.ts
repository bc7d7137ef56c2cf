type Listener = (...given: readonly unknown[]) => void;

/** As much of Node's `EventEmitter` as the official client uses. */
export default class EventEmitter {
  readonly #listeners = new Map<string, readonly Listener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#of(event), listener]);
    return this;
  }

  /** The one that was added last, if it was added several times. */
  removeListener(event: string, listener: Listener): this {
    const listeners = this.#of(event);
    const index = listeners.lastIndexOf(listener);
    this.#listeners.set(
      event,
      listeners.filter((_, other) => other !== index),
    );
    return this;
  }

  /** Call those that listen now, in the order in which they were added. */
  emit(event: string, ...given: readonly unknown[]): boolean {
    const listeners = this.#of(event);
    for (const listener of listeners) listener.apply(this, [...given]);
    return listeners.length > 0;
  }

  #of(event: string): readonly Listener[] {
    return this.#listeners.get(event) ?? [];
  }
}
