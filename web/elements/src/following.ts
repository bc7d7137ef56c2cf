import type { BelfryClient, Problem } from "@belfry/client";
import { attempt } from "./saver.ts";

/** Which topics a person follows: as they want it at once, and as it was if the server does not let them. */
export class Following {
  readonly #client: Pick<BelfryClient, "subscribe" | "unsubscribe">;
  readonly #changed: () => void;
  /** As the server has it. */
  readonly #subscribed: Set<string>;
  /** As it is wanted, where that is on its way. */
  readonly #wanted = new Map<string, boolean>();
  readonly #problems = new Map<string, Problem>();

  constructor(
    client: Pick<BelfryClient, "subscribe" | "unsubscribe">,
    subscribed: Iterable<string>,
    changed: () => void,
  ) {
    this.#client = client;
    this.#subscribed = new Set(subscribed);
    this.#changed = changed;
  }

  /** All that are followed, as the server has it. */
  get topics(): readonly string[] {
    return [...this.#subscribed];
  }

  has(topic: string): boolean {
    return this.#wanted.get(topic) ?? this.#subscribed.has(topic);
  }

  /** Why the last change of a topic was taken back. */
  problem(topic: string): Problem | null {
    return this.#problems.get(topic) ?? null;
  }

  set(topic: string, followed: boolean): void {
    const busy = this.#wanted.has(topic);
    this.#wanted.set(topic, followed);
    this.#problems.delete(topic);
    this.#changed();
    if (!busy) {
      void this.#run(topic);
    }
  }

  async #run(topic: string): Promise<void> {
    for (;;) {
      const wanted = this.#wanted.get(topic);
      if (wanted === undefined || wanted === this.#subscribed.has(topic)) {
        break;
      }
      const problem = await attempt(() =>
        wanted ? this.#client.subscribe(topic) : this.#client.unsubscribe(topic),
      );
      if (problem) {
        this.#problems.set(topic, problem);
        break;
      }
      if (wanted) {
        this.#subscribed.add(topic);
      } else {
        this.#subscribed.delete(topic);
      }
    }
    this.#wanted.delete(topic);
    this.#changed();
  }
}
