/** What web push needs of a browser. */

import { newId } from "./ids.ts";
import { lockOf } from "./tabs.ts";
import type { Unsubscribe } from "./types.ts";
import type { Badging } from "./worker/badge.ts";

export interface PushBrowser {
  /** Whether it has all that web push takes. Safari on iPhones and iPads has it only in apps on the home screen. */
  readonly canPush: boolean;
  readonly permission: NotificationPermission;
  /** The service worker's registration, once the worker runs; null: this page has none. */
  registration(): Promise<ServiceWorkerRegistration | null>;
  /** Called once the service worker runs, if it does one day: apps register theirs whenever they like. */
  onWorker(listener: () => void): Unsubscribe;
  /** The count on the app's icon. */
  readonly badging: Badging;
  askPermission(): Promise<NotificationPermission>;
  /** Called when the person has changed the permission in the browser's settings. */
  onPermission(listener: () => void): Unsubscribe;
  /** What was kept for all tabs under a name. */
  kept(name: string): string | null;
  /** Keep something for all tabs; null: forget it. */
  keep(name: string, value: string | null): void;
  /** Called when another tab has kept something. */
  onKept(listener: () => void): Unsubscribe;
  /** Called with what the service worker says. */
  onWorkerMessage(listener: (event: MessageEvent<unknown>) => void): Unsubscribe;
  /** Whether an account is connected in some tab of this browser now. */
  isHere(account: string): Promise<boolean>;
  /** Do something while no other tab does it. */
  exclusively(name: string, work: () => Promise<void>): Promise<void>;
  now(): number;
  newId(): string;
}

/** Milliseconds after which a tab that does something alone is taken to be frozen. */
const FROZEN = 30_000;

/** What the browser does not store: it is kept for as long as the page lives. */
const memory = new Map<string, string | null>();

export const pushBrowser: PushBrowser = {
  get canPush() {
    return (
      typeof window !== "undefined" &&
      "PushManager" in window &&
      "Notification" in window &&
      "serviceWorker" in navigator
    );
  },
  get permission() {
    return typeof Notification === "undefined" ? "denied" : Notification.permission;
  },
  async registration() {
    try {
      // There is none in pages without https.
      const registration = "serviceWorker" in navigator && (await navigator.serviceWorker.getRegistration());
      return registration ? await active(registration) : null;
    } catch {
      return null; // it may not be asked for: in a sandbox, or where the browser stores nothing for the site
    }
  },
  onWorker(listener) {
    let ended = false;
    void navigator.serviceWorker.ready.then(() => {
      if (!ended) {
        listener();
      }
    });
    return () => {
      ended = true;
    };
  },
  get badging() {
    return navigator;
  },
  askPermission: () => Notification.requestPermission(),
  onPermission(listener) {
    let status: PermissionStatus | null = null;
    let ended = false;
    void navigator.permissions.query({ name: "notifications" }).then(
      (found) => {
        status = found;
        if (!ended) {
          found.addEventListener("change", listener);
        }
      },
      () => undefined,
    ); // a browser that does not tell: the next start sees it
    return () => {
      ended = true;
      status?.removeEventListener("change", listener);
    };
  },
  kept(name) {
    const unstored = memory.get(name);
    if (unstored !== undefined) {
      return unstored;
    }
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  keep(name, value) {
    try {
      if (value === null) {
        localStorage.removeItem(name);
      } else {
        localStorage.setItem(name, value);
      }
      memory.delete(name);
    } catch {
      memory.set(name, value);
    }
  },
  onKept: (listener) => listen(window, "storage", listener),
  onWorkerMessage(listener) {
    if (!("serviceWorker" in navigator)) {
      return () => undefined;
    }
    const { serviceWorker } = navigator;
    const end = listen(serviceWorker, "message", listener as (event: Event) => void);
    serviceWorker.startMessages();
    return end;
  },
  async isHere(account) {
    try {
      const { held = [] } = await navigator.locks.query();
      return held.some(({ name }) => name === lockOf(account));
    } catch {
      return false; // where there are no locks, or none may be used, tabs do not know of each other
    }
  },
  async exclusively(name, work) {
    if (!("locks" in navigator)) {
      await work();
      return;
    }
    const tooLong = AbortSignal.timeout(FROZEN);
    const turn = { begun: false };
    try {
      await navigator.locks.request(name, { signal: tooLong }, () => {
        turn.begun = true;
        return work();
      });
    } catch (error) {
      if (turn.begun || !tooLong.aborted) {
        throw error;
      }
      await navigator.locks.request(name, { steal: true }, work);
    }
  },
  now: () => Date.now(),
  newId,
};

/** A registration whose worker runs; null: it could not be installed. */
async function active(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration | null> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker) {
    return null;
  }
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === "activated" || worker.state === "redundant") {
        worker.removeEventListener("statechange", look);
        resolve(worker.state === "activated" ? registration : null);
      }
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function listen(target: EventTarget, event: string, listener: (event: Event) => void): Unsubscribe {
  target.addEventListener(event, listener);
  return () => {
    target.removeEventListener(event, listener);
  };
}
