/**
 * How many of the unread cards are not known here.
 *
 * Those that are known are counted as they change. For the others there is only what the server has counted, and when
 * that may not hold any more it is asked again, for guesses would add up.
 */

import type { Kept } from "./input.ts";

/** The server counts up to here. */
const MANY = 100;

export class UnreadCount {
  #beyond = 0;
  /** Whether the server counted no further than it does, so that there may be more of them. */
  #many = false;
  #counted = false;
  #doubtful = false;

  /** Whether there are any unread cards that are not known here. */
  get reachesBeyond(): boolean {
    return this.#beyond > 0 || this.#many;
  }

  /**
   * The server has counted. `known`: the unread cards that are known here, what waits left aside. `exact`: it counted the
   * same ones. `anew`: the history was loaded anew, and all before counts no more.
   */
  answered(unread: number, known: number, { exact, anew = false }: { exact: boolean; anew?: boolean }): void {
    if (!exact && !anew && this.#counted) {
      this.#doubtful = true;
      return;
    }
    this.#beyond = Math.max(0, unread - known);
    this.#many = unread >= MANY;
    this.#counted = true;
    this.#doubtful = !exact;
  }

  /** The history has brought cards that were not known here, so many unread ones among them. */
  broughtIn(unread: number): void {
    this.#beyond = Math.max(0, this.#beyond - Math.max(0, unread));
  }

  /** So many unread cards are not known here any more. */
  letGo(unread: number): void {
    this.#beyond += unread;
  }

  /** Something has happened that may concern cards that are not known here; `surely`: it does. */
  doubt(surely = false): void {
    this.#doubtful ||= surely || this.reachesBeyond;
  }

  /** All unread cards, up to 100. `known`: those that are known here; `alone`: there can be no others. */
  total(known: number, alone: boolean): number {
    return Math.min(known + (alone ? 0 : this.#beyond), MANY);
  }

  /** Whether the server should be asked. */
  isDoubtful(known: number, alone: boolean): boolean {
    return this.#doubtful || (this.#many && !alone && this.total(known, alone) < MANY);
  }

  get kept(): Pick<Kept, "beyond" | "many"> {
    return { beyond: this.#beyond, many: this.#many };
  }

  restore({ beyond, many }: Pick<Kept, "beyond" | "many">): void {
    this.#beyond = beyond;
    this.#many = many;
    this.#counted = true;
    this.#doubtful = false;
  }
}
