/** Sends stories step by step, and keeps the list of what was sent. */

import type { Alert, Retraction, Send } from "./alerts.ts";
import type { Step } from "./stories.ts";

/** Something that was sent, or is about to be. */
export interface Sent {
  readonly id: string;
  readonly says: string;
  readonly to: string;
  readonly severity: string;
  /** `refused`: see `problem`; `retracted`: it was taken back by hand. */
  readonly state: "sending" | "sent" | "refused" | "retracted";
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
    await this.#deliver(key, alert, "sent");
  }

  /** Take an alert back, also one that is still to come. */
  async retract({ id, alert }: Sent): Promise<void> {
    await this.#deliver(id, { id: alert.id, to: alert.to, retract: true }, "retracted");
  }

  async #deliver(key: string, alert: Alert | Retraction, state: Sent["state"]): Promise<void> {
    try {
      await this.#send(alert);
      this.#change(key, { state, problem: "" });
    } catch (error) {
      this.#change(key, {
        state: "refused",
        problem: error instanceof Error ? error.message : String(error),
      });
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
