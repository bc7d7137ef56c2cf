import { expect, test } from "vitest";
import { written } from "../src/write.ts";

const NOW = new Date("2026-01-01T08:00:00.000Z");

function form(fields: Record<string, string>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries({ severity: "info", push: "offline", delay: "0", ...fields })) {
    made.append(name, value);
  }
  return made;
}

test("what is left empty is left out of the alert", () => {
  const alert = written(form({ title: " Hello ", body: "  ", category: "" }), "1", "everyone", NOW);
  expect(alert).toEqual({ id: "1", to: ["everyone"], title: "Hello", severity: "info", push: "offline" });
});

test("an alert for later carries the moment at which it is to come", () => {
  const alert = written(form({ title: "Hello", delay: "60" }), "1", "everyone", NOW);
  expect(alert.deliverAt).toBe("2026-01-01T08:01:00.000Z");
});
