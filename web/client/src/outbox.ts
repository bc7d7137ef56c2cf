/** What the person has said and the server has not confirmed: a queue, what it makes of cards, and how it is sent. */

import { pause, waits, type Observable } from "./backoff.ts";
import { inState } from "./rule.ts";
import type { Card } from "./types.ts";

/** The person has marked one revision of a card. What is undefined stays as it was. */
export interface SaidOfOne {
  readonly id: string;
  readonly card: string;
  /** Of the revision that they saw. */
  readonly position: string;
  /** When that was stored. */
  readonly at: string;
  readonly read?: boolean;
  readonly archived?: boolean;
}

/** The person has marked everything as read that was stored up to a moment. */
export interface SaidOfAll {
  readonly id: string;
  readonly upTo: string;
}

export type Said = SaidOfOne | SaidOfAll;

/**
 * The queue with one thing more said; what it makes superfluous is left out.
 *
 * `sending`: the id of what is on its way to the server, and so can be left out no more.
 */
export function enqueue(queue: readonly Said[], said: Said, sending: string | null = null): readonly Said[] {
  if (queue.some((other) => other.id === said.id)) return queue;
  const left = queue.flatMap((other) => {
    const remaining = other.id === sending ? other : without(other, said);
    return remaining === null ? [] : [remaining];
  });
  return [...left, said];
}

/** What is left of the earlier of two. */
function without(earlier: Said, later: Said): Said | null {
  if ("upTo" in later) {
    if ("upTo" in earlier) return earlier.upTo <= later.upTo ? null : earlier;
    if (earlier.at > later.upTo || earlier.read === undefined) return earlier;
    return something(earlier, undefined, earlier.archived);
  }
  if ("upTo" in earlier || earlier.card !== later.card) return earlier;
  if (earlier.position > later.position) return earlier;
  if (earlier.position < later.position) return null;
  const { read, archived } = earlier;
  return something(
    earlier,
    later.read === undefined ? read : undefined,
    later.archived === undefined ? archived : undefined,
  );
}

/** The same about other fields; null: about none. */
function something(
  { id, card, position, at }: SaidOfOne,
  read: boolean | undefined,
  archived: boolean | undefined,
): SaidOfOne | null {
  if (read === undefined && archived === undefined) return null;
  return {
    id,
    card,
    position,
    at,
    ...(read === undefined ? {} : { read }),
    ...(archived === undefined ? {} : { archived }),
  };
}

/** How cards look to whoever takes it for granted that everything in a queue will be done. */
export class Expectation {
  readonly #queue: readonly Said[];
  readonly #upTo: string;
  readonly #marked = new Set<string>();
  readonly #seen = new WeakMap<Card, Card>();

  constructor(queue: readonly Said[]) {
    this.#queue = queue;
    this.#upTo = queue.reduce((upTo, said) => ("upTo" in said && said.upTo > upTo ? said.upTo : upTo), "");
    for (const said of queue) if (!("upTo" in said)) this.#marked.add(said.card);
  }

  /** The card as it will be: the same object each time, and the card itself where nothing was said of it. */
  of(card: Card): Card {
    if (card.at > this.#upTo && !this.#marked.has(card.card)) return card;
    let seen = this.#seen.get(card);
    if (seen === undefined) {
      seen = inState(card, this.#stateOf(card));
      this.#seen.set(card, seen);
    }
    return seen;
  }

  #stateOf(card: Card): { read: boolean; archived: boolean } {
    let { read, archived } = card;
    for (const said of this.#queue) {
      if ("upTo" in said) {
        if (card.at <= said.upTo) read = true;
      } else if (said.card === card.card && said.position === card.position) {
        read = said.read ?? read;
        archived = said.archived ?? archived;
      }
    }
    return { read, archived };
  }
}

export type Outcome =
  /** The server has confirmed or refused it: it leaves the queue. */
  | "settled"
  /** The server could not be reached, or has no time: again, after so many milliseconds or more. */
  | { readonly again: number };

interface Seams {
  /** What waits, the earliest first. */
  readonly queue: () => readonly Said[];
  /** Send one; what is settled has left the queue when this resolves. Never rejects. */
  readonly send: (said: Said) => Promise<Outcome>;
  /** Occasions to try again at once. */
  readonly onWake: Observable;
}

/** Sends what waits, one after the other and in order, for as long as it is started. */
export class Outbox {
  readonly #seams: Seams;
  #started = false;
  #running = false;
  #sending: string | null = null;
  #rest = new AbortController();

  constructor(seams: Seams) {
    this.#seams = seams;
  }

  /** The id of what is on its way. */
  get sending(): string | null {
    return this.#sending;
  }

  start(): void {
    this.#started = true;
    this.wake();
  }

  /** What is on its way is not called back. */
  stop(): void {
    this.#started = false;
    this.#rest.abort();
  }

  /** Something was said, or the server can be reached again: do not wait any longer. */
  wake(): void {
    this.#rest.abort();
    if (this.#started && !this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let wait = waits();
    for (let said = this.#next(); said !== undefined; said = this.#next()) {
      this.#rest = new AbortController();
      this.#sending = said.id;
      const outcome = await this.#seams.send(said);
      this.#sending = null;
      if (outcome === "settled") wait = waits();
      else await pause(Math.max(wait.next().value, outcome.again), this.#rest.signal, this.#seams.onWake);
    }
    this.#running = false;
  }

  #next(): Said | undefined {
    return this.#started ? this.#seams.queue()[0] : undefined;
  }
}
