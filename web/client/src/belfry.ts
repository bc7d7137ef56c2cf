/**
 * A person's alerts in a web app: the composition of all parts.
 *
 *     every tab     store ◄── what the leader hears and is answered, what any tab says and loads
 *                     │
 *                     └──► snapshot, lists, arrivals
 *     the leader    live connection, catching up, sending of what waits, writing to storage
 */

import { Api, type ApiOptions } from "./api.ts";
import { Desktop } from "./desktop.ts";
import { BelfryError, SignedOutError } from "./errors.ts";
import { keyOf } from "./horizons.ts";
import { newId } from "./ids.ts";
import type { Kept } from "./input.ts";
import { StoredList } from "./list.ts";
import { claimOpening, onOpened, type Opened } from "./opening.ts";
import type { Said } from "./outbox.ts";
import type { Connect } from "./pubsub.ts";
import { DevicePush } from "./push.ts";
import { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Browser } from "./tabs.ts";
import { identify, Tokens } from "./tokens.ts";
import type {
  BelfryClient,
  Card,
  CardList,
  Device,
  Filter,
  Preferences,
  Push,
  Snapshot,
  Subscription,
  Unsubscribe,
} from "./types.ts";

export interface BelfryOptions extends ApiOptions {
  /**
   * Names the person for what is kept on this device. By default the token's issuer and id; if it cannot be read,
   * what the server calls them.
   */
  readonly account?: string | undefined;
  /** Whether cards are kept on this device, and marks that wait; true by default. */
  readonly storage?: boolean | undefined;
  /** Whether the tabs of this origin share one connection; true by default. */
  readonly tabs?: boolean | undefined;
  /** How to connect to an address; by default with the official client. */
  readonly connect?: Connect | undefined;
  /** What the tabs need of a browser; by default that of the one this runs in. */
  readonly browser?: Browser | undefined;
  /** As Date.now, which it is by default. */
  readonly clock?: (() => number) | undefined;
}

/** The longest that timers can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Belfry implements BelfryClient {
  readonly #push: DevicePush;
  /** Null where there is no browser. */
  readonly #desktop: Desktop | null;
  readonly #options: BelfryOptions;
  readonly #clock: () => number;
  readonly #tokens: Tokens;
  readonly #api: Api;
  readonly #store: Store;
  readonly #lists = new Map<string, StoredList>();
  /** Names the API and the person whose cards these are. */
  #name: string | null = null;
  #session: Session | null = null;
  #connecting: AbortController | null = null;
  /** Resolves when it is known whose alerts these are, or that it will not be. */
  #identified: Promise<void> = Promise.resolve();
  /** What was shown, until it is known whether it is the same person who connects again. */
  #aside: { readonly kept: Kept | null; readonly queue: readonly Said[] } | null = null;
  /** What was said while there was no session: it waits in this tab, for `connect`. */
  #unsaid: Said[] = [];
  #leading = false;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BelfryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    // Who names the person says whose tokens these are.
    const onOther = (): void => {
      this.#restart();
    };
    this.#tokens = new Tokens(options.getToken, options.account === undefined ? onOther : null);
    this.#api = new Api({ ...options, getToken: this.#tokens.get });
    this.#store = new Store(this.#clock);
    this.#push = new DevicePush({ api: this.#api });
    this.#desktop =
      typeof navigator === "undefined"
        ? null
        : new Desktop({
            account: () => this.#name,
            find: (card) => this.#store.find(card),
            push: this.#push,
            preferences: () => this.preferences(),
          });
    this.#store.observeCards(() => {
      this.#awaitExpiry();
      if (this.#leading) this.#desktop?.changed(this.#store.snapshot.unread);
    });
    this.#store.onArrival((card) => {
      if (this.#leading) void this.#desktop?.arrived(card);
    });
    this.#store.observe(({ connection }) => {
      if (connection === "live" && this.#name !== null) void this.#push.start(this.#name);
    });
  }

  get push(): Push {
    return this.#push;
  }

  get snapshot(): Snapshot {
    return this.#store.snapshot;
  }

  observe(listener: (snapshot: Snapshot) => void): Unsubscribe {
    return this.#store.observe(listener);
  }

  onArrival(listener: (card: Card) => void): Unsubscribe {
    return this.#store.onArrival(listener);
  }

  /**
   * Connect, and stay connected. Resolves when cards can be shown, from this device's storage or from the server; or
   * when `disconnect` came before.
   *
   * It may be another person who connects: what was shown is hidden until the token says that it is the same one. If it
   * becomes another person's later, the client goes over to that one by itself.
   *
   * Rejects with a `SignedOutError` when the server does not accept the token; calling it again tries again.
   */
  async connect(): Promise<void> {
    if (this.#connecting === null) this.#begin();
    else if (this.snapshot.connection === "signed-out") {
      void this.#end();
      this.#begin();
    }
    // What another person had loaded does not count.
    await this.#identified;
    await this.#loaded();
  }

  /** Stop listening, in this tab; what is shown stays. */
  async disconnect(): Promise<void> {
    const ended = this.#end();
    this.#store.connection = "closed";
    this.#push.stop();
    await ended;
  }

  /** Forget the person on this device, in every tab, and what still waits to be sent. */
  async signOut(): Promise<void> {
    const session = this.#session ?? (this.#name === null ? null : this.#newSession(this.#name));
    this.#session = null;
    this.#connecting?.abort();
    const told = this.#endPush();
    await session?.remove();
    this.#forget();
    this.#store.connection = "closed";
    await told;
    await this.disconnect();
  }

  /**
   * Called when a notification of this person's was clicked, and this window is to show its card. Without a listener the
   * window is loaded anew at the card's link; a window of somebody else is left alone. A window that the click has opened
   * is told once the card is known, which is when it is live.
   */
  onNotificationOpened(listener: (opened: Opened) => void): Unsubscribe {
    const ends = [onOpened(listener, () => this.#name)];
    let claimed = false;
    const claim = ({ connection }: Snapshot): void => {
      if (claimed || connection !== "live") return;
      claimed = true;
      void claimOpening(this.#name);
    };
    claim(this.snapshot);
    ends.push(this.observe(claim));
    return () => {
      for (const end of ends) end();
    };
  }

  list(filter: Filter = {}): CardList {
    const key = keyOf(filter);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = new StoredList(this.#store, filter, (before) => this.#load(filter, before));
      this.#lists.set(key, list);
    }
    return list;
  }

  mark(card: string, change: { readonly read?: boolean; readonly archived?: boolean }): void {
    const shown = this.#store.find(card);
    if (shown === null) return;
    const read = change.read === shown.read ? undefined : change.read;
    const archived = change.archived === shown.archived ? undefined : change.archived;
    if (read === undefined && archived === undefined) return;
    this.#tell({
      id: newId(),
      card,
      position: shown.position,
      at: shown.at,
      ...(read === undefined ? {} : { read }),
      ...(archived === undefined ? {} : { archived }),
    });
  }

  markAllRead(): void {
    const { newest } = this.#store;
    if (newest !== "" && this.snapshot.unread > 0) this.#tell({ id: newId(), upTo: newest });
  }

  async subscriptions(): Promise<readonly Subscription[]> {
    const { subscriptions } = await this.#api.request<{ subscriptions: Subscription[] }>(
      "GET",
      "/subscriptions",
    );
    return subscriptions;
  }

  subscribe(topic: string): Promise<Subscription> {
    return this.#api.request("PUT", `/subscriptions/${encodeURIComponent(topic)}`);
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#api.request("DELETE", `/subscriptions/${encodeURIComponent(topic)}`);
  }

  preferences(): Promise<Preferences> {
    return this.#api.request("GET", "/preferences");
  }

  async savePreferences(preferences: Preferences): Promise<Preferences> {
    const saved = await this.#api.request<Preferences>("PUT", "/preferences", { body: preferences });
    this.#desktop?.prefer(saved);
    this.#session?.saved(saved);
    return saved;
  }

  /** The devices that the person is pushed to. Rejects with a `BelfryError`. */
  async devices(): Promise<readonly Device[]> {
    const { devices } = await this.#api.request<{ devices: Device[] }>("GET", "/devices");
    return devices;
  }

  /** Rejects with a `BelfryError`. */
  removeDevice(installation: string): Promise<void> {
    return this.#api.request("DELETE", `/devices/${encodeURIComponent(installation)}`);
  }

  /** Everything that the server holds about the person. Rejects with a `BelfryError`. */
  exportData(): Promise<Readonly<Record<string, unknown>>> {
    return this.#api.request("GET", "/me/export");
  }

  /** Have the server forget everything about the person. Rejects with a `BelfryError`. */
  async erase(): Promise<void> {
    await this.#api.request("DELETE", "/me");
    this.#session?.forget();
  }

  #begin(): void {
    this.#connecting = new AbortController();
    this.#setAside();
    this.#store.connection = "connecting";
    this.#identified = this.#connect(this.#connecting.signal);
  }

  async #end(): Promise<void> {
    this.#connecting?.abort();
    this.#connecting = null;
    const session = this.#session;
    this.#session = null;
    await session?.stop();
  }

  /** The app has another person's tokens by now. */
  #restart(): void {
    if (this.#connecting === null) return;
    void this.#end();
    this.#push.stop();
    this.#forget();
    this.#begin();
  }

  #setAside(): void {
    this.#tokens.forget();
    // Who names the person has one client for each.
    if (this.#name === null || this.#aside !== null || this.#options.account !== undefined) return;
    this.#aside = { kept: this.#store.keep(), queue: this.#store.queue };
    this.#store.empty();
  }

  #putBack(): void {
    if (this.#aside !== null) this.#store.restore(this.#aside.kept, this.#aside.queue);
    this.#aside = null;
  }

  /** Find out whose alerts these are, show those that were kept, and join the other tabs. */
  async #connect(signal: AbortSignal): Promise<void> {
    const account = this.#options.account ?? (await this.#identify(signal));
    if (account === null || signal.aborted) return;
    const name = `${this.#options.api} ${account}`;
    if (this.#name !== null && this.#name !== name) this.#forget();
    this.#name = name;
    this.#putBack();
    void this.#push.start(name);
    const session = (this.#session = this.#newSession(name));
    void session.start().then(() => {
      if (this.#session === session) for (const said of this.#unsaid.splice(0)) session.say(said);
    });
  }

  #newSession(name: string): Session {
    const { storage = true, tabs = true, connect, browser } = this.#options;
    return new Session({
      name,
      api: this.#api,
      store: this.#store,
      clock: this.#clock,
      storage,
      connect,
      browser,
      alone: !tabs,
      onLead: (leading) => {
        this.#leading = leading;
        if (leading) this.#desktop?.start();
        else this.#desktop?.stop();
      },
      onErased: () => void this.#push.review(),
      onPreferences: (preferences) => {
        this.#desktop?.prefer(preferences);
      },
      onGone: () => {
        void this.disconnect();
        this.#forget();
      },
      // Where tokens say whose they are, that is noticed sooner.
      onOther: () => {
        const named = this.#options.account !== undefined || this.#tokens.account !== null;
        if (!named) this.#restart();
        return !named;
      },
    });
  }

  async #endPush(): Promise<void> {
    try {
      await this.#push.signOut();
    } catch (error) {
      if (!(error instanceof BelfryError)) throw error;
      // This browser takes no pushes any more; the server finds that out when it sends the next one.
      console.debug("belfry: the server could not be told that this device is gone", error);
    }
  }

  #identify(signal: AbortSignal): Promise<string | null> {
    return identify(this.#tokens, this.#api, signal, (connection) => {
      if (!signal.aborted) this.#store.connection = connection;
    });
  }

  #loaded(): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = ({ loaded, connection }: Snapshot): void => {
        if (connection === "signed-out") reject(new SignedOutError());
        else if (loaded || connection === "closed") resolve();
        else return;
        stop();
      };
      const stop = this.#store.observe(check);
      check(this.#store.snapshot);
    });
  }

  async #load(filter: Filter, before: string | null): Promise<void> {
    await this.#connected().load(filter, before);
  }

  #tell(said: Said): void {
    if (this.#session !== null) {
      this.#session.say(said);
      return;
    }
    this.#unsaid.push(said);
    this.#store.take({ kind: "said", said });
  }

  #connected(): Session {
    if (this.#session !== null) return this.#session;
    const detail = "Belfry is not connected: call `connect` first.";
    throw new BelfryError({ status: 0, code: "not-connected", detail });
  }

  #forget(): void {
    this.#name = null;
    this.#aside = null;
    this.#unsaid = [];
    this.#store.empty();
    this.#desktop?.changed(0);
    this.#desktop?.stop();
  }

  #awaitExpiry(): void {
    clearTimeout(this.#expiry);
    const { nextExpiry } = this.#store;
    if (nextExpiry === Infinity) return;
    this.#expiry = setTimeout(
      () => {
        this.#store.tick();
      },
      Math.min(Math.max(nextExpiry - this.#clock(), 0), LONGEST_TIMER),
    );
  }
}
