import type { Severity } from "@belfry/client";

/** Everything the elements say, in one language. Dates and numbers are not texts: see `format.ts`. */
export interface Texts {
  readonly close: string;
  readonly severity: Readonly<Record<Severity, string>>;
  /** A category as people read it; `name` is what producers send. */
  readonly category: (name: string) => string;
  /** The device has no network. */
  readonly offline: string;
  /** There is a network, but the server cannot be reached. */
  readonly reconnecting: string;
  /** How many marks wait to be sent; at least one. */
  readonly queued: (count: number) => string;
  readonly bell: BellTexts;
  readonly inbox: InboxTexts;
  readonly card: CardTexts;
  readonly announce: AnnounceTexts;
  readonly toasts: ToastTexts;
  readonly preferences: PreferenceTexts;
}

export interface BellTexts {
  /** The accessible name: what it is, and how many are unread (100 stands for 100 and more). */
  readonly label: (unread: number) => string;
  /** Added to the name while there is no connection. */
  readonly offline: string;
}

export interface InboxTexts {
  readonly title: string;
  readonly show: string;
  readonly all: string;
  readonly unread: string;
  readonly filter: string;
  /** The name of the filter button while `count` filters are set. */
  readonly filtered: (count: number) => string;
  readonly severity: string;
  readonly category: string;
  readonly clearFilters: string;
  readonly markAllRead: string;
  readonly allMarkedRead: string;
  /** On the pill that brings new cards in; at least one. */
  readonly fresh: (count: number) => string;
  readonly loading: string;
  readonly loadMore: string;
  readonly empty: string;
  readonly emptyHint: string;
  readonly noMatch: string;
  readonly noMatchHint: string;
  readonly failed: string;
  readonly failedOlder: string;
  readonly retry: string;
  readonly signedOut: string;
  readonly signedOutHint: string;
  readonly archived: (title: string) => string;
  readonly undo: string;
}

export interface CardTexts {
  readonly unread: string;
  readonly markRead: string;
  readonly markUnread: string;
  readonly archive: string;
  readonly more: string;
  readonly less: string;
  /** Read aloud after a link that leaves the app. */
  readonly newTab: string;
}

/** Read aloud, never shown. */
export interface AnnounceTexts {
  readonly arrived: (title: string) => string;
  /** Two or more. */
  readonly arrivals: (count: number) => string;
  readonly critical: (title: string) => string;
  /** Two or more. */
  readonly criticals: (count: number) => string;
  readonly markedRead: string;
  readonly markedUnread: string;
  /** Also says that the key Z takes it back. */
  readonly archived: (title: string) => string;
  readonly undone: (title: string) => string;
}

export interface ToastTexts {
  /** Names the landmark in which they are. */
  readonly label: string;
  readonly dismiss: string;
  /** On the button that shows those that are not in sight; at least one. */
  readonly more: (count: number) => string;
  /** Instead of the alerts of a flood. */
  readonly crowd: (count: number) => string;
  /** On the button that opens the inbox. */
  readonly showAll: string;
}

export interface PreferenceTexts {
  readonly label: string;
  readonly loading: string;
  readonly failed: string;
  readonly retry: string;
  readonly offline: string;
  readonly signedOut: string;
  readonly saving: string;
  readonly saved: string;
  /** Followed by why. */
  readonly notSaved: string;
  readonly on: string;
  readonly off: string;
  readonly device: {
    readonly title: string;
    readonly push: string;
    readonly pushHint: string;
    readonly denied: string;
    readonly deniedHint: string;
    readonly unsupported: string;
    readonly unsupportedHint: string;
    /** For iPhones and iPads, where it takes an app on the home screen. */
    readonly homeScreenHint: string;
  };
  readonly topics: {
    readonly title: string;
    readonly hint: string;
    readonly push: string;
    /** The name of the switch that says whether a topic is pushed. */
    readonly pushOf: (topic: string) => string;
  };
  readonly categories: { readonly title: string; readonly hint: string };
  readonly severity: {
    readonly title: string;
    readonly hint: string;
    /** What the least serious severity that is pushed stands for. */
    readonly from: Readonly<Record<Severity, string>>;
    readonly critical: string;
    readonly criticalHint: string;
  };
  readonly quiet: {
    readonly title: string;
    readonly hint: string;
    readonly start: string;
    readonly end: string;
    readonly nextDay: string;
    readonly timeZone: string;
    readonly days: string;
    readonly everyDay: string;
    readonly incomplete: string;
    readonly same: string;
  };
  readonly devices: {
    readonly title: string;
    readonly hint: string;
    readonly none: string;
    readonly failed: string;
    /** A platform as people call it; `name` is as the server has it. */
    readonly platform: (name: string) => string;
    readonly since: (date: string) => string;
    readonly seen: (date: string) => string;
    readonly remove: string;
    readonly removeOf: (device: string) => string;
    readonly sure: string;
    readonly keep: string;
    readonly removed: (device: string) => string;
  };
}

/** Some of the texts, down to single ones. */
export type SomeTexts<T = Texts> = {
  readonly [K in keyof T]?: T[K] extends (...arguments_: never[]) => unknown
    ? T[K]
    : T[K] extends object
      ? SomeTexts<T[K]>
      : T[K];
};

/** Picks the form that a language has for a number. `other` is for all that are not given. */
export function plurals(
  language: string,
): (
  count: number,
  forms: Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string },
) => string {
  const rules = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace("#", number.format(count));
}

/** `orders.shipped_late` as `Orders shipped late`. */
export function readable(name: string): string {
  const words = name.replace(/[._-]+/gu, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
