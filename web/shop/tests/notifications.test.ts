import fc from "fast-check";
import { expect, test } from "vitest";
import { onScreen, type Delivery } from "../src/notifications.ts";

let number = 0;

function delivery(data: Record<string, string>, fields: Partial<Delivery> = {}): Delivery {
  number += 1;
  return {
    number,
    at: "2026-01-01T08:00:00.000Z",
    title: data.type === "alert" ? `${data.card} at ${data.position}` : "",
    body: "",
    outcome: "delivered",
    payload: { message: { android: { data } } },
    ...fields,
  };
}

function alert(card: string, position: string, more: Record<string, string> = {}): Delivery {
  return delivery({ type: "alert", card, position, severity: "info", ...more });
}

function titles(...oldestFirst: Delivery[]): string[] {
  const device = { installationId: "phone", notifications: oldestFirst.toReversed() };
  return onScreen(device).map(({ title }) => title);
}

test("the newest notification is on top", () => {
  expect(titles(alert("a", "1"), alert("b", "2"))).toEqual(["b at 2", "a at 1"]);
});

test("a revision replaces the card's notification, and comes to the top", () => {
  expect(titles(alert("a", "1"), alert("b", "2"), alert("a", "3"))).toEqual(["a at 3", "b at 2"]);
});

test("a revision that is overtaken does not come back", () => {
  expect(titles(alert("a", "3"), alert("a", "1"))).toEqual(["a at 3"]);
});

test("what was read elsewhere is taken away, but not a newer revision of it", () => {
  const read = delivery({ type: "clear", card: "a", position: "2" });
  expect(titles(alert("a", "1"), alert("b", "2"), read)).toEqual(["b at 2"]);
  expect(titles(alert("a", "3"), read)).toEqual(["a at 3"]);
});

test("when all was read, everything that was stored until then is taken away", () => {
  const early = alert("a", "1", { at: "2026-01-01T08:00:00.000Z" });
  const late = alert("b", "2", { at: "2026-01-01T09:00:00.000Z" });
  const read = delivery({ type: "clear", upTo: "2026-01-01T08:30:00.000Z" });
  expect(titles(early, late, read)).toEqual(["b at 2"]);
});

test("what the platform did not take is not shown, nor what is none of ours", () => {
  const rejected = alert("a", "1");
  const foreign = delivery({}, { payload: "ping" });
  expect(titles({ ...rejected, outcome: "rejected" }, foreign)).toEqual([]);
});

test("in whatever order messages come, a card is shown once, and as the newest revision that came", () => {
  const message = fc.record({
    card: fc.constantFrom("a", "b"),
    position: fc.integer({ min: 1, max: 5 }).map(String),
  });
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const newest = new Map<string, string>();
      for (const { card, position } of messages) {
        if ((newest.get(card) ?? "") < position) newest.set(card, position);
      }
      const expected = [...newest].map(([card, position]) => `${card} at ${position}`);
      expect(titles(...messages.map(({ card, position }) => alert(card, position))).toSorted()).toEqual(
        expected.toSorted(),
      );
    }),
  );
});
