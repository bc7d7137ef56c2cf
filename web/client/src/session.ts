/** One person, connected in this tab: what is kept on this device, and what the tabs tell each other. */

import type { Api } from "./api.ts";
import { Inbox } from "./inbox.ts";
import { Leader } from "./leader.ts";
import type { Said } from "./outbox.ts";
import { page } from "./page.ts";
import type { Connect } from "./pubsub.ts";
import { Storage } from "./storage.ts";
import type { Input, Kept } from "./input.ts";
import type { Store } from "./store.ts";
import { Tabs, type Browser } from "./tabs.ts";
import type { Connection, Filter, Preferences, Unsubscribe } from "./types.ts";

/** What the tabs tell each other. */
type Message =
  /** For every tab to take. The leader numbers its own, so that a tab notices that it has missed some. */
  | { readonly kind: "input"; readonly input: Input; readonly number: number | null }
  /** From the leader: how things stand, and the number of its last input. */
  | {
      readonly kind: "status";
      readonly connection: Connection;
      readonly user: string | null;
      readonly number: number;
    }
  /** A tab asks for the status. */
  | { readonly kind: "hello" }
  /** A tab asks for all that is known, and gets the state. */
  | { readonly kind: "ask" }
  | {
      readonly kind: "state";
      readonly kept: Kept | null;
      readonly queue: readonly Said[];
      readonly number: number;
    }
  /** The person has saved other preferences. */
  | { readonly kind: "preferences"; readonly preferences: Preferences }
  /** The person has signed out. */
  | { readonly kind: "gone" };

/** Milliseconds that storing may take, before what was said is passed on all the same. */
const STORING = 500;
/** Milliseconds in which questions of several tabs are gathered. */
const GATHERING = 50;

interface Seams {
  /** Names the API and the person. */
  readonly name: string;
  readonly api: Api;
  readonly store: Store;
  readonly clock: () => number;
  readonly storage: boolean;
  /** Whether this tab leads itself, whatever others do. */
  readonly alone: boolean;
  readonly browser: Browser | undefined;
  readonly connect: Connect | undefined;
  /** Whether this tab leads. */
  readonly onLead: (leading: boolean) => void;
  /** Everything that the server knew of the person was erased, here or on another device. */
  readonly onErased: () => void;
  /** The person has saved other preferences in another tab. */
  readonly onPreferences: (preferences: Preferences) => void;
  /** The person has signed out in another tab. */
  readonly onGone: () => void;
  /** The server takes the app's tokens for another person's. False: what has this name is theirs from now on. */
  readonly onOther: () => boolean;
}

export class Session {
  readonly #seams: Seams;
  readonly #storage: Storage | null;
  /** Null: this tab leads itself. */
  readonly #tabs: Tabs | null;
  readonly #inbox: Inbox;
  #leader: Leader | null = null;
  /** Which tab leads, if it is another. */
  #leading: string | null = null;
  /** The number of the leader's last input. */
  #number = 0;
  /** Whether some of them were missed: then there may be holes that catching up does not fill. */
  #behind = false;
  #asked = false;
  /** Whether this tab's token was refused: it follows nobody but who is live, and leads no more. */
  #refused = false;
  #answering = false;
  #ended = false;
  #ends: Unsubscribe[] = [];

  constructor(seams: Seams) {
    this.#seams = seams;
    this.#storage = seams.storage ? new Storage(`belfry ${seams.name}`) : null;
    const tabs = (): Tabs =>
      new Tabs({
        name: seams.name,
        browser: seams.browser,
        onLead: () => {
          this.#lead();
        },
        onFollow: () => {
          this.#follow();
        },
        onMessage: (message, from) => {
          this.#received(message as Message, from);
        },
      });
    this.#tabs = seams.alone ? null : tabs();
    this.#inbox = new Inbox({
      api: seams.api,
      store: seams.store,
      clock: seams.clock,
      over: () => this.#ended,
      apply: (input) => {
        this.#apply(input);
      },
      onSignedOut: () => this.#leader?.signedOut(),
    });
  }

  /** Show what was kept, and join the other tabs. */
  async start(): Promise<void> {
    const { store } = this.#seams;
    const found = await this.#storage?.load();
    if (this.#ended) return;
    // Without storage, what waits in this tab waits on.
    if (found !== undefined && !this.#storage?.broken) store.restore(found.kept, found.waiting);
    store.connection = "connecting";
    this.#ends = [
      page.onWake(() => {
        // A tab that was frozen may have missed what the others heard.
        if (this.#leader === null) this.#post({ kind: "hello" });
      }),
    ];
    if (this.#tabs === null) this.#lead();
    else this.#tabs.start();
  }

  /** Leave the other tabs; what is known stays. */
  async stop(): Promise<void> {
    this.#ended = true;
    for (const end of this.#ends) end();
    this.#leader?.stop(true);
    this.#leader = null;
    this.#seams.onLead(false);
    this.#tabs?.stop();
    await this.#storage?.close();
  }

  /** Forget the person on this device, in every tab. */
  async remove(): Promise<void> {
    this.#tabs?.call({ kind: "gone" } satisfies Message);
    this.#storage?.follow();
    await this.stop();
    await this.#storage?.remove();
  }

  say(said: Said): void {
    // In storage before the leader hears of it, for the leader takes it out again.
    const stored = this.#storage?.say(said) ?? Promise.resolve();
    if (this.#leader !== null) {
      this.#apply({ kind: "said", said });
      return;
    }
    this.#seams.store.take({ kind: "said", said });
    const patience = new Promise((resolve) => setTimeout(resolve, STORING));
    void Promise.race([stored, patience]).then(() => {
      this.#apply({ kind: "said", said });
    });
  }

  /** Load a page of a list. Rejects with a `BelfryError`. */
  load(filter: Filter, before: string | null): Promise<void> {
    return this.#inbox.load(filter, before);
  }

  /** The person has saved other preferences in this tab. */
  saved(preferences: Preferences): void {
    this.#post({ kind: "preferences", preferences });
  }

  /** Everything that the server knew of the person was erased. */
  forget(): void {
    this.#apply({ kind: "forget" });
  }

  /** Have every tab take something. */
  #apply(input: Input): void {
    if (this.#ended) return;
    this.#take(input);
    this.#post({ kind: "input", input, number: this.#leader === null ? null : ++this.#number });
  }

  #take(input: Input): void {
    const { store } = this.#seams;
    const before = store.queue;
    store.take(input);
    if (erases(input)) this.#seams.onErased();
    if (this.#leader === null) return;
    if (input.kind === "said") this.#leader.wake();
    const waiting = new Set(store.queue.map((said) => said.id));
    void this.#storage?.unsay(before.map((said) => said.id).filter((id) => !waiting.has(id)));
  }

  #lead(): void {
    const { api, store, connect } = this.#seams;
    this.#leader?.stop();
    if (this.#behind) store.loseSync();
    this.#behind = this.#asked = false;
    this.#leading = null;
    this.#number = 0;
    this.#leader = new Leader({
      api,
      store,
      connect,
      inbox: this.#inbox,
      storage: this.#storage,
      apply: (input) => {
        this.#apply(input);
      },
      onConnection: (connection) => {
        store.connection = connection;
        if (connection === "signed-out") this.#retire();
        else this.#postStatus();
      },
      onUser: (user) => {
        // The app has another person's tokens by now: nothing of the one before is theirs.
        if (store.snapshot.user !== null && store.snapshot.user !== user) {
          if (this.#seams.onOther()) return;
          this.#apply({ kind: "forget" });
        }
        store.user = user;
        this.#postStatus();
      },
    });
    this.#leader.start();
    this.#seams.onLead(true);
    void this.#storage?.waiting().then((waiting) => {
      for (const said of waiting) if (this.#leader !== null) this.#apply({ kind: "said", said });
    });
  }

  /** The token was refused. Another tab may have a better one. */
  #retire(): void {
    this.#refused = true;
    this.#leader = null;
    this.#seams.onLead(false);
    this.#tabs?.retire();
  }

  #follow(): void {
    this.#leader?.stop();
    this.#leader = null;
    this.#seams.onLead(false);
    this.#seams.store.connection = "connecting";
    this.#post({ kind: "hello" });
  }

  #received(message: Message, from: string): void {
    const { store } = this.#seams;
    const live = message.kind === "status" && message.connection === "live";
    if (this.#refused && !live && message.kind !== "gone") return;
    switch (message.kind) {
      case "input":
        // Two may lead for a moment: then each counts its own.
        if (message.number === null || this.#leader !== null) {
          this.#take(message.input);
        } else {
          this.#follows(from, message.number - 1);
          this.#take(message.input);
          this.#number = message.number;
        }
        break;
      case "status":
        if (this.#leader !== null) break;
        if (this.#refused) {
          // Another tab has a better token.
          this.#refused = false;
          this.#tabs?.rejoin();
        }
        store.connection = message.connection;
        store.user = message.user ?? store.snapshot.user;
        this.#follows(from, message.number);
        break;
      case "state":
        if (!this.#asked) break;
        this.#behind = this.#asked = false;
        this.#leading = from;
        this.#number = message.number;
        store.restore(message.kept, message.queue);
        break;
      case "hello":
        if (this.#leader !== null) this.#postStatus();
        break;
      case "ask":
        if (this.#leader !== null) this.#answerSoon();
        break;
      case "preferences":
        this.#seams.onPreferences(message.preferences);
        break;
      case "gone":
        // It may lead by now, and would write once more.
        this.#storage?.follow();
        this.#seams.onGone();
        break;
    }
  }

  /** Check that this tab has taken all that the leader had every tab take; else ask for it. */
  #follows(leader: string, number: number): void {
    if (this.#leader !== null) return;
    if (leader === this.#leading && number === this.#number) return;
    this.#behind = true;
    if (leader !== this.#leading) {
      this.#leading = leader;
      this.#asked = false;
      // It may not know what waits, where there is no storage.
      for (const said of this.#seams.store.queue)
        this.#post({ kind: "input", input: { kind: "said", said }, number: null });
    }
    if (this.#asked) return;
    this.#asked = true;
    this.#post({ kind: "ask" });
  }

  /** Once for all tabs that ask at about the same time. */
  #answerSoon(): void {
    if (this.#answering) return;
    this.#answering = true;
    setTimeout(() => {
      this.#answering = false;
      this.#answer();
    }, GATHERING);
  }

  #answer(): void {
    const { store } = this.#seams;
    if (this.#leader === null) return;
    // While the history is being loaded anew, what a tab would need to know is not only what is shown.
    if (store.renewing) this.#answerSoon();
    else this.#post({ kind: "state", kept: store.keep(), queue: store.queue, number: this.#number });
  }

  #postStatus(): void {
    const { connection, user } = this.#seams.store.snapshot;
    this.#post({ kind: "status", connection, user, number: this.#number });
  }

  #post(message: Message): void {
    if (!this.#ended) this.#tabs?.post(message);
  }
}

function erases(input: Input): boolean {
  return (
    input.kind === "forget" ||
    (input.kind === "frame" && input.frame.type === "audiences" && input.frame.erased === true)
  );
}
