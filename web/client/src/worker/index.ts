/**
 * Belfry in an app's own service worker: it shows what is pushed, and opens what is clicked.
 *
 *     import { installBelfryWorker } from "@belfry/client/worker";
 *     installBelfryWorker(self, { icon: "/icon.png" });
 *
 * An app without a service worker of its own takes `belfry-worker.js` as it is.
 */

import { accountIn, alertOf, decode, isPassing, type Style } from "./notification.ts";
import { Showing } from "./showing.ts";
import { fromPage } from "./speaking.ts";
import { Clicks, tell } from "./windows.ts";

export { installShell, type ShellOptions } from "./shell.ts";

export interface WorkerOptions extends Partial<Style> {
  /** Where a click leads whose alert has no link; by default to the worker's scope. */
  readonly home?: string;
}

/**
 * Handle this service worker's pushes, and what comes of them. Call it when the script runs first, not later.
 *
 * Pushes and notifications of others are left alone.
 */
export function installBelfryWorker(worker: ServiceWorkerGlobalScope, options: WorkerOptions = {}): void {
  const {
    home = worker.registration.scope,
    nothingNew = nothingNewIn(worker.navigator.language),
    ...rest
  } = options;
  const showing = new Showing(worker, { nothingNew, ...rest });
  const clicks = new Clicks(worker);

  worker.addEventListener("push", (event) => {
    const message = decode(contentOf(event.data));
    if (message) {
      event.waitUntil(showing.pushed(message));
    }
  });
  worker.addEventListener("message", (event) => {
    const said = fromPage(event.data);
    if (said?.belfry === "notify") {
      event.waitUntil(showing.told(said.message, said.account));
    } else if (said?.belfry === "claim" && event.source instanceof Client) {
      clicks.claimed(event.source, said.account);
    }
  });
  worker.addEventListener("notificationclick", (event) => {
    const { notification } = event;
    const alert = alertOf(notification);
    if (alert || isPassing(notification)) {
      notification.close();
      const action = alert?.actions.find(({ id }) => id === event.action);
      const url = action?.url ?? alert?.url ?? home;
      const card = alert?.card ?? null;
      event.waitUntil(
        clicks.open({ card, url, action: action?.id ?? null, account: accountIn(notification) }),
      );
    }
  });
  worker.addEventListener("notificationclose", (event) => {
    const alert = alertOf(event.notification);
    if (alert) {
      event.waitUntil(tell(worker, { belfry: "dismissed", card: alert.card, position: alert.position }));
    }
  });
  worker.addEventListener("pushsubscriptionchange", (event) => {
    event.waitUntil(subscribedAgain(worker, event));
  });
}

/** Subscribe again where the browser has not. Without a page nobody can register it: the next start sees to that. */
async function subscribedAgain(
  worker: ServiceWorkerGlobalScope,
  { oldSubscription, newSubscription }: PushSubscriptionChangeEvent,
): Promise<void> {
  const applicationServerKey = oldSubscription?.options.applicationServerKey;
  if (!newSubscription && applicationServerKey) {
    try {
      await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    } catch (error) {
      console.debug("belfry: the page has to subscribe again", error);
    }
  }
  await tell(worker, { belfry: "subscription" });
}

function contentOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return null; // another one's: ours are JSON
  }
}

function nothingNewIn(language: string): string {
  return language.startsWith("de") ? "Nichts Neues" : "Nothing new";
}
