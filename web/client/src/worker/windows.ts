/** The app's windows, as its service worker sees them. */

import { destination } from "./notification.ts";
import type { FromWorker } from "./speaking.ts";

/** How long a page may take to say that it opens a card itself: browsers let us open a window for about a second. */
const ACKNOWLEDGE_MILLISECONDS = 500;

/** The windows within the worker's scope, whether or not it controls them, the last used first. */
export async function windowsOf(worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.filter(({ url }) => url.startsWith(worker.registration.scope));
}

/** Say something to all of them. */
export async function tell(worker: ServiceWorkerGlobalScope, what: FromWorker): Promise<void> {
  for (const window of await windowsOf(worker)) {
    window.postMessage(what);
  }
}

/** What was clicked. */
export interface Click {
  /** Null: only a note. */
  readonly card: string | null;
  /** Where it leads: relative to the app's start, or absolute. */
  readonly url: string;
  /** The id of the button; null: beside all buttons. */
  readonly action: string | null;
}

/** Bring the person where a click leads: in a window that is open, else in a new one. */
export async function open(worker: ServiceWorkerGlobalScope, { card, url, action }: Click): Promise<void> {
  const { scope } = worker.registration;
  const target = destination(url, scope) ?? scope;
  const [window] = target.startsWith(scope) ? await windowsOf(worker) : [];
  if (!window) {
    await worker.clients.openWindow(target);
  } else if (card !== null && (await isTaken(window, { belfry: "open", card, url: target, action }))) {
    await window.focus();
  } else if (!(await isSentTo(window, target))) {
    await worker.clients.openWindow(target);
  }
}

/** Whether the page opens it itself, without being loaded again. */
function isTaken(window: WindowClient, what: FromWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(done, ACKNOWLEDGE_MILLISECONDS, false);
    port1.onmessage = (): void => {
      done(true);
    };
    window.postMessage(what, [port2]);

    function done(taken: boolean): void {
      clearTimeout(timer);
      port1.close();
      resolve(taken);
    }
  });
}

/** Whether the window could be brought there and to the front; only those can that the worker controls. */
async function isSentTo(window: WindowClient, target: string): Promise<boolean> {
  try {
    const there = await window.navigate(target);
    await there?.focus();
    return there !== null;
  } catch (error) {
    console.debug("belfry: the window that is open could not be used", error);
    return false;
  }
}
