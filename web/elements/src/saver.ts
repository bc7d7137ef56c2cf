import type { Problem } from "@belfry/client";

/** How it stands with what was last to be saved. */
export type Saving = "idle" | "saving" | "saved" | "failed";

/** Saves one thing whenever it changes: never two requests at once, and of many changes in the meantime the last. */
export class Saver<T> {
  readonly #send: (value: T) => Promise<unknown>;
  readonly #changed: () => void;
  #state: Saving = "idle";
  #problem: Problem | null = null;
  /** What is still to be saved; null: nothing. */
  #next: { readonly value: T } | null = null;
  #busy = false;

  /** `changed`: called when `state` has changed. */
  constructor(send: (value: T) => Promise<unknown>, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
  }

  get state(): Saving {
    return this.#state;
  }

  /** Why the last one could not be saved. */
  get problem(): Problem | null {
    return this.#problem;
  }

  save(value: T): void {
    this.#next = { value };
    this.#become("saving");
    if (!this.#busy) {
      void this.#run();
    }
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#next) {
      const { value } = this.#next;
      this.#next = null;
      const problem = await attempt(() => this.#send(value));
      // How it went with a value that is old already is of no interest.
      if (!this.#waits) {
        this.#become(problem ? "failed" : "saved", problem);
      }
    }
    this.#busy = false;
  }

  get #waits(): boolean {
    return this.#next !== null;
  }

  #become(state: Saving, problem: Problem | null = null): void {
    this.#state = state;
    this.#problem = problem;
    this.#changed();
  }
}

/** Do something that may fail as requests do: resolves with why it failed, or null. Other errors are bugs. */
export async function attempt(work: () => Promise<unknown>): Promise<Problem | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isProblem(error)) {
      return error;
    }
    throw error;
  }
}

function isProblem(error: unknown): error is Problem {
  return error instanceof Error && "code" in error && "detail" in error;
}
