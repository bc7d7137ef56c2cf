/** The app's windows, as its service worker sees them. */

import { destination } from "./notification.ts";
import type { Answer, FromWorker, Opening } from "./speaking.ts";
import { Unclaimed } from "./unclaimed.ts";

/** How long a page may take to say whether it opens a card: browsers let us open a window for about a second. */
const ANSWER_MILLISECONDS = 500;

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
  /** Whose notification it is; null: it does not say. */
  readonly account: string | null;
}

/** What is clicked, and the windows that it leads to. */
export class Clicks {
  readonly #worker: ServiceWorkerGlobalScope;
  readonly #unclaimed = new Unclaimed();

  constructor(worker: ServiceWorkerGlobalScope) {
    this.#worker = worker;
  }

  /** Bring the person where a click leads: in a window of theirs that is open, else in a new one. */
  async open({ card, url: link, action, account }: Click): Promise<void> {
    const { scope } = this.#worker.registration;
    const url = destination(link, scope) ?? scope;
    const within = url.startsWith(scope);
    const opening: Opening | null =
      card !== null && within ? { belfry: "open", card, url, action, there: false } : null;
    const windows = within ? await windowsOf(this.#worker) : [];
    const [controlled, ...answers] = await Promise.all([
      this.#worker.clients.matchAll({ type: "window" }),
      ...windows.map((window) => answerOf(window, account)),
    ]);
    const willing = windows.find((_, index) => answers[index] === "yes");
    if (opening && willing) {
      willing.postMessage(opening);
      await willing.focus();
      return;
    }
    if (opening) {
      this.#unclaimed.add(opening, account);
    }
    const window = windows.find(
      ({ id }, index) => answers[index] !== "no" && controlled.some((each) => each.id === id),
    );
    if (!window || !(await isSentTo(window, url))) {
      await this.#worker.clients.openWindow(url);
    }
  }

  /** A page of somebody's is ready: hand it what windows were opened for. */
  claimed(page: Client, account: string | null): void {
    for (const opening of this.#unclaimed.take(account)) {
      // iPhones and iPads open an app where it starts, whatever the link.
      page.postMessage({ ...opening, there: page.url === opening.url });
    }
  }
}

/** Whether the page opens it itself, without being loaded again; null: it does not say. */
function answerOf(window: WindowClient, account: string | null): Promise<Answer | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(done, ANSWER_MILLISECONDS, null);
    port1.onmessage = ({ data }: MessageEvent<unknown>): void => {
      done(data === "yes" || data === "no" ? data : null);
    };
    window.postMessage({ belfry: "ask", account } satisfies FromWorker, [port2]);

    function done(answer: Answer | null): void {
      clearTimeout(timer);
      port1.close();
      resolve(answer);
    }
  });
}

/** Whether a window that the worker controls could be brought to the front, and there. */
async function isSentTo(window: WindowClient, target: string): Promise<boolean> {
  try {
    // First of all: browsers let us for a second or two after the click, and it may take longer until the page is loaded.
    await window.focus();
    return (await window.navigate(target)) !== null;
  } catch (error) {
    console.debug("belfry: the window that is open could not be used", error);
    return false;
  }
}
