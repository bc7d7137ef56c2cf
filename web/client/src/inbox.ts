/** What the server is asked about a person's inbox, and what is made of its answers. */

import type { Api } from "./api.ts";
import { BelfryError, SignedOutError } from "./errors.ts";
import { after, queryOf } from "./horizons.ts";
import type { Outcome, Said } from "./outbox.ts";
import type { Input } from "./input.ts";
import type { Store } from "./store.ts";
import type { Filter } from "./types.ts";
import type { Changes, Mark, Page } from "./wire.ts";

/** Cards of the first page, and of each further one. */
const FIRST = 100;
const FURTHER = 50;
/** Milliseconds by which what the server has counted may be older than its answer, with some to spare. */
const COUNT_AGE = 2_000;

interface Seams {
  readonly api: Api;
  readonly store: Store;
  /** Have every tab take it. */
  readonly apply: (input: Input) => void;
  readonly clock: () => number;
  /** Whether nobody takes anything any more: then there is no end to what would have to be asked for. */
  readonly over: () => boolean;
  /** The server does not accept the token. */
  readonly onSignedOut: () => void;
}

export class Inbox {
  readonly #seams: Seams;
  #catchingUp: Promise<void> = Promise.resolve();

  constructor(seams: Seams) {
    this.#seams = seams;
  }

  /** Take in everything since the last time: all of it, or the history anew. Rejects with a `BelfryError`. */
  catchUp(): Promise<void> {
    return this.#oneByOne(async () => {
      if (this.#seams.store.sync === "") await this.#renew();
      else await this.#changes();
    });
  }

  /** Begin anew with the newest page of the history. Rejects with a `BelfryError`. */
  renew(): Promise<void> {
    return this.#oneByOne(() => this.#renew());
  }

  /** Load a page of a list, from below a position on; null: the newest. Rejects with a `BelfryError`. */
  async load(filter: Filter, before: string | null, limit = FURTHER): Promise<void> {
    const query = { limit, ...queryOf(filter), ...(before === null ? {} : { before }) };
    const { page, exact } = await this.#history(query);
    this.#seams.apply({ kind: "page", filter, before, page, exact });
  }

  /** Load cards that are missing in between. Rejects with a `BelfryError`. */
  async mend(): Promise<void> {
    const { store, over } = this.#seams;
    for (let { missing } = store; missing !== null && !over(); { missing } = store) {
      const before = after(missing);
      const { page, exact } = await this.#history({ limit: FURTHER, before });
      this.#seams.apply({ kind: "mended", before, page, exact });
    }
  }

  /** Ask for the unread count. Rejects with a `BelfryError`. */
  count(): Promise<void> {
    return this.load({}, null, 1);
  }

  /** Send something that was said; what is settled has left the queue. */
  async send(said: Said): Promise<Outcome> {
    const { apply, onSignedOut } = this.#seams;
    try {
      const answer = await ("upTo" in said ? this.#markAll(said.upTo) : this.#mark(said));
      apply({ kind: "settled", id: said.id, answer });
      return "settled";
    } catch (error) {
      if (!(error instanceof BelfryError)) throw error;
      if (error instanceof SignedOutError) onSignedOut();
      if (error instanceof SignedOutError || error.passing) return { again: (error.retryAfter ?? 0) * 1000 };
      // The card was withdrawn, has expired, or has a newer revision: what is shown here is behind.
      apply({ kind: "settled", id: said.id, answer: null });
      this.catchUp().catch((reason: unknown) => {
        if (!(reason instanceof BelfryError)) throw reason;
        if (reason instanceof SignedOutError) onSignedOut();
      });
      return "settled";
    }
  }

  #mark({ card, position, read, archived }: Exclude<Said, { upTo: string }>): Promise<Mark> {
    const body = { read, archived, position };
    return this.#seams.api.request<Mark>("PATCH", `/alerts/${encodeURIComponent(card)}`, { body });
  }

  async #markAll(upTo: string): Promise<{ readUpTo: string }> {
    const { api, store } = this.#seams;
    const answer = await api.request<{ readUpTo: string }>("POST", "/alerts/read", { body: { upTo } });
    // What it did to cards that are unknown here, or were marked as unread, is in no answer but this one.
    if (store.sync !== "" && store.reachesBeyond(answer.readUpTo)) await this.catchUp();
    return answer;
  }

  async #changes(): Promise<void> {
    const { api, store, apply, over } = this.#seams;
    for (let more = true; more && !over();) {
      try {
        const asked = this.#seams.clock();
        const changes = await api.request<Changes>("GET", "/alerts/changes", {
          query: { since: store.sync },
        });
        apply({ kind: "changes", changes, exact: this.#exact(asked) });
        more = changes.more;
      } catch (error) {
        // Too old, or sealed with another key: there is no way on from here.
        if (!(error instanceof BelfryError) || error.code !== "sync-expired") throw error;
        await this.#renew();
        return;
      }
    }
  }

  async #renew(): Promise<void> {
    // Said before the request, so that no frame that comes meanwhile is lost.
    this.#seams.apply({ kind: "renewing" });
    try {
      const { page, exact } = await this.#history({ limit: FIRST });
      this.#seams.apply({ kind: "first", page, exact });
    } catch (error) {
      this.#seams.apply({ kind: "abandoned" });
      throw error;
    }
  }

  async #history(query: Record<string, string | number>): Promise<{ page: Page; exact: boolean }> {
    const asked = this.#seams.clock();
    const page = await this.#seams.api.request<Page>("GET", "/alerts", { query });
    return { page, exact: this.#exact(asked) };
  }

  #exact(asked: number): boolean {
    const { store } = this.#seams;
    return store.queue.length === 0 && store.touched < asked - COUNT_AGE;
  }

  #oneByOne(work: () => Promise<void>): Promise<void> {
    const done = this.#catchingUp.then(work);
    this.#catchingUp = done.catch(() => undefined);
    return done;
  }
}
