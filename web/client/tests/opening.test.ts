import { expect, test } from "vitest";
import { onOpened } from "../src/opening.ts";

/** A page, and what it does when its service worker says something. */
class FakePage {
  account: string | null = "ada";
  /** Who is pushed to in this browser. */
  owner: string | null = "ada";
  readonly opened: unknown[] = [];
  readonly #listeners = new Set<(event: MessageEvent<unknown>) => void>();
  readonly stop = onOpened(
    (each) => this.opened.push(each),
    () => this.account,
    {
      kept: () => this.owner,
      onWorkerMessage: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    },
  );

  /** What the page answers. */
  hear(data: unknown): unknown[] {
    const answered: unknown[] = [];
    const ports = [{ postMessage: (message: unknown) => answered.push(message) }];
    this.#listeners.forEach((listener) => {
      listener({ data, ports } as unknown as MessageEvent<unknown>);
    });
    return answered;
  }
}

test("a click on a notification is taken on by who listens, and by nobody else", () => {
  const page = new FakePage();
  const open = { belfry: "open", card: "a", url: "https://shop.example/a", action: null, there: false };
  expect(page.hear({ belfry: "ask", account: null })).toEqual(["yes"]);
  expect([open, { belfry: "subscription" }, "something else"].flatMap((said) => page.hear(said))).toEqual([]);
  page.stop();
  expect(page.hear({ belfry: "ask", account: null })).toEqual([]);
  page.hear({ ...open, card: "b" });
  expect(page.opened).toEqual([{ card: "a", url: "https://shop.example/a", action: null, there: false }]);
});

test("a page shows what is its person's, and nothing of somebody else", () => {
  const page = new FakePage();
  const ask = (account: string | null): unknown => page.hear({ belfry: "ask", account })[0];
  expect([ask("ada"), ask("ben")]).toEqual(["yes", "no"]);
  page.owner = "ben";
  expect(ask(null)).toBe("no");
  page.account = null;
  expect(ask(null)).toBe("yes");
});
