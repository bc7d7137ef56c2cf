/** The page's own life: seen or not, put to sleep and woken. In a place without pages nothing ever happens. */

import type { Unsubscribe } from "./types.ts";

export interface Page {
  /** Whether the person can see it. */
  readonly visible: boolean;
  /**
   * Called when what was waiting should be tried, and what was trusted be checked: the page is seen again, comes out
   * of the back/forward cache or a freeze, or the network is back.
   */
  onWake(listener: () => void): Unsubscribe;
  /** Called when the page goes away, perhaps into the back/forward cache, from which it comes back by waking. */
  onLeave(listener: () => void): Unsubscribe;
}

const browserPage: Page = {
  get visible() {
    return document.visibilityState === "visible";
  },
  onWake(listener) {
    const unsubscribe = [
      listen(window, "online", listener),
      listen(window, "pageshow", listener),
      listen(document, "resume", listener),
      listen(document, "visibilitychange", () => {
        if (browserPage.visible) listener();
      }),
    ];
    return () => {
      unsubscribe.forEach((end) => {
        end();
      });
    };
  },
  onLeave: (listener) => listen(window, "pagehide", listener),
};

const nowhere: Page = {
  visible: true,
  onWake: () => () => undefined,
  onLeave: () => () => undefined,
};

/** The page that this runs in. */
export const page: Page = typeof document === "undefined" ? nowhere : browserPage;

function listen(target: EventTarget, event: string, listener: () => void): Unsubscribe {
  target.addEventListener(event, listener);
  return () => {
    target.removeEventListener(event, listener);
  };
}
