/**
 * A live connection that is always wanted: lines, watched, and replaced when they are done for.
 *
 *     open ──► address ──► line ──► catch up (but not the first time) ──► "live" ──► until it ends or falls silent ─┐
 *                 ▲  each tried again until it succeeds, at growing, scattered intervals, or at once when woken     │
 *                 └───────────────────────────────────── "waiting" ◄────────────────────────────────────────────────┘
 *
 * A line recovers by itself for half a minute what broke. What it does after that is not to be relied upon, and a
 * connection that is half open (the laptop slept, the phone changed networks) tells nobody. So silence counts as the
 * end: a line that is well is heard at least as often as it pings.
 */

import { pause, waits } from "./backoff.ts";
import type { Observable } from "./backoff.ts";
import { BelfryError, SignedOutError } from "./errors.ts";
import { page } from "./page.ts";
import { PING_INTERVAL, connect as connectToPubSub } from "./pubsub.ts";
import type { Connect, Frame, Line, LineListener } from "./pubsub.ts";

export type { Frame } from "./pubsub.ts";

/** How the connection stands. Nothing is said before the first attempt has ended. */
export type LiveStatus =
  /** Connected, and caught up with. */
  | "live"
  /** Cut off, or not connected yet; it tries again by itself. */
  | "waiting"
  /** The token is not accepted. It stays closed until `open`. */
  | "signed-out";

export interface LiveOptions {
  /** Gives the address to connect to; asked for each time. */
  readonly address: () => Promise<string>;
  readonly onFrame: (frame: Frame) => void;
  /** Called after each connection but the first, until it succeeds: time to catch up. */
  readonly onReturn: () => Promise<void>;
  readonly onStatus: (status: LiveStatus) => void;
  readonly connect?: Connect | undefined;
  /** Occasions to check and to try at once. */
  readonly wake?: Observable | undefined;
}

/** Milliseconds for connecting, from the address on. */
const CONNECT_TIMEOUT = 15_000;
/** Milliseconds without a sign of life that raise a doubt: a ping has been due, and time for its answer. */
export const QUIET = PING_INTERVAL + 3_000;
/**
 * Milliseconds to dispel it. A browser stretches the timers of tabs that nobody sees, pings included: then silence
 * is found at the moment at which the ping goes out that will break it.
 */
export const GRACE = 3_000;
/** Milliseconds for which the server's `Retry-After` is honoured. */
const LONGEST_RETRY = 300_000;

/** The connection of one client. */
export class LiveConnection {
  readonly #options: LiveOptions;
  #session: Session | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Connect, and from then on stay connected. Does nothing while it is open. */
  open(): void {
    if (this.#session?.ended === false) return;
    this.#session = new Session(this.#options);
    void this.#session.keep();
  }

  /** Disconnect. Nothing is called from then on. `atOnce`: as of `Line.close`. */
  close(atOnce = false): void {
    this.#session?.end(atOnce);
    this.#session = null;
  }
}

/** From `open` to `close`, or to the moment at which the person turns out to be signed out. */
class Session {
  readonly #options: LiveOptions;
  readonly #connect: Connect;
  readonly #wake: Observable;
  readonly #end = new AbortController();
  #status: LiveStatus | null = null;
  #atOnce = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#connect = options.connect ?? connectToPubSub;
    this.#wake = options.wake ?? ((listener) => page.onWake(listener));
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  end(atOnce = false): void {
    this.#atOnce = atOnce;
    this.#end.abort();
  }

  async keep(): Promise<void> {
    try {
      for (let first = true; !this.ended; first = false) {
        await this.#hold(first);
        this.#say("waiting");
      }
    } catch (error) {
      if (!(error instanceof SignedOutError)) throw error;
      this.#say("signed-out");
      this.end();
    }
  }

  /** Have one line, until it is lost; rejects with a `SignedOutError`. */
  async #hold(first: boolean): Promise<void> {
    let heard = 0;
    const onFrame = (frame: Frame): void => {
      if (!this.ended) report(this.#options.onFrame, frame);
    };
    const onHeard = (): void => {
      heard = Date.now();
    };
    const line = await this.#persist(() => this.#dial({ onFrame, onHeard }), this.#end.signal);
    if (line === null) return;
    const lost = new AbortController();
    const lose = (): void => {
      lost.abort();
    };
    this.#end.signal.addEventListener("abort", lose);
    if (this.ended) lose();
    void line.ended.then(lose);
    const silence = this.#silence(() => heard, lost.signal).then(lose);
    try {
      if (!first) await this.#persist(this.#options.onReturn, lost.signal);
      if (!lost.signal.aborted) this.#say("live");
      await silence;
    } finally {
      this.#end.signal.removeEventListener("abort", lose);
      lose();
      line.close(this.#atOnce);
    }
  }

  async #dial(listener: LineListener): Promise<Line> {
    const address = await this.#options.address();
    this.#end.signal.throwIfAborted();
    const attempt = new AbortController();
    const abort = (): void => {
      attempt.abort();
    };
    this.#end.signal.addEventListener("abort", abort);
    const timer = setTimeout(abort, CONNECT_TIMEOUT);
    try {
      return await this.#connect(address, listener, attempt.signal);
    } finally {
      clearTimeout(timer);
      this.#end.signal.removeEventListener("abort", abort);
    }
  }

  /** Resolves when nothing is heard any more, or `lost` is aborted. */
  async #silence(heard: () => number, lost: AbortSignal): Promise<void> {
    while (!lost.aborted) {
      // By the clock on the wall, which goes on while the machine sleeps.
      const quiet = Date.now() - heard();
      if (quiet < QUIET) {
        await pause(Math.min(QUIET, QUIET - quiet), lost, this.#wake);
      } else {
        const doubted = heard();
        await pause(GRACE, lost);
        if (heard() === doubted) return;
      }
    }
  }

  /** Try until it succeeds; null if `ended` is aborted before. Rejects with a `SignedOutError`. */
  async #persist<T>(attempt: () => Promise<T>, ended: AbortSignal): Promise<T | null> {
    for (let wait = waits(); ;) {
      try {
        return await attempt();
      } catch (error) {
        if (ended.aborted) return null;
        if (error instanceof SignedOutError) throw error;
        this.#say("waiting");
        const milliseconds = Math.max(wait.next().value, wanted(error));
        console.debug(`belfry: the live connection again in ${milliseconds / 1000} s`, error);
        const end = await pause(milliseconds, ended, this.#wake);
        if (end === "aborted") return null;
        if (end === "woken") wait = waits();
      }
    }
  }

  #say(status: LiveStatus): void {
    if (this.ended || status === this.#status) return;
    this.#status = status;
    report(this.#options.onStatus, status);
  }
}

/** How many milliseconds the server wants to be left alone. */
function wanted(error: unknown): number {
  return error instanceof BelfryError ? Math.min((error.retryAfter ?? 0) * 1000, LONGEST_RETRY) : 0;
}

/** Call who listens. What they do wrong must not end the connection, nor stay unseen. */
function report<T>(listener: (news: T) => void, news: T): void {
  try {
    listener(news);
  } catch (error) {
    console.error("belfry: a listener of the live connection failed", error);
  }
}
