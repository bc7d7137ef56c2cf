/**
 * What pushes and pages ask for, and what becomes of it on the screen. Nothing here does I/O: the service worker and the
 * pages share it.
 */

import type { Action, Severity } from "../types.ts";

/** Show a card; what the server pushes, and what a page asks for while nobody sees it. */
export interface Alert {
  readonly type: "alert";
  readonly card: string;
  /** Of the card's revision. Sorts as text; the newest is the highest. */
  readonly position: string;
  readonly title: string;
  readonly body: string;
  readonly severity: Severity;
  readonly silent: boolean;
  readonly url?: string;
  /** When it was stored: RFC 3339 in UTC with milliseconds, so it sorts as text. */
  readonly at?: string;
  readonly actions: readonly Action[];
  /** How many cards the person has not read; absent: nothing is known of it. */
  readonly unread?: number;
}

/** Take a card's notification away, unless it shows a later revision. */
export interface ClearCard {
  readonly type: "clear";
  readonly card: string;
  readonly position: string;
  readonly unread?: number;
}

/** Take all notifications away whose alerts were stored up to a moment. */
export interface ClearAll {
  readonly type: "clear";
  readonly upTo: string;
  readonly unread?: number;
}

export type Message = Alert | ClearCard | ClearAll;

/** What a message says; null: nothing that this version knows. */
export function decode(message: unknown): Message | null {
  if (!isObject(message)) {
    return null;
  }
  const { card, position, upTo, unread } = message;
  const counted = typeof unread === "number" && Number.isInteger(unread) && unread >= 0 ? { unread } : {};
  if (message.type === "clear" && isText(upTo)) {
    return { type: "clear", upTo, ...counted };
  }
  if (!isText(card) || !isText(position)) {
    return null;
  }
  if (message.type === "clear") {
    return { type: "clear", card, position, ...counted };
  }
  if (message.type !== "alert" || !isText(message.title)) {
    return null;
  }
  return {
    type: "alert",
    card,
    position,
    title: message.title,
    body: isText(message.body) ? message.body : "",
    severity: isSeverity(message.severity) ? message.severity : "info",
    silent: message.silent === true,
    ...(isText(message.url) ? { url: message.url } : {}),
    ...(isText(message.at) ? { at: message.at } : {}),
    actions: Array.isArray(message.actions) ? message.actions.filter(isAction) : [],
    ...counted,
  };
}

/** A notification that is on the screen, or in the list of those that were. */
export interface Shown {
  readonly tag: string;
  /** What `Appearance` gave it. */
  readonly data: unknown;
}

/** What is owed to the browser in return for a message. */
export type Demand =
  /**
   * Nothing: it came from a page; or to Chromium. That has a budget for pushes that show nothing, and once it is used up
   * one note of its own, in silence, which goes with the next notification. A note for each push would be more.
   */
  | "nothing"
  /**
   * A notification, unless a window can be seen: Firefox ends the subscription after some pushes without, until the
   * person visits the site again.
   */
  | "notification"
  /** A new one for each push, also while the app can be seen: WebKit ends the subscription at the third without. */
  | "new notification";

/** The push services of which it is known what their browsers want. */
const DEMANDS: readonly (readonly [host: RegExp, demand: Demand])[] = [
  // Safari's, on all systems.
  [/(^|\.)push\.apple\.com$/, "new notification"],
  // Chrome's, and that of most that are made of Chromium; Edge's.
  [/(^|\.)fcm\.googleapis\.com$/, "nothing"],
  [/(^|\.)notify\.windows\.com$/, "nothing"],
];

/** What is owed in return for a push, by the endpoint of the subscription. */
export function demandOf(endpoint: string): Demand {
  const { hostname } = new URL(endpoint);
  return DEMANDS.find(([host]) => host.test(hostname))?.[1] ?? "notification";
}

/** How things stand when a message comes. */
export interface Present {
  /** All notifications of this service worker. */
  readonly shown: readonly Shown[];
  /** Whether a window of the app can be seen. */
  readonly visible: boolean;
  readonly demand: Demand;
}

/** How the app's notifications look. */
export interface Style {
  readonly icon?: string;
  /** Of one colour, for the status bar of Android. */
  readonly badge?: string;
  /** Said where the browser wants a notification and there is nothing to say. */
  readonly nothingNew: string;
}

/** What a notification carries along. */
export interface Data {
  /** What it shows; null: that there is nothing new. */
  readonly belfry: Alert | null;
  /** Whether it is shown for the browser alone, and to be closed a moment after the browser has seen it. */
  readonly passing: boolean;
  /** Whose it is, if a page has it shown; what is pushed does not say. */
  readonly account?: string;
  /** Tells it from others with its tag. */
  readonly mark?: string;
}

/** What `showNotification` takes besides the title. */
export interface Appearance {
  readonly tag: string;
  readonly data: Data;
  readonly body?: string;
  readonly silent: boolean;
  /** Whether it draws attention again where it takes another one's place. */
  readonly renotify: boolean;
  readonly requireInteraction: boolean;
  readonly timestamp?: number;
  readonly actions: readonly { readonly action: string; readonly title: string }[];
  readonly icon?: string;
  readonly badge?: string;
}

/** A notification to show. It takes the place of one with its tag. */
export interface Show {
  readonly title: string;
  readonly appearance: Appearance;
}

/** What is to be done about a message. */
export interface Plan {
  readonly show: Show | null;
  /** Tags of those to close at once. */
  readonly close: readonly string[];
  /** What the app's icon is to count; null: what it counts now. */
  readonly badge: number | null;
}

/** The tag of what only says that there is nothing new. No card has it: cards have no spaces. */
const NOTE_TAG = "belfry note";

/** What to do about a message. */
export function planned(message: Message, present: Present, style: Style): Plan {
  const badge = message.unread ?? null;
  const passing = present.shown.filter(isPassing);
  const standing = present.shown.filter((each) => !isPassing(each));
  const cards = standing.flatMap((each) => alertOf(each) ?? []);
  const news = message.type === "alert" && !cards.some((each) => covers(each, message)) ? message : null;
  if (news && !present.visible) {
    const renotify = !news.silent && cards.some(({ card }) => card === news.card);
    return plan(showing(news, style, { renotify }), passing, badge);
  }
  // What can be seen in the app needs no notification, and an older one would be wrong.
  const gone = standing.filter((each) => isGone(alertOf(each), news ?? message));
  const left = standing.filter((each) => !gone.includes(each));
  const close = [...passing, ...gone];
  if (isContent(present, left.length)) {
    return plan(null, close, badge);
  }
  // The browser wants a notification. The least that people notice of: one that is there already, shown once more. It is
  // closed only later, for those that are closed at once do not count.
  const last = news ?? close.flatMap((each) => alertOf(each) ?? []).at(-1);
  if (last) {
    return plan(showing(last, style, { quietly: true, passing: true }), close, badge);
  }
  const staying = left.flatMap((each) => alertOf(each) ?? []).at(-1);
  return plan(staying ? showing(staying, style, { quietly: true }) : note(style), close, badge);
}

function plan(show: Plan["show"], close: readonly Shown[], badge: number | null): Plan {
  const tags = close.map(({ tag }) => tag);
  return { show, close: tags.filter((tag) => tag !== show?.appearance.tag), badge };
}

/** Whether a notification is shown for the browser alone: it counts for nothing, and may have been left behind. */
export function isPassing({ data }: Shown): boolean {
  return isObject(data) && "belfry" in data && data.passing === true;
}

/** Whose a notification is; null: it does not say. */
export function accountIn({ data }: Shown): string | null {
  return isObject(data) && isText(data.account) ? data.account : null;
}

/** What tells a notification from others with its tag; null: an earlier version has shown it. */
export function markIn({ data }: Shown): string | null {
  return isObject(data) && isText(data.mark) ? data.mark : null;
}

/** The alert that a notification shows; null: it is not one of ours, or only a note. */
export function alertOf(shown: Shown): Alert | null {
  const alert = isObject(shown.data) ? decode(shown.data.belfry) : null;
  return alert?.type === "alert" ? alert : null;
}

/** Where a click leads: an absolute URL of this origin, or an https one; null: nowhere that one may go. */
export function destination(url: string | undefined, base: string): string | null {
  if (url === undefined || !URL.canParse(url, base)) {
    return null;
  }
  const target = new URL(url, base);
  return target.protocol === "https:" || target.origin === new URL(base).origin ? target.href : null;
}

/** Whether a notification shows an alert's revision already, or a later one. */
function covers(shown: Alert, alert: Alert): boolean {
  return shown.card === alert.card && shown.position >= alert.position;
}

/** Whether a notification has had its day once a message is there: it is cleared, or there is a later revision. */
function isGone(shown: Alert | null, message: Message): boolean {
  if (shown === null) {
    return false;
  }
  if ("upTo" in message) {
    return shown.at !== undefined && shown.at <= message.upTo;
  }
  if (shown.card !== message.card) {
    return false;
  }
  return message.type === "clear" ? shown.position <= message.position : shown.position < message.position;
}

/** Whether the browser is content with nothing new, and so many notifications that are left. */
function isContent({ demand, visible }: Present, left: number): boolean {
  return demand === "nothing" || (demand === "notification" && (visible || left > 0));
}

interface Manner {
  readonly renotify?: boolean;
  readonly quietly?: boolean;
  readonly passing?: boolean;
}

function showing(
  alert: Alert,
  style: Style,
  { renotify = false, quietly = false, passing = false }: Manner,
): Show {
  const { card, title, body, severity, at, actions } = alert;
  const timestamp = at === undefined ? NaN : Date.parse(at);
  return {
    title,
    appearance: {
      tag: card,
      data: { belfry: alert, passing },
      ...(body ? { body } : {}),
      silent: quietly || alert.silent,
      renotify,
      requireInteraction: severity === "critical" && !passing,
      ...(Number.isNaN(timestamp) ? {} : { timestamp }),
      actions: actions.map(({ id, title }) => ({ action: id, title })),
      ...icons(style),
    },
  };
}

function note(style: Style): Show {
  return {
    title: style.nothingNew,
    appearance: {
      tag: NOTE_TAG,
      data: { belfry: null, passing: true },
      silent: true,
      renotify: false,
      requireInteraction: false,
      actions: [],
      ...icons(style),
    },
  };
}

function icons({ icon, badge }: Style): { icon?: string; badge?: string } {
  return { ...(icon ? { icon } : {}), ...(badge ? { badge } : {}) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isSeverity(value: unknown): value is Severity {
  return value === "info" || value === "success" || value === "warning" || value === "critical";
}

function isAction(value: unknown): value is Action {
  return isObject(value) && isText(value.id) && isText(value.title) && isText(value.url);
}
