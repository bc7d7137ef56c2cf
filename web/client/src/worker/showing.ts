/** The notifications of a service worker: what is planned is done, one message after the other. */

import { newId } from "../ids.ts";
import { showBadge } from "./badge.ts";
import {
  type Data,
  type Demand,
  demandOf,
  isPassing,
  markIn,
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
      const mark = newId();
      const data: Data = { ...appearance.data, mark, ...(account === undefined ? {} : { account }) };
      await registration.showNotification(title, { ...appearance, data });
      await this.#replaceOthers(appearance.tag, mark);
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

  /**
   * Safari shows a notification beside those with its tag, where others put it into their place: these go by hand. Elsewhere
   * there is never more than one, and to close an older one would take the new one away.
   */
  async #replaceOthers(tag: string, mark: string): Promise<void> {
    const found = await this.#worker.registration.getNotifications({ tag });
    // On iOS before 18.2 it does not choose by the tag.
    const same = found.filter((notification) => notification.tag === tag);
    const others = same.length > 1 ? same.filter((notification) => markIn(notification) !== mark) : [];
    for (const notification of others) {
      notification.close();
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
