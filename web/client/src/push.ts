/** Web push on this device, as the person sees it: whether there is any, whether it is on, and the switch for it. */

import type { Api } from "./api.ts";
import { BelfryError } from "./errors.ts";
import { Listeners } from "./listeners.ts";
import { type PushBrowser, pushBrowser } from "./push-browser.ts";
import { PushRegistration, refused } from "./push-registration.ts";
import type { Push, PushState, Unsubscribe } from "./types.ts";
import { fromWorker } from "./worker/speaking.ts";

/** Milliseconds between two looks at how things stand, unless the browser says that they have changed. */
const PAUSE = 60_000;

export interface DevicePushOptions {
  readonly api: Pick<Api, "request">;
  /** The browser, unless a test has another. Its service worker has to call `installBelfryWorker`. */
  readonly browser?: PushBrowser | undefined;
}

export class DevicePush implements Push {
  readonly #api: Pick<Api, "request">;
  readonly #browser: PushBrowser;
  readonly #listeners = new Listeners<[PushState]>();
  #account: string | null = null;
  #registration: PushRegistration | null = null;
  #hasWorker = false;
  #lookedAt = 0;
  #unsubscribe: readonly Unsubscribe[] = [];
  #told: PushState = "unsupported";

  constructor({ api, browser = pushBrowser }: DevicePushOptions) {
    this.#api = api;
    this.#browser = browser;
  }

  get state(): PushState {
    const active = this.#registration?.active ?? null;
    if (!this.#hasWorker || active === null) {
      return "unsupported";
    }
    const { permission } = this.#browser;
    if (permission === "denied") {
      return "denied";
    }
    return active && permission === "granted" ? "on" : "off";
  }

  observe(listener: (state: PushState) => void): Unsubscribe {
    return this.#listeners.add(listener);
  }

  /**
   * From now on this is a person's browser: follow what becomes of it, and renew the device where that is due. It may be
   * called as often as one likes; once a minute it has a look. Never rejects: what fails is tried the next time.
   *
   * @param account - names the person among those who use this browser.
   */
  async start(account: string): Promise<void> {
    if (!this.#browser.canPush) {
      return;
    }
    if (this.#account !== account) {
      this.stop();
      this.#account = account;
      this.#registration = new PushRegistration(account, this.#api, this.#browser);
      this.#follow();
    } else if (this.#browser.now() - this.#lookedAt < PAUSE) {
      return;
    }
    await this.#renew();
  }

  /** The server has forgotten the person: if nothing is pushed here any more, the switch is off. */
  async review(): Promise<void> {
    this.#registration?.doubt();
    await this.#renew();
  }

  /** Nobody is here any more; what was pushed to goes on being pushed to. */
  stop(): void {
    this.#unsubscribe.forEach((end) => {
      end();
    });
    this.#unsubscribe = [];
    this.#account = null;
    this.#registration = null;
    this.#tell();
  }

  async enable(): Promise<void> {
    const registration = this.#registration;
    if (registration === null) {
      const detail = "There is no web push here. On iPhones and iPads, put the app on the home screen.";
      throw refused("push-unsupported", detail);
    }
    // First of all: browsers ask only while they remember the click.
    const permission = await this.#browser.askPermission();
    this.#tell();
    if (permission !== "granted") {
      throw refused("push-not-allowed", "Notifications are not allowed in the browser's settings.");
    }
    await this.#telling(registration.begin());
  }

  /** From the first moment nothing is pushed here any more, also if it rejects because the server could not be told. */
  async disable(): Promise<void> {
    if (this.#registration) {
      await this.#telling(this.#registration.end());
    }
  }

  /** The person leaves this browser: nothing of theirs stays. Rejects as `disable` does. */
  async signOut(): Promise<void> {
    try {
      if (this.#registration?.wanted) {
        await this.disable();
      }
    } finally {
      await this.forget();
    }
  }

  /** Nothing of this person stays in this browser. The server is not told. */
  async forget(): Promise<void> {
    const registration = this.#registration;
    this.stop();
    await registration?.forget();
  }

  #follow(): void {
    this.#unsubscribe = [
      this.#browser.onPermission(() => void this.#renew()),
      this.#browser.onWorker(() => {
        if (!this.#hasWorker) {
          void this.#renew();
        }
      }),
      this.#browser.onKept(() => {
        this.#tell();
      }),
      this.#browser.onWorkerMessage((event) => {
        if (fromWorker(event.data)?.belfry === "subscription") {
          void this.#renew();
        }
      }),
    ];
  }

  async #renew(): Promise<void> {
    try {
      this.#hasWorker = (await this.#browser.registration()) !== null;
      if (this.#registration && this.#hasWorker) {
        this.#lookedAt = this.#browser.now();
        await this.#telling(this.#registration.renew());
      }
    } catch (error) {
      if (!(error instanceof BelfryError && error.passing)) {
        console.warn("belfry: this device's pushes could not be renewed", error);
      }
    }
  }

  async #telling(work: Promise<void>): Promise<void> {
    try {
      await work;
    } finally {
      this.#tell();
    }
  }

  #tell(): void {
    const { state } = this;
    if (state !== this.#told) {
      this.#told = state;
      this.#listeners.call(state);
    }
  }
}
