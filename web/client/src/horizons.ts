/**
 * How far down each list is complete. A page that was fetched with a filter brings cards from below the edge of the
 * other lists; shown there, they would have holes between them. So a list shows what matches at or above its horizon.
 */

import type { Card, Filter, Severity } from "./types.ts";

/** The horizon of a list that has not been loaded: above every position. */
export const UNLOADED = "~";
/** The horizon of a list that has everything: below every position. */
export const COMPLETE = "";

/** Names a filter: the same for filters that mean the same. */
export function keyOf(filter: Filter): string {
  const { unread, severities, categories } = filter;
  return JSON.stringify({
    ...(unread === undefined ? {} : { unread }),
    ...(severities?.length ? { severities: [...new Set(severities)].sort() } : {}),
    ...(categories?.length ? { categories: [...new Set(categories)].sort() } : {}),
  } satisfies Filter);
}

const EVERY_CARD = keyOf({});

export function matches(card: Card, { unread, severities, categories }: Filter): boolean {
  return (
    (unread === undefined || card.read !== unread) &&
    (!severities?.length || severities.includes(card.severity)) &&
    (!categories?.length || (card.category !== undefined && categories.includes(card.category)))
  );
}

/** The filter as parameters of `GET /alerts`. */
export function queryOf({ unread, severities, categories }: Filter): Record<string, string> {
  const joined = (values: readonly string[] | readonly Severity[]): string => values.join(",");
  return {
    ...(unread === undefined ? {} : { unread: String(unread) }),
    ...(severities?.length ? { severity: joined(severities) } : {}),
    ...(categories?.length ? { category: joined(categories) } : {}),
  };
}

export class Horizons {
  /** By filter: the position down to which, and including it, every card that matches is known. */
  readonly #own = new Map<string, string>();

  of(filter: Filter): string {
    const everyCard = this.#own.get(EVERY_CARD) ?? UNLOADED;
    const own = this.#own.get(keyOf(filter)) ?? UNLOADED;
    return own < everyCard ? own : everyCard;
  }

  /** The lowest of all: what is below it is in no list. */
  get lowest(): string {
    return [...this.#own.values()].reduce((low, other) => (other < low ? other : low), UNLOADED);
  }

  /** The history was loaded anew: its first page ends here, and all else is to be loaded again. */
  reset(next: string | null): void {
    this.#own.clear();
    this.#own.set(EVERY_CARD, next ?? COMPLETE);
  }

  /** A page was added to a list: from `before` (null: from the newest) down to `next` (null: to the end). */
  extend(filter: Filter, before: string | null, next: string | null): void {
    const present = this.of(filter);
    const reached = next ?? COMPLETE;
    // The list may have been cut shorter since the page was asked for: then it does not join on.
    if (reached < present && (before === null || before >= present)) this.#own.set(keyOf(filter), reached);
  }

  /** Everything up to some moment was read: cards nobody here knows may now belong into lists of what is read. */
  readUpToMoved(): void {
    for (const key of [...this.#own.keys()]) {
      if ((JSON.parse(key) as Filter).unread === false) this.#own.delete(key);
    }
  }

  entries(): [string, string][] {
    return [...this.#own];
  }

  restore(entries: Iterable<readonly [string, string]>): void {
    this.#own.clear();
    for (const [key, horizon] of entries) this.#own.set(key, horizon);
  }

  /** What is below a position is not known any more. */
  raise(floor: string): void {
    for (const [key, horizon] of this.#own) if (horizon < floor) this.#own.set(key, floor);
  }
}

/** The lowest position above another one. */
export function after(position: string): string {
  const [milliseconds = "", number = ""] = position.split("-");
  return `${milliseconds}-${(BigInt(number) + 1n).toString().padStart(number.length, "0")}`;
}
