import { expect, test } from "vitest";
import { DELAY, PATIENCE, STORIES, type Step } from "../src/stories.ts";

const NOW = new Date("2026-01-01T08:00:00.000Z");

function story(id: string): readonly Step[] {
  const found = STORIES.find((each) => each.id === id);
  if (!found) throw new Error(`There is no story ${id}.`);
  return found.tell("story", "user:ada", NOW);
}

test("what breaks and is mended is one card", () => {
  const [failed, mended] = story("resolve").map(({ alert }) => alert);
  expect(failed).toMatchObject({ severity: "critical", thread: "story" });
  expect(mended).toMatchObject({ severity: "success", thread: "story" });
  expect(failed?.id).not.toBe(mended?.id);
});

test("a word to everyone is one alert", () => {
  expect(story("broadcast").map(({ alert }) => alert.to)).toEqual([["everyone"]]);
});

test("what is scheduled comes when the story says", () => {
  expect(story("schedule")[0]?.alert).toMatchObject({
    deliverAt: new Date(NOW.getTime() + DELAY * 1000).toISOString(),
  });
});

test("what was sent by mistake is taken back where it was sent to", () => {
  const [sent, back] = story("retract");
  expect(back?.alert).toEqual({ id: sent?.alert.id, to: sent?.alert.to, retract: true });
  expect(back?.after).toBeGreaterThan(sent?.after ?? 0);
});

test("what nobody looks at goes to the back office", () => {
  expect(story("escalate")[0]?.alert).toMatchObject({
    to: ["user:ada"],
    escalate: { after: `PT${PATIENCE}S`, to: ["role:back-office"] },
  });
});
