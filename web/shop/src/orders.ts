/** Orders: what is told about them, and what a customer's cards say of them. Pure. */

import type { Card } from "@belfry/client";
import type { Alert } from "./alerts.ts";

/** How far an order is. */
export type Progress = "placed" | "packed" | "delivered";

/** What a customer bought. */
export interface Order {
  /** For machines; unique. */
  readonly id: string;
  /** For people. */
  readonly number: number;
  /** User id of the customer. */
  readonly customer: string;
  /** Name of the customer, as the back office sees it. */
  readonly name: string;
  /** Name of the product. */
  readonly product: string;
}

/** An order as its card tells it. */
export interface ToldOrder {
  readonly number: number;
  readonly progress: Progress;
  readonly text: string;
  /** RFC 3339. */
  readonly at: string;
}

export const PROGRESS: readonly Progress[] = ["placed", "packed", "delivered"];
export const BACK_OFFICE = "role:back-office";

/** What the customer is told; the card of an order stays one, and says how far it is. */
export function told(order: Order, progress: Progress): Alert {
  const body = {
    placed: `${order.product}. Thank you!`,
    packed: "It leaves our house today.",
    delivered: `Enjoy your ${order.product.toLowerCase()}.`,
  }[progress];
  return {
    // The same in every page that might send it, so that the customer is told once.
    id: `order-${order.id}-${progress}`,
    thread: `order-${order.id}`,
    to: [`user:${order.customer}`],
    title: `Your order ${order.number} is ${progress}`,
    body,
    severity: progress === "delivered" ? "success" : "info",
    category: "order",
    url: `/orders/${order.number}`,
    data: { order: order.number, progress, product: order.product },
  };
}

/** What the back office is told of a new order. */
export function received(order: Order): Alert {
  return {
    id: `order-${order.id}-received`,
    to: [BACK_OFFICE],
    title: `New order ${order.number}: ${order.product.toLowerCase()}`,
    body: `${order.name} waits for it.`,
    category: "order",
    url: "/desk",
    push: "never",
  };
}

/** The orders that cards tell of, in the order of the cards. */
export function toldOrders(cards: readonly Card[]): readonly ToldOrder[] {
  return cards.flatMap((card) => {
    const told = toldOrder(card);
    return told ? [told] : [];
  });
}

function toldOrder({ url, title, body, at, data }: Card): ToldOrder | null {
  const number = Number(/^\/orders\/(\d+)$/.exec(url ?? "")?.[1]);
  if (!number) return null;
  // Other producers may say it in the title alone.
  const said = typeof data?.progress === "string" ? data.progress : title.split(" ").at(-1);
  const progress = PROGRESS.find((each) => each === said);
  if (!progress) return null;
  return { number, progress, text: typeof data?.product === "string" ? data.product : body, at };
}
