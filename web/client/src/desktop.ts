/**
 * Notifications while the app is open and nobody sees it, and the count on its icon. The tab that leads has one of these.
 *
 * They go through the service worker, as pushes do: it knows whether any window can be seen, and a push of the same card
 * finds it shown already.
 */

import { page as thisPage, type Page } from "./page.ts";
import { type PushBrowser, pushBrowser } from "./push-browser.ts";
import { whose } from "./push-registration.ts";
import { silenceFor } from "./silence.ts";
import type { Card, Preferences, Push } from "./types.ts";
import { showBadge } from "./worker/badge.ts";
import { type Alert, alertOf } from "./worker/notification.ts";
import type { ToWorker } from "./worker/speaking.ts";

/** Milliseconds in which changes are gathered. */
const GATHERING = 250;
/** How often the preferences are read again: they may have been changed on another device. */
const HOUR = 3_600_000;

type DesktopBrowser = Pick<PushBrowser, "permission" | "registration" | "badging" | "now" | "kept">;

export interface DesktopOptions {
  /** Names the person among those who use this browser; null: nobody is connected. */
  readonly account: () => string | null;
  /** The card as it is now; null: it is not known, or not there any more. */
  readonly find: (card: string) => Card | null;
  /** Who has turned pushes off on this device does not want notifications on it. */
  readonly push: Pick<Push, "state">;
  readonly preferences: () => Promise<Preferences>;
  readonly browser?: DesktopBrowser | undefined;
  readonly page?: Pick<Page, "visible"> | undefined;
}

export class Desktop {
  readonly #options: DesktopOptions;
  readonly #browser: DesktopBrowser;
  readonly #page: Pick<Page, "visible">;
  #preferences: Preferences | null = null;
  #reading: ReturnType<typeof setInterval> | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #unread: number | null = null;
  /** Tells answers to an earlier start. */
  #starts = 0;
  /** Cards with a notification that were known once: when they are not any more, they were withdrawn. */
  readonly #known = new Set<string>();

  constructor(options: DesktopOptions) {
    this.#options = options;
    this.#browser = options.browser ?? pushBrowser;
    this.#page = options.page ?? thisPage;
  }

  /** This tab leads from now on. */
  start(): void {
    this.stop();
    this.#reading = setInterval(() => void this.#readPreferences(), HOUR);
    void this.#readPreferences();
  }

  /** It does no more. What is shown stays. */
  stop(): void {
    clearInterval(this.#reading);
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#unread = null;
    // They may be another person's when it starts again.
    this.#preferences = null;
    this.#known.clear();
    this.#starts += 1;
  }

  /** The person has saved other preferences. */
  prefer(preferences: Preferences): void {
    this.#preferences = preferences;
  }

  /** A card has come, new or revised. */
  async arrived(card: Card): Promise<void> {
    const { push } = this.#options;
    if (
      this.#page.visible ||
      this.#browser.permission !== "granted" ||
      push.state === "off" ||
      card.push === "never"
    ) {
      return;
    }
    if (this.#preferences && silenceFor(this.#preferences, card, this.#browser.now())) {
      return;
    }
    const account = this.#options.account();
    const registration = await this.#browser.registration();
    const said: ToWorker = {
      belfry: "notify",
      message: alertFor(card),
      ...(account === null ? {} : { account }),
    };
    registration?.active?.postMessage(said);
  }

  /** Cards or marks have changed. Notifications of what was read, archived or withdrawn go soon. */
  changed(unread: number): void {
    if (unread !== this.#unread) {
      this.#unread = unread;
      void showBadge(this.#browser.badging, unread);
    }
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      void this.#tidy();
    }, GATHERING);
  }

  async #tidy(): Promise<void> {
    const registration = await this.#browser.registration();
    for (const notification of (await registration?.getNotifications()) ?? []) {
      const alert = alertOf(notification);
      if (alert && this.#isMine(notification) && this.#isDone(alert)) {
        notification.close();
      }
    }
  }

  /** Whoever else is here tidies up their own. */
  #isMine(notification: Notification): boolean {
    const person = whose(notification, this.#browser);
    return person === null || person === this.#options.account();
  }

  #isDone(alert: Alert): boolean {
    const card = this.#options.find(alert.card);
    if (card === null) {
      return this.#known.delete(alert.card);
    }
    this.#known.add(alert.card);
    if (card.position < alert.position) {
      return false; // a push was faster
    }
    const expires = card.expiresAt === undefined ? Infinity : Date.parse(card.expiresAt);
    return card.read || card.archived || expires <= this.#browser.now();
  }

  /** Until they are known everything is shown: too much does less harm than too little. */
  async #readPreferences(): Promise<void> {
    const start = this.#starts;
    try {
      const preferences = await this.#options.preferences();
      if (start === this.#starts) {
        this.#preferences = preferences;
      }
    } catch (error) {
      console.debug("belfry: the preferences could not be read; in an hour they are tried again", error);
    }
  }
}

/** What the service worker shows of a card: as the server would push it. */
function alertFor({ card, position, at, title, body, severity, url, actions = [] }: Card): Alert {
  const silent = severity === "info" || severity === "success";
  const link = url === undefined ? {} : { url };
  return { type: "alert", card, position, at, title, body, severity, silent, actions, ...link };
}
