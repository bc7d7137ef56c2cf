import type { Card } from "@belfry/client";
import { expect, test } from "vitest";
import { PROGRESS, told, toldOrders, type Order } from "../src/orders.ts";

const ORDER: Order = { id: "1", number: 10_001, customer: "ada", name: "Ada Lindqvist", product: "Wool rug" };

function card(fields: Partial<Card>): Card {
  return {
    card: "order-1",
    id: "order-1-placed",
    audience: "user:ada",
    position: "1",
    at: "2026-01-01T08:00:00.000Z",
    read: false,
    archived: false,
    title: "",
    body: "",
    severity: "info",
    ...fields,
  };
}

test("an order stays one card, however far it comes", () => {
  const alerts = PROGRESS.map((progress) => told(ORDER, progress));
  expect(new Set(alerts.map(({ thread }) => thread)).size).toBe(1);
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(PROGRESS.length);
});

test("two pages that take the same order tell the customer once", () => {
  expect(told(ORDER, "placed").id).toBe(told({ ...ORDER }, "placed").id);
});

test.each(PROGRESS)("the card of an order that is %s says so to the customer's page", (progress) => {
  const { title, body = "", url = "", data = {} } = told(ORDER, progress);
  expect(toldOrders([card({ title, body, url, data })])).toEqual([
    { number: 10_001, progress, text: "Wool rug", at: "2026-01-01T08:00:00.000Z" },
  ]);
});

test("an order that another producer tells of is shown by what its title says", () => {
  const other = card({
    url: "/orders/7",
    title: "Your order 7 is packed",
    body: "It leaves our house today.",
  });
  expect(toldOrders([other])).toMatchObject([
    { number: 7, progress: "packed", text: "It leaves our house today." },
  ]);
});

test("cards that are not about an order's way are left out", () => {
  expect(
    toldOrders([card({ url: "/orders/7/payment", title: "Payment of order 7 failed" }), card({})]),
  ).toEqual([]);
});
