/** What the back office can set off with one click, to see what becomes of it. Pure. */

import type { Severity } from "@belfry/client";
import type { Alert, Retraction } from "./alerts.ts";
import { BACK_OFFICE } from "./orders.ts";

/** One thing that is sent. */
export interface Step {
  /** Seconds since the story began. */
  readonly after: number;
  readonly alert: Alert | Retraction;
  /** What it is, in the list of what was sent. */
  readonly says: string;
}

export interface Story {
  readonly id: "resolve" | "broadcast" | "schedule" | "retract" | "escalate" | "ask";
  readonly title: string;
  /** What there is to see. */
  readonly line: string;
  /**
   * @param id begins the ids of all alerts of this telling.
   * @param to the audience that was chosen.
   * @param now the time at which it begins.
   */
  readonly tell: (id: string, to: string, now: Date) => readonly Step[];
}

/** Seconds until a scheduled alert comes. */
export const DELAY = 10;
/** Seconds in which somebody has to read before others are told. */
export const PATIENCE = 8;
const PAUSE = 4;

const NEWS: Readonly<Record<Severity, Pick<Alert, "title" | "body" | "category" | "url">>> = {
  info: {
    title: "The autumn catalogue is here",
    body: "Forty new things of oak, wool and brass.",
    category: "news",
    url: "/news",
  },
  success: {
    title: "Your refund is on its way",
    body: "246 euros, to the card you paid with.",
    category: "payment",
  },
  warning: {
    title: "Deliveries are late today",
    body: "Snow on the pass. We call you if it takes longer.",
    category: "delivery",
  },
  critical: {
    title: "Stop using the linen lamp",
    body: "A batch may overheat. Unplug it, and we collect it.",
    category: "safety",
  },
};

/** One alert of a severity. */
export function single(severity: Severity, id: string, to: string): Step {
  return { after: 0, alert: { id, to: [to], severity, ...NEWS[severity] }, says: NEWS[severity].title };
}

export const STORIES: readonly Story[] = [
  {
    id: "resolve",
    title: "It breaks, and is mended",
    line: "Two alerts of one thread: one card, which changes.",
    tell: (id, to) => {
      const common = { thread: id, to: [to], category: "payment" };
      const failed: Alert = {
        ...common,
        id: `${id}-failed`,
        title: "The payment failed",
        body: "The bank did not answer. We try again.",
        severity: "critical",
      };
      const mended: Alert = {
        ...common,
        id: `${id}-resolved`,
        title: "Resolved: the payment went through",
        body: "Nothing is left to do.",
        severity: "success",
      };
      return [
        { after: 0, alert: failed, says: failed.title },
        { after: PAUSE, alert: mended, says: mended.title },
      ];
    },
  },
  {
    id: "broadcast",
    title: "A word to everyone",
    line: "One alert, however many people there are.",
    tell: (id) => {
      const title = "Free delivery until Sunday";
      const body = "On everything, to everywhere.";
      const actions = [{ id: "shop", title: "To the shop", url: "/customer.html" }];
      return [
        {
          after: 0,
          alert: { id, to: ["everyone"], title, body, category: "news", url: "/news", actions },
          says: title,
        },
      ];
    },
  },
  {
    id: "schedule",
    title: `In ${DELAY} seconds`,
    line: "Sent now, and delivered when its time has come.",
    tell: (id, to, now) => {
      const deliverAt = new Date(now.getTime() + DELAY * 1000).toISOString();
      const title = "Your delivery arrives in an hour";
      return [{ after: 0, alert: { id, to: [to], title, category: "delivery", deliverAt }, says: title }];
    },
  },
  {
    id: "retract",
    title: "Sent by mistake",
    line: "It is taken back, and gone from every screen.",
    tell: (id, to) => {
      const title = "Everything costs one euro";
      return [
        {
          after: 0,
          alert: { id, to: [to], title, body: "Somebody slipped.", severity: "warning", category: "news" },
          says: title,
        },
        { after: PAUSE, alert: { id, to: [to], retract: true }, says: `Taken back: ${title}` },
      ];
    },
  },
  {
    id: "escalate",
    title: "Nobody looks",
    line: `Unread after ${PATIENCE} seconds, the back office is told.`,
    tell: (id, to) => {
      const title = "A driver waits at the door";
      const escalate = { after: `PT${PATIENCE}S`, to: [BACK_OFFICE] };
      const body = "Read this, or the back office hears of it.";
      return [
        {
          after: 0,
          alert: { id, to: [to], title, body, severity: "warning", category: "delivery", escalate },
          says: title,
        },
      ];
    },
  },
  {
    id: "ask",
    title: "A question",
    line: "With buttons that lead on.",
    tell: (id, to) => {
      const title = "When may we deliver?";
      const actions = [
        { id: "morning", title: "In the morning", url: "/orders" },
        { id: "evening", title: "In the evening", url: "/orders" },
      ];
      const body = "Choose, and we are there.";
      return [{ after: 0, alert: { id, to: [to], title, body, category: "delivery", actions }, says: title }];
    },
  },
];
