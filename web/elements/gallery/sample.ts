/** Alerts such as a shop and its operators get. */
import type { Card } from "@belfry/client";
import { card } from "../tests/fake.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const samples: readonly (Partial<Card> & { readonly ago: number })[] = [
  {
    ago: 20_000,
    severity: "critical",
    title: "Payments are failing in eu-west",
    body: "The error rate of checkout-api is 14 % and rising; the card provider answers 503. On-call: Grace Hopper.",
    category: "incidents",
    url: "/incidents/4127",
    actions: [
      { id: "ack", title: "Acknowledge", url: "/incidents/4127/acknowledge" },
      { id: "runbook", title: "Runbook", url: "https://example.com/runbooks/payments" },
    ],
  },
  {
    ago: 4 * MINUTE,
    title: "Your order 20931 is on its way",
    body: "It arrives tomorrow between 10:00 and 12:00.",
    category: "orders",
    url: "/orders/20931",
    image: "/mug.svg",
  },
  {
    ago: 23 * MINUTE,
    severity: "success",
    title: "Release 4.2.0 is live",
    body: "All 38 checks passed. Rolled out to 100 % of the customers in 11 minutes.",
    category: "deployments",
    url: "/deployments/420",
  },
  {
    ago: 2 * HOUR,
    severity: "warning",
    title: "Disk of db-3 will be full in about 6 hours",
    body: "It holds 91 % and grows by 1.4 % an hour.\nMost of it is write-ahead log: replication slot “analytics” has not moved since 07:12.\nDrop the slot, or give the volume 200 GB more.",
    category: "incidents",
    url: "/hosts/db-3",
    read: true,
  },
  {
    ago: DAY + HOUR,
    title: "Ada Lovelace mentioned you in “Harbour lights”",
    body: "“Could you look at the second draft before Thursday?”",
    category: "mentions",
    url: "https://example.com/documents/77",
    icon: "/harbour.svg",
  },
  {
    ago: DAY + 3 * HOUR,
    severity: "warning",
    title: "Only 3 left of “Enamel mug, blue”",
    category: "stock",
    url: "/stock/mug-blue",
    read: true,
    actions: [{ id: "order", title: "Order more", url: "/stock/mug-blue/order" }],
  },
  {
    ago: 3 * DAY,
    severity: "success",
    title: "Invoice 2026-1107 was paid",
    body: "€ 1,284.00 from Babbage & Co.",
    category: "invoices",
    read: true,
  },
  {
    ago: 12 * DAY,
    title: "We have changed our terms of delivery",
    body: "From 1 December on, deliveries to islands take one day more.",
    category: "news",
    url: "/news/delivery",
    read: true,
  },
  {
    ago: 400 * DAY,
    title: "Welcome to the shop",
    body: "Here you find what we have to tell you: orders, answers, and now and then an idea.",
    category: "news",
    read: true,
  },
];

/** The newest first. */
export function sample(now = Date.now()): Card[] {
  return [...samples]
    .reverse()
    .map(({ ago, ...given }) => card({ at: new Date(now - ago).toISOString(), ...given }))
    .reverse();
}

/** Any number of them, over and over. */
export function many(count: number): Card[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const { ago, ...given } = samples[index % samples.length] ?? { ago: 0 };
    return card({ ...given, at: new Date(now - (count - index) * 7 * MINUTE - (ago % 2)).toISOString() });
  }).reverse();
}
