/** Sends stories step by step, and keeps the list of what was sent. */

import type { Alert, Retraction, Send } from "./alerts.ts";
import type { Step } from "./stories.ts";

/** Something that was sent, or is about to be. */
export interface Sent {
  readonly id: string;
  readonly says: string;
  readonly to: string;
  readonly severity: string;
  /** `refused`: `problem` says why; `retracted`: it was taken back by hand. */
  readonly state: "sending" | "sent" | "refused" | "retracted";
  /** Why it was refused, or could not be taken back; empty: all went well. */
  readonly problem: string;
  /** Milliseconds since 1970 until which it is still to come; 0: it has come. */
  readonly due: number;
  /** Whether it can be taken back. */
  readonly alert: Alert | Retraction;
}

/** Entries that are kept, the newest. */
const MOST = 8;

export class Dispatch {
  readonly #send: Send;
  readonly #changed: () => void;
  #sent: readonly Sent[] = [];

  constructor(send: Send, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
  }

  /** Newest first. */
  get sent(): readonly Sent[] {
    return this.#sent;
  }

  /** Send each step at its time. */
  play(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.after === 0) void this.send(step);
      else setTimeout(() => void this.send(step), step.after * 1000);
    }
  }

  /** Send one step now. Never rejects: what went wrong stands in the list. */
  async send({ alert, says }: Pick<Step, "alert" | "says">): Promise<void> {
    const key = "retract" in alert ? `${alert.id}-retract` : alert.id;
    const severity = "retract" in alert ? "info" : (alert.severity ?? "info");
    const due = "deliverAt" in alert && alert.deliverAt ? Date.parse(alert.deliverAt) : 0;
    const entry: Sent = {
      id: key,
      says,
      to: alert.to.join(", "),
      severity,
      state: "sending",
      problem: "",
      due,
      alert,
    };
    this.#keep([entry, ...this.#sent].slice(0, MOST));
    await this.#deliver(key, alert, "sent", "refused");
  }

  /** Take an alert back, also one that is still to come. */
  async retract({ id, state, alert }: Sent): Promise<void> {
    await this.#deliver(id, { id: alert.id, to: alert.to, retract: true }, "retracted", state);
  }

  /** The entry's state becomes one of the two: the alert was taken, or not. */
  async #deliver(
    key: string,
    alert: Alert | Retraction,
    taken: Sent["state"],
    otherwise: Sent["state"],
  ): Promise<void> {
    try {
      await this.#send(alert);
      this.#change(key, { state: taken, problem: "" });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#change(key, { state: otherwise, problem });
    }
  }

  #change(key: string, change: Partial<Sent>): void {
    this.#keep(this.#sent.map((entry) => (entry.id === key ? { ...entry, ...change } : entry)));
  }

  #keep(sent: readonly Sent[]): void {
    this.#sent = sent;
    this.#changed();
  }
}
