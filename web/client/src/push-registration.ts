/**
 * A person's registration for web push in this browser: what the browser subscribes to, and what the server knows of it.
 *
 * A browser has one push subscription for an app, whoever is signed in. So it is noted whose it is, and who signs in next
 * never gets what is meant for the one before; unless both are here at once, in two tabs: then the second one waits until
 * the first has gone. What else is kept saves requests.
 */

import type { Api } from "./api.ts";
import { BelfryError } from "./errors.ts";
import type { PushBrowser } from "./push-browser.ts";
import { showBadge } from "./worker/badge.ts";
import { accountIn, alertOf, isPassing, type Shown } from "./worker/notification.ts";

const DAY = 86_400_000;
/** After so long the server is asked again for its key, and whether it still has this device. */
const ASK_AFTER = DAY;
const RENEW_AFTER = 7 * DAY;
/** The server forgets a device that was not renewed for so long. */
const FORGOTTEN_AFTER = 90 * DAY;
/** Where it is noted whose the browser's subscription is. */
const OWNER = "belfry-push";

/** `GET /devices`. */
interface Devices {
  readonly devices: readonly { readonly installation: string }[];
  /** What browsers subscribe with; null: the server does not push to browsers. Older ones do not say. */
  readonly applicationServerKey?: string | null;
}

/** What is kept about this person's device. Times are in milliseconds since 1970; 0: not yet. */
interface Kept {
  /** The device's id, as the server knows it: made once; empty: not yet. */
  readonly installation: string;
  /** The server's key at `askedAt`. */
  readonly key: string | null;
  readonly askedAt: number;
  /** Of the subscription that the server has; null: the person does not want pushes here. */
  readonly endpoint: string | null;
  readonly renewedAt: number;
}

const NOTHING_KEPT: Kept = { installation: "", key: null, askedAt: 0, endpoint: null, renewedAt: 0 };

/** Whose a notification is: that of a push is theirs who is pushed to; null: nobody is. */
export function whose(notification: Shown | null, browser: Pick<PushBrowser, "kept">): string | null {
  return (notification && accountIn(notification)) ?? browser.kept(OWNER);
}

/** Rejections are `BelfryError`s. */
export class PushRegistration {
  readonly #account: string;
  readonly #api: Pick<Api, "request">;
  readonly #browser: PushBrowser;

  /** @param account - names the person among those who use this browser. */
  constructor(account: string, api: Pick<Api, "request">, browser: PushBrowser) {
    this.#account = account;
    this.#api = api;
    this.#browser = browser;
  }

  /** Whether the person is pushed to here; null: the server has no pushes for browsers, or has not said yet. */
  get active(): boolean | null {
    return this.#kept.key === null ? null : this.wanted && this.#browser.kept(OWNER) === this.#account;
  }

  /** Whether the person wants pushes here, also if somebody else is pushed to at the moment. */
  get wanted(): boolean {
    return this.#kept.endpoint !== null;
  }

  /** The server may have forgotten this device: the next renewal asks. */
  doubt(): void {
    this.#keep({ askedAt: 0 });
  }

  /** Look after everything that may have changed, and renew the device where that is due. */
  async renew(): Promise<void> {
    await this.#alone(async () => {
      const taken = await this.#isTaken();
      const subscription = taken ? null : await this.#subscription();
      const isSame = subscription !== null && subscription.endpoint === this.#kept.endpoint;
      if (this.#isPast(this.#kept.askedAt, ASK_AFTER)) {
        const { devices } = await this.#ask();
        const isThere = devices.some(({ installation }) => installation === this.#kept.installation);
        if (isSame && !isThere && !this.#isPast(this.#kept.renewedAt, FORGOTTEN_AFTER)) {
          await this.#end(); // the person has removed it, from another device
        }
      }
      const { key, endpoint, renewedAt } = this.#kept;
      if (key === null || endpoint === null || taken) {
        return;
      }
      if (this.#browser.permission !== "granted") {
        await this.#end();
        await this.#api.request("DELETE", this.#path);
        return;
      }
      const renewed = await this.#subscribe(key);
      if (renewed.endpoint !== endpoint || this.#isPast(renewedAt, RENEW_AFTER)) {
        await this.#register(renewed);
      }
    });
  }

  /** Subscribe, and have the server push here. The permission must have been given. */
  async begin(): Promise<void> {
    await this.#alone(async () => {
      await this.#ask();
      const { key } = this.#kept;
      if (key === null) {
        throw refused("push-unsupported", "The server does not push to browsers.");
      }
      if (await this.#isTaken()) {
        const detail =
          "Somebody else is signed in in this browser, too, and pushed to: they have to turn it off first.";
        throw refused("push-taken", detail);
      }
      const subscription = await this.#subscribe(key);
      try {
        await this.#register(subscription);
      } catch (error) {
        await subscription.unsubscribe();
        throw error;
      }
    });
  }

  /** From the first moment nothing is pushed here any more, also if it rejects because the server could not be told. */
  async end(): Promise<void> {
    await this.#alone(async () => {
      await this.#end();
      await this.#api.request("DELETE", this.#path);
    });
  }

  /** Nothing of this person stays in this browser. The server is not told. */
  async forget(): Promise<void> {
    await this.#alone(async () => {
      await this.#end();
      const other = (await this.#isTaken()) ? this.#browser.kept(OWNER) : null;
      await this.#closeNotifications(other);
      if (other === null) {
        await showBadge(this.#browser.badging, 0);
      }
      this.#browser.keep(this.#name, null);
    });
  }

  /** What the server says now. One that sends no pushes at all says so with 501. */
  async #ask(): Promise<Devices> {
    let answer: Devices = { devices: [] };
    try {
      answer = await this.#api.request<Devices>("GET", "/devices");
    } catch (error) {
      if (!(error instanceof BelfryError) || error.code !== "push-off") {
        throw error;
      }
    }
    this.#keep({ key: answer.applicationServerKey ?? null, askedAt: this.#browser.now() });
    return answer;
  }

  /** Whether the subscription is somebody else's who is here, too. */
  async #isTaken(): Promise<boolean> {
    const owner = this.#browser.kept(OWNER);
    return owner !== null && owner !== this.#account && this.#browser.isHere(owner);
  }

  /** This person's subscription; somebody else's is ended. */
  async #subscription(): Promise<PushSubscription | null> {
    const registration = await this.#browser.registration();
    const subscription = (await registration?.pushManager.getSubscription()) ?? null;
    const owner = this.#browser.kept(OWNER);
    if (owner === this.#account || (owner === null && subscription === null)) {
      return subscription;
    }
    await this.#drop();
    return null;
  }

  /** This person's subscription with the server's key: that which is there, or a new one. */
  async #subscribe(key: string): Promise<PushSubscription> {
    const before = await this.#subscription();
    const itsKey = before?.options.applicationServerKey;
    if (before && (!itsKey || encoded(itsKey) === key)) {
      return before;
    }
    await before?.unsubscribe();
    const registration = await this.#browser.registration();
    if (registration === null) {
      throw refused("push-unsupported", "The app has no service worker.");
    }
    try {
      return await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    } catch (error) {
      throw refused("push-refused", "The browser's push service takes no subscription.", error);
    }
  }

  async #register(subscription: PushSubscription): Promise<void> {
    const { endpoint, keys } = subscription.toJSON();
    if (endpoint === undefined || keys?.p256dh === undefined || keys.auth === undefined) {
      throw refused("push-refused", "The browser's push subscription has no keys.");
    }
    // Noted before: if the answer is lost, the server pushes here all the same.
    this.#browser.keep(OWNER, this.#account);
    const pushChannel = { endpoint, p256dh: keys.p256dh, auth: keys.auth };
    await this.#api.request("PUT", this.#path, { body: { platform: "browser", pushChannel } });
    this.#keep({ endpoint, renewedAt: this.#browser.now() });
  }

  async #end(): Promise<void> {
    this.#keep({ endpoint: null });
    if (this.#browser.kept(OWNER) === this.#account) {
      await this.#drop();
    }
  }

  /** End the browser's subscription, whoever's it is: its push service then refuses what is sent to it. */
  async #drop(): Promise<void> {
    const registration = await this.#browser.registration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    await this.#closeNotifications();
    this.#browser.keep(OWNER, null);
  }

  /** All but those of somebody else who is here. */
  async #closeNotifications(other: string | null = null): Promise<void> {
    const registration = await this.#browser.registration();
    for (const notification of (await registration?.getNotifications()) ?? []) {
      const isOurs = alertOf(notification) !== null || isPassing(notification);
      if (isOurs && (other === null || whose(notification, this.#browser) !== other)) {
        notification.close();
      }
    }
  }

  /** One tab at a time, and one person: two would subscribe over each other. */
  #alone(work: () => Promise<void>): Promise<void> {
    return this.#browser.exclusively(OWNER, work);
  }

  get #path(): string {
    return `/devices/${this.#kept.installation}`;
  }

  #isPast(moment: number, milliseconds: number): boolean {
    return this.#browser.now() - moment > milliseconds;
  }

  get #name(): string {
    return `${OWNER}:${this.#account}`;
  }

  get #kept(): Kept {
    return { ...NOTHING_KEPT, ...parsed(this.#browser.kept(this.#name)) };
  }

  #keep(change: Partial<Kept>): void {
    const kept = this.#kept;
    const installation = kept.installation || `web-${this.#browser.newId()}`;
    this.#browser.keep(this.#name, JSON.stringify({ ...kept, installation, ...change }));
  }
}

export function refused(code: string, detail: string, cause?: unknown): BelfryError {
  return new BelfryError({ status: 0, code, detail }, { cause });
}

/** What we have written, or nothing. */
function parsed(text: string | null): Partial<Kept> {
  try {
    return text === null ? {} : (JSON.parse(text) as Partial<Kept>);
  } catch {
    return {};
  }
}

/** Base64url, as servers write their keys. */
function encoded(key: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(key)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
