/** What one tab does for all: it keeps the live connection, catches up, sends what waits, and writes to storage. */

import type { Api } from "./api.ts";
import { pause, waits } from "./backoff.ts";
import { BelfryError, SignedOutError } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import { LiveConnection, type LiveStatus } from "./live.ts";
import { Outbox } from "./outbox.ts";
import { page } from "./page.ts";
import type { Connect } from "./pubsub.ts";
import type { Storage } from "./storage.ts";
import type { Input } from "./input.ts";
import type { Store } from "./store.ts";
import type { Connection, Unsubscribe } from "./types.ts";
import type { Frame } from "./wire.ts";

/** Milliseconds for which the history waits for the live connection; read after it, it need not be read twice. */
const PATIENCE = 1_500;
/** Milliseconds between two questions for changes while the live connection is down. */
const POLL = 20_000;
/** Milliseconds after a change until it is in storage. */
const WRITE = 1_000;
/** Milliseconds until the server is asked about what is missing, and for the unread count; each time longer. */
const MEND = 300;
const COUNT = 2_500;
const LONGEST_COUNT = 60_000;

interface Seams {
  readonly api: Api;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly storage: Storage | null;
  readonly connect: Connect | undefined;
  /** Have every tab take it. */
  readonly apply: (input: Input) => void;
  readonly onConnection: (connection: Connection) => void;
  /** Whom the server takes the person for. */
  readonly onUser: (user: string) => void;
}

export class Leader {
  readonly #seams: Seams;
  readonly #live: LiveConnection;
  readonly #outbox: Outbox;
  readonly #stopped = new AbortController();
  readonly #becameLive = new AbortController();
  #status: LiveStatus | null = null;
  #caughtUp = false;
  #doubtful: ReturnType<typeof setTimeout> | undefined;
  #doubts = 0;
  #unwritten: ReturnType<typeof setTimeout> | undefined;
  #ends: Unsubscribe[] = [];

  constructor(seams: Seams) {
    this.#seams = seams;
    const { api, store, inbox, connect, onUser } = seams;
    this.#live = new LiveConnection({
      connect,
      address: async () => {
        const { url, user } = await api.request<{ url: string; user: string }>("POST", "/negotiate");
        onUser(user);
        return url;
      },
      onFrame: (frame) => {
        this.#received(frame as Frame);
      },
      onReturn: () => inbox.catchUp(),
      onStatus: (status) => {
        this.#changed(status);
      },
    });
    this.#outbox = new Outbox({
      queue: () => store.queue,
      send: (said) => inbox.send(said),
      onWake: (listener) => page.onWake(listener),
    });
  }

  start(): void {
    const { store, storage } = this.#seams;
    storage?.lead();
    store.sending = () => this.#outbox.sending;
    this.#ends = [
      store.observeCards(() => {
        this.#write();
        this.#doubt();
      }),
    ];
    this.#say();
    this.#live.open();
    this.#outbox.start();
    void this.#begin();
  }

  /** What is known is written once more. `offline`: the person is not connected any more, unless it is elsewhere. */
  stop(offline = false): void {
    this.#stopped.abort();
    this.#live.close(offline);
    this.#outbox.stop();
    for (const end of this.#ends) end();
    clearTimeout(this.#doubtful);
    this.#writeNow();
    this.#seams.storage?.follow();
  }

  get #over(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Something was said. */
  wake(): void {
    this.#outbox.wake();
  }

  /** The server does not accept the token: nothing more is tried. */
  signedOut(): void {
    if (this.#stopped.signal.aborted) return;
    this.stop();
    this.#seams.onConnection("signed-out");
  }

  /** Show as much as there is as soon as possible; and when the connection stands, all. */
  async #begin(): Promise<void> {
    const { inbox } = this.#seams;
    const live =
      (await pause(PATIENCE, this.#stopped.signal, (listener) => this.#onLive(listener))) === "woken";
    await this.#persist(() => inbox.catchUp());
    if (!live) {
      while (!this.#becameLive.signal.aborted && !this.#over) await this.#poll();
      await this.#persist(() => inbox.catchUp());
    }
    this.#caughtUp = true;
    this.#say();
    while (!this.#over) await this.#poll();
  }

  /** A live connection that is down is no reason not to hear of anything. */
  async #poll(): Promise<void> {
    const interval = POLL * (0.75 + Math.random() / 2);
    await pause(interval, this.#stopped.signal, (listener) => this.#onLive(listener));
    if (this.#status === "live" || this.#over) return;
    await this.#attempt(() => this.#seams.inbox.catchUp());
  }

  /** Calls back when it is live for the first time. */
  #onLive(listener: () => void): Unsubscribe {
    const { signal } = this.#becameLive;
    signal.addEventListener("abort", listener);
    return () => {
      signal.removeEventListener("abort", listener);
    };
  }

  #changed(status: LiveStatus): void {
    this.#status = status;
    if (status === "signed-out") {
      this.signedOut();
      return;
    }
    if (status === "live") {
      this.#becameLive.abort();
      this.#outbox.wake();
    }
    this.#say();
  }

  #say(): void {
    if (this.#stopped.signal.aborted) return;
    const connected = this.#status === "live" && this.#caughtUp;
    this.#seams.onConnection(connected ? "live" : this.#status === "waiting" ? "waiting" : "connecting");
  }

  #received(frame: Frame): void {
    this.#seams.apply({ kind: "frame", frame });
    // What the person belongs to has changed, or all was erased. The open connection was put into its groups already;
    // the next one negotiates anew.
    if (frame.type === "audiences") void this.#persist(() => this.#seams.inbox.renew());
  }

  /** Doubts about what is missing in between, or about the unread count, are cleared up by asking. */
  #doubt(): void {
    const { missing, countWanted } = this.#seams.store;
    if (missing === null && !countWanted) this.#doubts = 0;
    else this.#doubtful ??= setTimeout(() => void this.#clearUp(), this.#patience(missing !== null));
  }

  #patience(missing: boolean): number {
    return Math.min((missing ? MEND : COUNT) * 2 ** this.#doubts++, LONGEST_COUNT);
  }

  async #clearUp(): Promise<void> {
    const { store, inbox } = this.#seams;
    if (this.#status === "live") {
      if (store.missing !== null) await this.#attempt(() => inbox.mend());
      else if (store.countWanted) await this.#attempt(() => inbox.count());
    }
    this.#doubtful = undefined;
    if (!this.#stopped.signal.aborted) this.#doubt();
  }

  #write(): void {
    this.#unwritten ??= setTimeout(() => {
      this.#writeNow();
    }, WRITE);
  }

  #writeNow(): void {
    clearTimeout(this.#unwritten);
    this.#unwritten = undefined;
    const kept = this.#seams.store.keep();
    if (kept !== null) void this.#seams.storage?.write(kept);
  }

  /** Try until it succeeds. */
  async #persist(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    for (let wait = waits(); !this.#over && !(await this.#attempt(work));) {
      const end = await pause(wait.next().value, signal, (listener) => page.onWake(listener));
      if (end === "woken") wait = waits();
    }
  }

  /** Returns whether it succeeded. What does not pass is not tried again either. */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof SignedOutError) this.signedOut();
      if (!(error instanceof BelfryError)) throw error;
      console.debug("belfry: again later", error);
      return false;
    }
  }
}
