/** What the client and its elements speak of. Names and shapes are those of the HTTP API where it has them. */

export type Severity = "info" | "success" | "warning" | "critical";

/** Something that can be done about an alert. */
export interface Action {
  readonly id: string;
  readonly title: string;
  /** A relative path, or https. */
  readonly url: string;
}

/** An alert as a person sees it. */
export interface Card {
  /** The alert's thread, or its id where it has none. Of two with the same one the higher position counts. */
  readonly card: string;
  readonly id: string;
  /** The audience through which the person sees it. */
  readonly audience: string;
  /** Sorts as text; the newest is the highest. */
  readonly position: string;
  /** When it became visible: RFC 3339 in UTC with milliseconds, so it sorts as text. */
  readonly at: string;
  readonly read: boolean;
  readonly archived: boolean;
  readonly title: string;
  readonly body: string;
  readonly severity: Severity;
  readonly category?: string;
  readonly url?: string;
  readonly icon?: string;
  readonly image?: string;
  readonly actions?: readonly Action[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly thread?: string;
  readonly expiresAt?: string;
  /** When it is pushed: only while no client is connected, which is the default; in any case; or not at all. */
  readonly push?: "offline" | "always" | "never";
}

/** How the client stands with the server. */
export type Connection =
  /** Not connected, and not trying to be: before `connect`, and after `disconnect`. */
  | "closed"
  /** Connecting for the first time. */
  | "connecting"
  /** Connected, in this tab or another: everything is told at once. */
  | "live"
  /** Cut off. It tries again by itself; cards stay, and marks wait. */
  | "waiting"
  /** The server refused the token, and `getToken` had no better one. `connect` tries again. */
  | "signed-out";

/** An error of the API: problem details of RFC 9457. */
export interface Problem {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Stable, as docs/errors.md lists them; `unreachable` when there was no answer. */
  readonly code: string;
  /** A sentence for people, in English. */
  readonly detail: string;
}

/** What is known at one moment. A new object whenever something in it changed. */
export interface Snapshot {
  readonly connection: Connection;
  /** The person's unread cards; exact up to 100, which stands for 100 and more. */
  readonly unread: number;
  /** Whether cards can be shown: from this device's storage, or from the server. */
  readonly loaded: boolean;
  /** How many marks wait to be sent. */
  readonly queued: number;
  /** The person's user id, once it is known. */
  readonly user: string | null;
}

export type Unsubscribe = () => void;

/** Which cards a list shows; what is left out does not matter. */
export interface Filter {
  readonly unread?: boolean;
  readonly severities?: readonly Severity[];
  readonly categories?: readonly string[];
}

/** Cards newest first, without a hole between the first and the last, kept up to date while anybody observes it. */
export interface CardList {
  readonly cards: readonly Card[];
  /** Whether the server has older ones. */
  readonly more: boolean;
  readonly loading: boolean;
  /** Why the last load failed, until one succeeds. */
  readonly problem: Problem | null;
  /** Get older ones: the next page. Never rejects: see `problem`. */
  loadMore(): Promise<void>;
  /** Called after each change, once for all changes of one turn of the event loop. */
  observe(listener: () => void): Unsubscribe;
}

export interface Subscription {
  readonly topic: string;
  /** RFC 3339; alerts that were stored before are not shown. */
  readonly since: string;
}

export type Day = "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";

export interface QuietHours {
  /** `HH:MM`. */
  readonly start: string;
  /** `HH:MM`; before `start`: on the next day. */
  readonly end: string;
  /** An IANA name. */
  readonly timeZone: string;
  /** The days on which they start; empty: every day. */
  readonly days: readonly Day[];
}

/** What a person wants to be pushed. The inbox shows everything regardless. */
export interface Preferences {
  readonly mutedCategories: readonly string[];
  readonly mutedTopics: readonly string[];
  readonly minimumSeverity: Severity;
  readonly quietHours: QuietHours | null;
  /** Whether critical alerts go through all of the above. */
  readonly criticalAlways: boolean;
}

/** Whether this browser is pushed to while no page is open. */
export type PushState =
  /** The browser has no web push, or the server has it turned off. */
  | "unsupported"
  /** The person has forbidden notifications in the browser's settings. */
  | "denied"
  | "off"
  | "on";

/** A device that the person is pushed to. */
export interface Device {
  readonly installation: string;
  readonly platform: string;
  /** RFC 3339. */
  readonly registeredAt: string;
  /** RFC 3339; it is forgotten 90 days later. */
  readonly renewedAt: string;
}

/** Web push on this device. */
export interface Push {
  readonly state: PushState;
  /** Ask for permission, subscribe, and register this device. Call it from a click. Rejects with a `BelfryError`. */
  enable(): Promise<void>;
  disable(): Promise<void>;
  observe(listener: (state: PushState) => void): Unsubscribe;
}

/** What elements and apps use. `Belfry` is the one that talks to a server. */
export interface BelfryClient {
  readonly snapshot: Snapshot;
  readonly push: Push;
  /** Called with each new snapshot, at most once in a turn of the event loop. */
  observe(listener: (snapshot: Snapshot) => void): Unsubscribe;
  /** Called with each card that has just come, new or revised: once in each tab, never for what history brings. */
  onArrival(listener: (card: Card) => void): Unsubscribe;
  /** The list of a filter; the same filter gives the same list. */
  list(filter?: Filter): CardList;
  /** Mark a card, now; it is sent as soon as that is possible, and taken back if the server refuses it. */
  mark(card: string, change: { readonly read?: boolean; readonly archived?: boolean }): void;
  /** Mark all cards as read, now: those that this device knows of. */
  markAllRead(): void;
  /** Each rejects with a `BelfryError`. */
  subscriptions(): Promise<readonly Subscription[]>;
  subscribe(topic: string): Promise<Subscription>;
  unsubscribe(topic: string): Promise<void>;
  preferences(): Promise<Preferences>;
  savePreferences(preferences: Preferences): Promise<Preferences>;
}
