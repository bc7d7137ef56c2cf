/**
 * Of all tabs of one person, one leads: it has the live connection. It is the one that holds a Web Lock.
 *
 *     start ──► is the lock free? ──yes──► leads ◄──────────────── granted, or taken by force
 *                     │                      │                          ▲
 *                     no                   robbed                       │
 *                     ▼                      ▼                          │
 *                  follows ◄─────────────────┘  in line for the lock ───┤
 *                     └── while it is seen it asks the leader for a sign of life; none within 2 s ──┘
 *
 * A phone, and at times a computer, freezes a tab that nobody sees, and the lock with it. The browser gives the lock on
 * when a tab is closed or crashes, but not then: so the tab that the person looks at takes it.
 *
 * A tab that cannot lead (its token is refused, say) retires: it gives the lock away, and stands in line again only when it is
 * told to, so that tabs that cannot lead either do not hand it round for ever.
 *
 * Where there are no Web Locks (old browsers, pages without https), or no BroadcastChannel, every tab leads itself.
 */

import { page as thisPage } from "./page.ts";
import type { Page } from "./page.ts";
import type { Unsubscribe } from "./types.ts";

/** Raised when tabs of before and after could not understand each other: they keep apart until all are reloaded. */
const VERSION = 1;
/** Milliseconds within which a leader answers. */
export const ANSWER_TIME = 2_000;
/** Milliseconds between two questions of a tab that is seen. */
export const ASK_INTERVAL = 15_000;

export interface TabsOptions {
  /** The same for all tabs that belong together. */
  readonly name: string;
  /** Called when this tab begins to lead. */
  readonly onLead: () => void;
  /** Called when this tab follows: at the start if another leads, and when it no longer leads. */
  readonly onFollow: () => void;
  /** Called with what another tab has posted, and the name of that tab. */
  readonly onMessage: (message: unknown, from: string) => void;
  /** The browser, unless a test has another. */
  readonly browser?: Browser | undefined;
}

/** What is needed of a browser. */
export interface Browser {
  readonly locks: Pick<LockManager, "request"> | undefined;
  readonly openChannel: ((name: string) => Channel) | undefined;
  readonly page: Page;
  /** Milliseconds, also those for which the machine slept. */
  readonly now: () => number;
  /** Call back once, unless cancelled. */
  readonly after: (milliseconds: number, callback: () => void) => Unsubscribe;
  /** Call back again and again, until cancelled. */
  readonly every: (milliseconds: number, callback: () => void) => Unsubscribe;
}

export type Channel = Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">;

type Envelope =
  | { readonly from: string; readonly kind: "message"; readonly message: unknown }
  /** Is there a leader? */
  | { readonly from: string; readonly kind: "ask" }
  /** There is: who sends this. */
  | { readonly from: string; readonly kind: "lead" };

/** A request for the lock, of which each tab has one at a time. */
interface Claim {
  /** Ends waiting in line. */
  readonly withdrawn: AbortController;
  /** Gives the lock back. */
  release: (() => void) | null;
}

export class Tabs {
  readonly #options: TabsOptions;
  readonly #browser: Browser;
  readonly #id = Math.random().toString(36).slice(2);
  #started = false;
  #leading = false;
  #retired = false;
  #channel: Channel | null = null;
  #claim: Claim | null = null;
  #ends: Unsubscribe[] = [];
  #unanswered: Unsubscribe | null = null;

  constructor(options: TabsOptions) {
    this.#options = options;
    this.#browser = options.browser ?? thisBrowser();
  }

  /** Whether this tab leads. */
  get leading(): boolean {
    return this.#leading;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    const { locks, page, every } = this.#browser;
    const channel = locks === undefined ? null : this.#opened();
    if (locks === undefined || channel === null) {
      this.#lead();
      return;
    }
    this.#channel = channel;
    this.#channel.onmessage = (event) => {
      this.#received(event.data);
    };
    this.#ends = [
      page.onWake(() => {
        this.#woken();
      }),
      page.onLeave(() => {
        this.#resign();
      }),
      every(ASK_INTERVAL, () => {
        this.#ask();
      }),
    ];
    this.#stand(locks);
  }

  /** Give the lead to another tab. Nothing is called from then on. */
  stop(): void {
    this.#started = false;
    this.#resign();
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#channel?.close();
    this.#channel = null;
  }

  /** To all other tabs: anything that can be cloned. */
  post(message: unknown): void {
    this.#send({ from: this.#id, kind: "message", message });
  }

  /** As `post`, also from a tab that has left, or was never one of them. */
  call(message: unknown): void {
    const channel = this.#channel ?? this.#opened();
    channel?.postMessage({ from: this.#id, kind: "message", message } satisfies Envelope);
    if (channel !== this.#channel) channel?.close();
  }

  /** Give the lead away, and do not take it again before `rejoin`. What is posted is heard. */
  retire(): void {
    this.#retired = true;
    this.#leading = false;
    this.#answered();
    this.#withdraw();
  }

  /** Stand in line again. */
  rejoin(): void {
    if (!this.#retired || !this.#started) return;
    this.#retired = false;
    if (this.#browser.locks !== undefined) this.#queue(this.#browser.locks);
  }

  // The lock

  /** Take the lock if it is free; otherwise follow, and wait in line for it. */
  #stand(locks: Pick<LockManager, "request">): void {
    const claim = this.#newClaim();
    this.#request(locks, claim, { ifAvailable: true }, () => {
      this.#follow();
      this.#queue(locks);
      this.#ask();
    });
  }

  #queue(locks: Pick<LockManager, "request">): void {
    const claim = this.#newClaim();
    this.#request(locks, claim, { signal: claim.withdrawn.signal });
  }

  #steal(locks: Pick<LockManager, "request">): void {
    this.#request(locks, this.#newClaim(), { steal: true });
  }

  #newClaim(): Claim {
    this.#withdraw();
    this.#claim = { withdrawn: new AbortController(), release: null };
    return this.#claim;
  }

  #withdraw(): void {
    this.#claim?.withdrawn.abort();
    this.#claim?.release?.();
    this.#claim = null;
  }

  #request(
    locks: Pick<LockManager, "request">,
    claim: Claim,
    options: LockOptions,
    taken: () => void = () => undefined,
  ): void {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      // Granted too late: given back at once.
      if (claim !== this.#claim) return undefined;
      if (lock === null) {
        taken();
        return undefined;
      }
      this.#lead();
      return new Promise((resolve) => {
        claim.release = resolve;
      });
    };
    locks.request(lockOf(this.#options.name), options, hold).catch((error: unknown) => {
      if (claim !== this.#claim) return;
      if (error instanceof DOMException && error.name === "AbortError") {
        this.#follow();
        this.#queue(locks);
      } else {
        // A page that may not use locks (in a sandbox, say).
        this.#claim = null;
        this.#lead();
      }
    });
  }

  #resign(): void {
    this.#answered();
    this.#withdraw();
    if (this.#leading) this.#follow();
  }

  #lead(): void {
    this.#answered();
    this.#leading = true;
    this.#tell(this.#options.onLead);
    this.#send({ from: this.#id, kind: "lead" });
  }

  #follow(): void {
    this.#leading = false;
    this.#tell(this.#options.onFollow);
  }

  /** Not from within the lock's own calls: what fails in there would be taken for a failure of the lock. */
  #tell(listener: () => void): void {
    queueMicrotask(() => {
      if (this.#started) listener();
    });
  }

  // Signs of life

  #woken(): void {
    if (this.#retired) return;
    // Back from the back/forward cache, before which the lock was given back.
    if (this.#claim === null && this.#browser.locks !== undefined && !this.#leading)
      this.#stand(this.#browser.locks);
    else this.#ask();
  }

  #ask(): void {
    const { locks, page, now, after } = this.#browser;
    if (!page.visible || this.#leading || this.#retired || this.#unanswered !== null || locks === undefined)
      return;
    const asked = now();
    this.#unanswered = after(ANSWER_TIME, () => {
      this.#unanswered = null;
      if (!page.visible || this.#claim === null) return;
      // So late that it was this tab that slept, while the answer came, or did not.
      if (now() - asked > 2 * ANSWER_TIME) this.#ask();
      else this.#steal(locks);
    });
    this.#send({ from: this.#id, kind: "ask" });
  }

  #answered(): void {
    this.#unanswered?.();
    this.#unanswered = null;
  }

  // The channel

  /** Null: there is none, or none may be used: Firefox refuses it where it stores nothing for a site. */
  #opened(): Channel | null {
    try {
      return this.#browser.openChannel?.(channelOf(this.#options.name)) ?? null;
    } catch (error) {
      console.debug("belfry: tabs cannot talk to each other here, and each connects for itself", error);
      return null;
    }
  }

  #send(envelope: Envelope): void {
    this.#channel?.postMessage(envelope);
  }

  #received(data: unknown): void {
    if (!isEnvelope(data)) return;
    switch (data.kind) {
      case "message":
        this.#options.onMessage(data.message, data.from);
        break;
      case "ask":
        if (this.#leading) this.#send({ from: this.#id, kind: "lead" });
        break;
      case "lead":
        this.#answered();
        break;
    }
  }
}

/** The lock that the leading tab of a name holds. */
export function lockOf(name: string): string {
  return `belfry/${VERSION}/${name}`;
}

function channelOf(name: string): string {
  return `belfry/${VERSION}/${name}`;
}

/** Everything on the page's origin can write to the channel. */
function isEnvelope(data: unknown): data is Envelope {
  return (
    typeof data === "object" &&
    data !== null &&
    "from" in data &&
    typeof data.from === "string" &&
    "kind" in data
  );
}

function thisBrowser(): Browser {
  return {
    // Whatever the types say, pages without https have none.
    locks: typeof navigator === "undefined" ? undefined : navigator.locks,
    openChannel:
      typeof BroadcastChannel === "undefined" ? undefined : (name): Channel => new BroadcastChannel(name),
    page: thisPage,
    now: () => Date.now(),
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => {
        clearTimeout(timer);
      };
    },
    every(milliseconds, callback) {
      const timer = setInterval(callback, milliseconds);
      return () => {
        clearInterval(timer);
      };
    },
  };
}
