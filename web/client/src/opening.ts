/** Clicks on notifications, as the page hears of them that is to show the card. */

import { type PushBrowser, pushBrowser } from "./push-browser.ts";
import { whose } from "./push-registration.ts";
import type { Unsubscribe } from "./types.ts";
import { type Answer, fromWorker, type ToWorker } from "./worker/speaking.ts";

/** What was clicked. */
export interface Opened {
  readonly card: string;
  /** Absolute. */
  readonly url: string;
  /** The id of the button; null: beside all buttons. */
  readonly action: string | null;
  /** Whether a window was opened by the click, and is at the link: then nobody has to be led there. */
  readonly there: boolean;
}

/**
 * Called when this page is to show a card whose notification was clicked.
 *
 * @param account - names the person who is connected here; null: nobody is, or it is not known yet: then it takes any.
 */
export function onOpened(
  listener: (opened: Opened) => void,
  account: () => string | null,
  browser: Pick<PushBrowser, "onWorkerMessage" | "kept"> = pushBrowser,
): Unsubscribe {
  return browser.onWorkerMessage(({ data, ports }) => {
    const said = fromWorker(data);
    if (said?.belfry === "ask") {
      const [owner, mine] = [said.account ?? whose(null, browser), account()];
      const answer: Answer = owner === null || mine === null || owner === mine ? "yes" : "no";
      ports[0]?.postMessage(answer);
    } else if (said?.belfry === "open") {
      const { card, url, action, there } = said;
      listener({ card, url, action, there });
    }
  });
}

/** Ask for the click that this page was opened by, if it was: `onOpened` hears of it. */
export async function claimOpening(
  account: string | null,
  browser: Pick<PushBrowser, "registration"> = pushBrowser,
): Promise<void> {
  const registration = await browser.registration();
  registration?.active?.postMessage({ belfry: "claim", account } satisfies ToWorker);
}
