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
  async pushed(message: Message): Promise<void> {
    const { demand, passing } = await this.#inTurn(async () => {
      const demand = await this.#demand();
      return { demand, passing: await this.#follow(message, demand) };
    });
    const closed = passing === null ? null : this.#closeSoon(passing);
    // Other browsers count what is there when the event is over, and their workers live on for a while. Safari has counted what
    // was shown, and lets the worker sleep as soon as the event is over.
    if (demand === "new notification") {
      await closed;
    }
  }

  /** Do what a page says, in the name of its person. */
  async told(message: Message, account?: string): Promise<void> {
    if (Notification.permission === "granted") {
      await this.#inTurn(() => this.#follow(message, "nothing", account));
    }
  }

  /** Two messages at once would both find that neither is shown yet. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // Whoever waits for `done` hears of what fails.
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Returns the tag of what is shown for the browser alone; null: nothing is. */
  async #follow(message: Message, demand: Demand, account?: string): Promise<string | null> {
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
    return plan.show?.appearance.data.passing ? plan.show.appearance.tag : null;
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

  async #closeSoon(tag: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PASSING_MILLISECONDS));
    await this.#inTurn(async () => {
      for (const notification of await this.#worker.registration.getNotifications({ tag })) {
        if (isPassing(notification)) {
          notification.close();
        }
      }
    });
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
