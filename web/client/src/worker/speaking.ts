/** What the service worker and the pages say to each other, by `postMessage`. */

import { type Alert, type ClearAll, type ClearCard, decode } from "./notification.ts";

export type ToWorker =
  /** A page has news of a card. Shown only if no window of the app can be seen. */
  | {
      readonly belfry: "notify";
      readonly message: Alert | ClearCard | ClearAll;
      /** Names the person whose page it is. */
      readonly account?: string;
    }
  /** A page is ready: were windows opened for clicks of its person? It is told to `open` what was clicked; null: nobody's page. */
  | { readonly belfry: "claim"; readonly account: string | null };

export type FromWorker =
  /** A notification was clicked: does the page open it itself? It answers with an `Answer`; null: whose it is nobody said. */
  | { readonly belfry: "ask"; readonly account: string | null }
  /** It shall. */
  | Opening
  /** The person has swiped a card's notification away. */
  | { readonly belfry: "dismissed"; readonly card: string; readonly position: string }
  /** The browser has changed this device's push subscription. */
  | { readonly belfry: "subscription" };

/** What a page shall open. */
export interface Opening {
  readonly belfry: "open";
  readonly card: string;
  /** Absolute. */
  readonly url: string;
  /** The id of the button; null: beside all buttons. */
  readonly action: string | null;
  /** Whether a window was opened by the click, and is at the link: then nobody has to be led there. */
  readonly there: boolean;
}

/** Whether a page opens what was clicked: no, if it is another person's. Who does not answer knows nothing of clicks. */
export type Answer = "yes" | "no";

/** What a page said to the worker; null: it is none of ours. */
export function fromPage(data: unknown): ToWorker | null {
  const fields = ours(data);
  const account = typeof fields?.account === "string" ? fields.account : null;
  if (fields?.belfry === "claim") return { belfry: "claim", account };
  const message = fields?.belfry === "notify" ? decode(fields.message) : null;
  return message && { belfry: "notify", message, ...(account === null ? {} : { account }) };
}

/** What the worker said to a page; null: it is none of ours. */
export function fromWorker(data: unknown): FromWorker | null {
  const fields = ours(data);
  // Only this origin's service worker can say it, in the version that this module is of, or one beside it.
  return fields && ["ask", "open", "dismissed", "subscription"].includes(fields.belfry)
    ? (fields as FromWorker)
    : null;
}

function ours(data: unknown): ({ belfry: string } & Record<string, unknown>) | null {
  return typeof data === "object" && data !== null && "belfry" in data && typeof data.belfry === "string"
    ? (data as { belfry: string } & Record<string, unknown>)
    : null;
}
