/** What the shop sends: Belfry's `POST /alerts`, as any producer that speaks HTTP uses it. */

import type { Action, Severity } from "@belfry/client";
import type { CallApi } from "./api.ts";

/** An alert as its producer sends it: those fields that the shop uses. */
export interface Alert {
  readonly id: string;
  readonly to: readonly string[];
  readonly title: string;
  readonly body?: string;
  readonly severity?: Severity;
  readonly category?: string;
  readonly url?: string;
  readonly actions?: readonly Action[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly thread?: string;
  /** RFC 3339. */
  readonly deliverAt?: string;
  readonly expiresAt?: string;
  readonly push?: "offline" | "always" | "never";
  readonly escalate?: { readonly after: string; readonly to: readonly string[] };
}

/** Takes an alert back, also one that is still to come. */
export interface Retraction {
  readonly id: string;
  readonly to: readonly string[];
  readonly retract: true;
}

export type Send = (alert: Alert | Retraction) => Promise<void>;

/** A way to send in the name of a person who has the role `Alerts.Send`. Rejects with a sentence for people. */
export function sender(call: CallApi): Send {
  return async (alert) => {
    const response = await call("/alerts", { method: "POST", body: JSON.stringify(alert) });
    if (!response.ok) throw new Error(await problem(response));
  };
}

async function problem(response: Response): Promise<string> {
  if (response.headers.get("content-type")?.includes("json")) {
    const { detail } = (await response.json()) as { detail?: string };
    if (detail) return detail;
  }
  return `The alert was not taken: the server answered ${response.status}.`;
}
