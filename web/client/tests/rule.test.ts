/** The client rule, held to the stories that it is held to in Python. */

import { describe, expect, test } from "vitest";

import { View, type State } from "../src/rule.ts";
import type { Card } from "../src/types.ts";
import { withdrawn, type AnyCard, type Mark } from "../src/wire.ts";
import { card, position } from "./fakes.ts";
import { stories, type Outline, type Story } from "./stories.ts";

const STORIES = stories();

function outline(cards: readonly Card[]): Outline[] {
  return cards.map(({ card, position, title, read, archived }) => [card, position, title, read, archived]);
}

/** Play a story to the first check that the view does not pass, and say what it should have shown. */
function firstMistake({ events }: Story, view: View): { shown: unknown; served: unknown } | null {
  for (const event of events) {
    switch (event.do) {
      case "clear":
        view.clear();
        break;
      case "forget":
        view.forget();
        break;
      case "answer":
        view.takeAnswer(event.answer);
        break;
      case "frame":
        view.takeFrame(event.frame);
        break;
      case "check": {
        const shown = { cards: outline(view.shown(event.now)), unread: view.unread(event.now) };
        const served = { cards: event.cards, unread: event.unread };
        if (JSON.stringify(shown) !== JSON.stringify(served)) return { shown, served };
      }
    }
  }
  return null;
}

test("after catching up a client shows what the server has, whatever happened", () => {
  for (const story of STORIES) expect(firstMistake(story, new View()), JSON.stringify(story)).toBeNull();
});

test("a view goes on from a copy as it would itself", () => {
  class Copied extends View {
    #copy: View = new View();

    override shown(now: number): readonly Card[] {
      this.#copy = this.copy();
      return this.#copy.shown(now);
    }
  }
  for (const story of STORIES) expect(firstMistake(story, new Copied())).toBeNull();
});

describe("each line of the rule is needed", () => {
  /** Takes what came last for what is newest. */
  class LastCardWins extends View {
    protected override takeCards(cards: Iterable<AnyCard>): AnyCard[] {
      const all = [...cards];
      for (const { card } of all) this.drop(card);
      return super.takeCards(all);
    }
  }

  /** Takes the mark that came last for the one that was said last. */
  class LastMarkWins extends View {
    protected override takeMarks(marks: Iterable<Mark>, readUpTo: string): void {
      const all = [...marks];
      for (const { card } of all) this.said.delete(card);
      super.takeMarks(all, readUpTo);
    }
  }

  /** Holds a mark to be about every revision of its card. */
  class MarksOutliveRevisions extends View {
    protected override stateOf(card: Card): State {
      const mark = this.marks.get(card.card);
      return super.stateOf(mark === undefined ? card : { ...card, position: mark.position });
    }
  }

  /** Takes the last `readUpTo` that came. */
  class ReadUpToGoesBack extends View {
    protected override takeMarks(marks: Iterable<Mark>, readUpTo: string): void {
      super.takeMarks(marks, readUpTo);
      this.moveReadUpTo(readUpTo);
    }
  }

  /** Drops a withdrawn card instead of remembering that it is gone. */
  class ForgetsWithdrawals extends View {
    protected override takeCards(cards: Iterable<AnyCard>): AnyCard[] {
      const fresh = super.takeCards(cards);
      for (const card of [...this.known.values()]) if (withdrawn(card)) this.drop(card.card);
      return fresh;
    }
  }

  /** Takes every card that comes, also of a topic that was left, or from before it was joined. */
  class ShowsWhatIsForOthers extends View {
    protected override concerns(): boolean {
      return true;
    }
  }

  const BROKEN = {
    LastCardWins,
    LastMarkWins,
    MarksOutliveRevisions,
    ReadUpToGoesBack,
    ForgetsWithdrawals,
    ShowsWhatIsForOthers,
  };

  test.each(Object.entries(BROKEN))("%s does not get by", (name, Broken) => {
    const failed = STORIES.filter((story) => firstMistake(story, new Broken()) !== null);
    expect(failed.map((story) => story.about)).toContain(name);
  });
});

test("of copies of one revision for several audiences the one that was stored last counts", () => {
  const view = new View();
  const late = card(1, { audience: "everyone", at: "2026-03-01T13:00:00.000Z" });
  view.takeFrame({ type: "alerts", alerts: [late, card(1)] });
  view.takeFrame({ type: "marks", marks: [], readUpTo: "2026-03-01T12:30:00.000Z" });
  expect(view.unread(0)).toBe(1);
});

test("to forget is to begin with nothing", () => {
  const view = new View();
  view.takeFrame({ type: "alerts", alerts: [card(1)] });
  const mark = { card: "card-1", position: position(1), version: 1 };
  view.takeFrame({ type: "marks", marks: [mark], readUpTo: "2027" });
  view.clear();
  expect(view.shown(Date.now())).toEqual([]);
  expect(view.marks.size).toBe(1);
  view.forget();
  expect([view.marks.size, view.readUpTo]).toEqual([0, ""]);
});

test("a card leaves the screen when its time is over", () => {
  const view = new View();
  view.takeFrame({ type: "alerts", alerts: [card(1, { expiresAt: "2026-03-01T13:00:00+01:00" }), card(2)] });
  const end = Date.parse("2026-03-01T12:00:00Z");
  expect(view.nextExpiry(end - 1)).toBe(end);
  expect(view.shown(end - 1).map((card) => card.card)).toEqual(["card-2", "card-1"]);
  expect(view.shown(end).map((card) => card.card)).toEqual(["card-2"]);
  expect(view.nextExpiry(end)).toBe(Infinity);
});

test("what is shown is the same array until something in it changes, and unchanged cards stay the same objects", () => {
  const view = new View();
  view.takeFrame({ type: "alerts", alerts: [card(1), card(2)] });
  const before = view.shown(0);
  view.takeFrame({ type: "alerts", alerts: [card(1)] });
  expect(view.shown(1)).toBe(before);
  const mark = { card: "card-2", position: position(2), version: 1, read: true };
  view.takeFrame({ type: "marks", marks: [mark], readUpTo: "" });
  const after = view.shown(1);
  expect(after).not.toBe(before);
  expect(after[0]).toMatchObject({ card: "card-2", read: true });
  expect(after[1]).toBe(before[1]);
  expect(before[0]).toMatchObject({ card: "card-2", read: false });
});
