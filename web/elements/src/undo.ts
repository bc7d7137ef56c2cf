import type { Card } from "@belfry/client";

export interface Undoable {
  readonly card: string;
  readonly title: string;
  /** What takes it back. */
  readonly change: { readonly read?: boolean; readonly archived?: boolean };
}

/** How many steps can be taken back. */
const DEPTH = 50;

/** What was done with cards, to be taken back: the last one first. */
export class UndoStack {
  readonly #done: Undoable[] = [];

  /** A change is about to be made. */
  push(
    { card, title, read, archived }: Card,
    change: { readonly read?: boolean; readonly archived?: boolean },
  ): void {
    this.#done.push({
      card,
      title,
      change: {
        ...(change.read === undefined ? {} : { read }),
        ...(change.archived === undefined ? {} : { archived }),
      },
    });
    if (this.#done.length > DEPTH) {
      this.#done.shift();
    }
  }

  clear(): void {
    this.#done.length = 0;
  }

  pop(): Undoable | undefined {
    return this.#done.pop();
  }
}
