/** A `BelfryClient` in memory: its server is a list of cards, and tests say what happens. */
import type {
  BelfryClient,
  Card,
  CardList,
  Device,
  Filter,
  Preferences,
  Problem,
  Push,
  PushState,
  Snapshot,
  Subscription,
  Unsubscribe,
} from "@belfry/client";

export interface FakeOptions {
  /** What the server has, in any order. */
  readonly cards?: readonly Card[];
  /** How many cards a list has at first, and how many each `loadMore` brings. */
  readonly page?: number;
  readonly snapshot?: Partial<Snapshot>;
}

export type Change = Parameters<BelfryClient["mark"]>[1];

let made = 0;

/** A card with all that it must have; made later, it has a higher position. */
export function card(given: Partial<Card> = {}): Card {
  made += 1;
  const id = `alert-${made}`;
  return {
    card: given.thread ?? given.id ?? id,
    id,
    audience: "user:ada",
    position: made.toString().padStart(20, "0"),
    at: new Date().toISOString(),
    read: false,
    archived: false,
    title: `Alert ${made}`,
    body: "",
    severity: "info",
    ...given,
  };
}

/** Many cards, the newest first: one every `minutes`, the last one now. */
export function cards(count: number, given: Partial<Card> = {}, minutes = 1): Card[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) =>
    card({ at: new Date(now - (count - 1 - index) * minutes * 60_000).toISOString(), ...given }),
  ).reverse();
}

export class FakeBelfry implements BelfryClient {
  snapshot: Snapshot;
  readonly push = new FakePush();
  /** Every mark that was said, in order; `markAllRead` as `*`. */
  readonly said: { readonly card: string; readonly change: Change }[] = [];
  /** What the next requests of any kind fail with; null: they succeed. */
  failing: Problem | null = null;
  /** How many requests are not answered yet. */
  underway = 0;
  readonly page: number;
  savedPreferences: Preferences = {
    mutedCategories: [],
    mutedTopics: [],
    minimumSeverity: "info",
    quietHours: null,
    criticalAlways: true,
  };
  savedSubscriptions: Subscription[] = [];
  savedDevices: Device[] = [];

  readonly #cards = new Map<string, Card>();
  #sorted: readonly Card[] | null = null;
  readonly #lists = new Map<string, FakeList>();
  readonly #snapshots = new Listeners<Snapshot>();
  readonly #arrivals = new Listeners<Card>();
  #told = false;
  #held: Promise<void> | null = null;

  constructor({ cards = [], page = 30, snapshot = {} }: FakeOptions = {}) {
    this.page = page;
    for (const given of cards) {
      this.#cards.set(given.card, given);
    }
    this.snapshot = { connection: "live", loaded: true, queued: 0, user: "ada", unread: 0, ...snapshot };
    this.snapshot = { ...this.snapshot, unread: snapshot.unread ?? this.#unread() };
  }

  /** Cards come over the live connection: new ones, or newer revisions of those that are there. */
  arrive(...arrived: readonly Card[]): void {
    for (const given of arrived) {
      this.#cards.set(given.card, given);
      this.#arrivals.tell(given);
    }
    this.#changed();
  }

  /** A newer revision of a card arrives. */
  revise(key: string, change: Partial<Card>): Card {
    const { position, at } = card();
    const revised = { ...this.get(key), read: false, archived: false, position, at, ...change };
    this.arrive(revised);
    return revised;
  }

  /** Cards are withdrawn. */
  retract(...keys: readonly string[]): void {
    for (const key of keys) {
      this.#cards.delete(key);
    }
    this.#changed();
  }

  /** The connection, what waits, who it is: as given. */
  become(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    this.#changed(change.unread);
  }

  get(key: string): Card {
    const found = this.#cards.get(key);
    if (!found) {
      throw new Error(`there is no card ${key}`);
    }
    return found;
  }

  /** How many listen to anything, to see that nothing leaks. */
  get listeners(): number {
    const lists = [...this.#lists.values()];
    return (
      this.#snapshots.size +
      this.#arrivals.size +
      this.push.listeners +
      lists.reduce((sum, list) => sum + list.listeners.size, 0)
    );
  }

  observe(listener: (snapshot: Snapshot) => void): Unsubscribe {
    return this.#snapshots.add(listener);
  }

  onArrival(listener: (card: Card) => void): Unsubscribe {
    return this.#arrivals.add(listener);
  }

  list(filter: Filter = {}): CardList {
    const key = JSON.stringify([
      filter.unread ?? null,
      [...(filter.severities ?? [])].sort(),
      [...(filter.categories ?? [])].sort(),
    ]);
    let list = this.#lists.get(key);
    if (!list) {
      list = new FakeList(this, filter);
      this.#lists.set(key, list);
    }
    return list;
  }

  mark(key: string, change: Change): void {
    this.said.push({ card: key, change });
    const known = this.#cards.get(key);
    if (known) {
      this.#cards.set(key, { ...known, ...change });
      this.#changed();
    }
  }

  markAllRead(): void {
    this.said.push({ card: "*", change: { read: true } });
    for (const [key, known] of this.#cards) {
      if (!known.read) {
        this.#cards.set(key, { ...known, read: true });
      }
    }
    this.#changed();
  }

  async subscriptions(): Promise<readonly Subscription[]> {
    await this.request();
    return this.savedSubscriptions;
  }

  async subscribe(topic: string): Promise<Subscription> {
    await this.request();
    const subscription = { topic, since: new Date().toISOString() };
    this.savedSubscriptions = [
      ...this.savedSubscriptions.filter((other) => other.topic !== topic),
      subscription,
    ];
    return subscription;
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.request();
    this.savedSubscriptions = this.savedSubscriptions.filter((other) => other.topic !== topic);
  }

  async preferences(): Promise<Preferences> {
    await this.request();
    return this.savedPreferences;
  }

  async savePreferences(preferences: Preferences): Promise<Preferences> {
    await this.request();
    this.savedPreferences = preferences;
    return preferences;
  }

  async devices(): Promise<readonly Device[]> {
    await this.request();
    return this.savedDevices;
  }

  async removeDevice(installation: string): Promise<void> {
    await this.request();
    this.savedDevices = this.savedDevices.filter((device) => device.installation !== installation);
  }

  /** One request to the server: takes its time, and may fail. */
  async request(): Promise<void> {
    this.underway += 1;
    await (this.#held ?? new Promise((resolve) => setTimeout(resolve)));
    this.underway -= 1;
    if (this.failing) {
      throw new FakeError(this.failing);
    }
  }

  /** Requests are not answered from now on; until what is returned is called. */
  hold(): () => void {
    let free: () => void = () => undefined;
    this.#held = new Promise((resolve) => {
      free = resolve;
    });
    return () => {
      this.#held = null;
      free();
    };
  }

  /** All that are not archived, newest first. */
  get sorted(): readonly Card[] {
    return (this.#sorted ??= [...this.#cards.values()]
      .filter((each) => !each.archived)
      .sort((one, other) => (one.position < other.position ? 1 : -1)));
  }

  #unread(): number {
    return Math.min(100, this.sorted.filter((each) => !each.read).length);
  }

  #changed(unread?: number): void {
    this.#sorted = null;
    if (this.#told) {
      return;
    }
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.snapshot = { ...this.snapshot, unread: unread ?? this.#unread() };
      this.#snapshots.tell(this.snapshot);
      for (const list of this.#lists.values()) {
        list.changed();
      }
    });
  }
}

/** As a client's errors are: problem details. */
export class FakeError extends Error implements Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "BelfryError";
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
  }
}

export const UNREACHABLE: Problem = {
  status: 0,
  code: "unreachable",
  detail: "The server cannot be reached.",
};

class FakeList implements CardList {
  loading = false;
  problem: Problem | null = null;
  readonly listeners = new Listeners<void>();
  readonly #client: FakeBelfry;
  readonly #filter: Filter;
  #cards: readonly Card[] | null = null;
  #told = false;
  /** The list is complete down to this position; "": to the end. */
  #horizon: string;

  constructor(client: FakeBelfry, filter: Filter) {
    this.#client = client;
    this.#filter = filter;
    this.#horizon = this.#matching()[client.page]?.position ?? "";
  }

  get cards(): readonly Card[] {
    if (!this.#client.snapshot.loaded) {
      return [];
    }
    return (this.#cards ??= this.#matching().filter((each) => each.position > this.#horizon));
  }

  get more(): boolean {
    return this.#horizon !== "";
  }

  async loadMore(): Promise<void> {
    if (this.loading || !this.more) {
      return;
    }
    this.loading = true;
    this.changed();
    try {
      await this.#client.request();
      this.#horizon =
        this.#matching().filter((each) => each.position <= this.#horizon)[this.#client.page]?.position ?? "";
      this.problem = null;
    } catch (error) {
      this.problem = error as FakeError;
    }
    this.loading = false;
    this.changed();
  }

  observe(listener: () => void): Unsubscribe {
    return this.listeners.add(listener);
  }

  changed(): void {
    this.#cards = null;
    if (!this.#told) {
      this.#told = true;
      queueMicrotask(() => {
        this.#told = false;
        this.listeners.tell();
      });
    }
  }

  #matching(): readonly Card[] {
    const { unread, severities, categories } = this.#filter;
    return this.#client.sorted.filter(
      (each) =>
        !(unread && each.read) &&
        (severities?.includes(each.severity) ?? true) &&
        (categories?.includes(each.category ?? "") ?? true),
    );
  }
}

export class FakePush implements Push {
  #state: PushState = "off";
  readonly #listeners = new Listeners<PushState>();
  /** Whether the person lets the browser show notifications. */
  allowed = true;

  get state(): PushState {
    return this.#state;
  }

  set state(state: PushState) {
    this.#state = state;
    this.#listeners.tell(state);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  enable(): Promise<void> {
    this.state = this.allowed ? "on" : "denied";
    return this.allowed
      ? Promise.resolve()
      : Promise.reject(
          new FakeError({ status: 0, code: "denied", detail: "Notifications are not allowed." }),
        );
  }

  disable(): Promise<void> {
    this.state = "off";
    return Promise.resolve();
  }

  observe(listener: (state: PushState) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }
}

class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  get size(): number {
    return this.#all.size;
  }

  add(listener: (value: T) => void): Unsubscribe {
    // Wrapped, so that the same function twice is two listeners.
    const own = (value: T): void => {
      listener(value);
    };
    this.#all.add(own);
    return () => {
      this.#all.delete(own);
    };
  }

  tell(value: T): void {
    for (const listener of [...this.#all]) {
      listener(value);
    }
  }
}
