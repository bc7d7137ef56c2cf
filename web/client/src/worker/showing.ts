/** The notifications of a service worker: what is planned is done, one message after the other. */

import { showBadge } from "./badge.ts";
import {
  type Demand,
  demandOf,
  isPassing,
  type Message,
  planned,
  type Present,
  type Style,
} from "./notification.ts";
import { windowsOf } from "./windows.ts";

/** How long a notification stays that is shown for the browser alone. */
const PASSING_MILLISECONDS = 3_000;

/** Shows and closes notifications. */
export class Showing {
  readonly #worker: ServiceWorkerGlobalScope;
  readonly #style: Style;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param worker - whose notifications they are.
   * @param style - how they look.
   */
  constructor(worker: ServiceWorkerGlobalScope, style: Style) {
    this.#worker = worker;
    this.#style = style;
  }

  /** Do what a push says, and what the browser wants in return for it. */
  pushed(message: Message): Promise<void> {
    return this.#inTurn(async () => this.#follow(message, await this.#demand()));
  }

  /** Do what a page says, in the name of its person. */
  async told(message: Message, account?: string): Promise<void> {
    if (Notification.permission === "granted") {
      await this.#inTurn(() => this.#follow(message, "nothing", account));
    }
  }

  /** Two messages at once would both find that neither is shown yet. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // whoever waits for `done` hears of it
    return done;
  }

  async #follow(message: Message, demand: Demand, account?: string): Promise<void> {
    const { registration, navigator } = this.#worker;
    const [shown, visible] = await Promise.all([registration.getNotifications(), this.#isVisible()]);
    const present: Present = { shown, visible, demand };
    const plan = planned(message, present, this.#style);
    if (plan.show) {
      const { title, appearance } = plan.show;
      const data = { ...appearance.data, ...(account === undefined ? {} : { account }) };
      await registration.showNotification(title, { ...appearance, data });
    }
    for (const notification of shown) {
      if (plan.close.includes(notification.tag)) {
        notification.close();
      }
    }
    if (plan.badge !== null) {
      await showBadge(navigator, plan.badge);
    }
    if (plan.show?.appearance.data.passing) {
      this.#closeSoon(plan.show.appearance.tag);
    }
  }

  /** Not waited for: the browser counts when the event is over, and the worker lives on for a while. */
  #closeSoon(tag: string): void {
    setTimeout(() => {
      void this.#inTurn(async () => {
        for (const notification of await this.#worker.registration.getNotifications({ tag })) {
          if (isPassing(notification)) {
            notification.close();
          }
        }
      });
    }, PASSING_MILLISECONDS);
  }

  async #isVisible(): Promise<boolean> {
    const windows = await windowsOf(this.#worker);
    return windows.some((window) => window.visibilityState === "visible");
  }

  async #demand(): Promise<Demand> {
    const subscription = await this.#worker.registration.pushManager.getSubscription();
    return subscription === null ? "notification" : demandOf(subscription.endpoint);
  }
}
