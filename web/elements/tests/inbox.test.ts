import { userEvent } from "vitest/browser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OpenDetail } from "../src/index.ts";
import { card, cards, FakeBelfry, UNREACHABLE } from "./fake.ts";
import {
  announced,
  cardElement,
  clear,
  feedOf,
  find,
  findAll,
  focused,
  focusedTitle,
  settled,
  showInbox,
  titles,
} from "./page.ts";

beforeEach(clear);
afterEach(() => {
  vi.useRealTimers();
  clear();
});

/** How far below the upper edge of the screen a card stands. */
function standsAt(inbox: Element, key: string): number {
  return cardElement(inbox, { card: key }).getBoundingClientRect().top;
}

describe("the list", () => {
  test("cards are grouped by the day on which they came", async () => {
    const now = new Date();
    const at = (days: number): string =>
      new Date(now.getFullYear(), now.getMonth(), now.getDate() - days, 0, 0, 1).toISOString();
    const { inbox } = await showInbox({
      cards: [card({ at: at(30) }), card({ at: at(1) }), card({ at: at(1) }), card({ at: at(0) })],
    });
    const days = findAll(inbox, ".day").map((day) => day.textContent.trim());
    expect(days.slice(0, 2)).toEqual(["Today", "Yesterday"]);
    expect(days).toHaveLength(3);
  });

  test("of five thousand cards only those near are in the document, and all can be reached", async () => {
    const all = cards(5000);
    const { inbox } = await showInbox({ cards: all, page: 5000 });
    const feed = feedOf(inbox);
    expect(findAll(inbox, "belfry-card").length).toBeLessThan(40);
    feed.scrollTop = feed.scrollHeight;
    await settled();
    feed.scrollTop = feed.scrollHeight;
    await settled();
    expect(titles(inbox)).toContain(all.at(-1)?.title);
    expect(findAll(inbox, "belfry-card").length).toBeLessThan(40);
  });

  test("older cards are loaded when the end comes near, without a click", async () => {
    const all = cards(90);
    const { inbox, client } = await showInbox({ cards: all, page: 30 });
    const feed = feedOf(inbox);
    await vi.waitUntil(() => {
      feed.scrollTop = feed.scrollHeight;
      return !client.list().more;
    });
    await settled();
    feed.scrollTop = feed.scrollHeight;
    await settled();
    expect(titles(inbox)).toContain(all.at(-1)?.title);
  });

  test("a page that could not be loaded is tried again only when asked for", async () => {
    const { inbox, client } = await showInbox({ cards: cards(90) });
    const list = client.list();
    client.failing = UNREACHABLE;
    await vi.waitUntil(() => {
      feedOf(inbox).scrollTop = feedOf(inbox).scrollHeight;
      return list.problem;
    });
    const before = list.cards.length;
    client.failing = null;
    await settled();
    feedOf(inbox).scrollTop -= 50;
    await settled();
    expect(list.cards).toHaveLength(before);
    find(inbox, ".end button").click();
    await vi.waitUntil(() => list.problem === null && list.cards.length > before);
  });
});

describe("nothing jumps", () => {
  test("who has scrolled down is not moved by what arrives, and is told of it", async () => {
    const { inbox, client } = await showInbox({ cards: cards(200), page: 200 });
    const feed = feedOf(inbox);
    feed.scrollTop = 2000;
    await settled();
    const middle = findAll<HTMLElement & { card: { card: string } }>(inbox, "belfry-card").find(
      (each) => each.getBoundingClientRect().top > 250,
    );
    const key = middle?.card.card ?? "";
    const before = standsAt(inbox, key);
    client.arrive(card(), card(), card());
    await settled();
    expect(standsAt(inbox, key)).toBeCloseTo(before, 0);
    expect(find(inbox, ".pill").textContent.trim()).toBe("3 new");
  });

  test("who is at the top sees at once what arrives", async () => {
    const { inbox, client } = await showInbox({ cards: cards(50) });
    client.arrive(card({ title: "The newest" }));
    await settled();
    expect(titles(inbox)[0]).toBe("The newest");
    expect(findAll(inbox, ".pill")).toEqual([]);
  });

  test("who has the focus in the list is not moved, and lets in what arrived", async () => {
    const { inbox, client } = await showInbox({ cards: cards(50) });
    const [first] = titles(inbox);
    find(inbox, "article").focus();
    client.arrive(card({ title: "The newest" }));
    await settled();
    expect(titles(inbox)[0]).toBe(first);
    find(inbox, ".pill").focus();
    await userEvent.keyboard("{Enter}");
    await settled();
    expect(titles(inbox)[0]).toBe("The newest");
    expect(focusedTitle()).toBe("The newest");
  });

  test("what is read stays where it is when a card above goes, or another revision of one comes", async () => {
    const all = cards(200);
    const { inbox, client } = await showInbox({ cards: all, page: 200 });
    const feed = feedOf(inbox);
    feed.scrollTop = 3000;
    await settled();
    const middle = findAll<HTMLElement & { card: { card: string } }>(inbox, "belfry-card").find(
      (each) => each.getBoundingClientRect().top > 200,
    );
    const key = middle?.card.card ?? "";
    const before = standsAt(inbox, key);
    client.retract(all[3]?.card ?? "", all[7]?.card ?? "");
    client.revise(all[1]?.card ?? "", { body: "Longer than before. ".repeat(30) });
    await settled();
    expect(standsAt(inbox, key)).toBeCloseTo(before, 0);
  });

  test("a revision of a card that is in sight takes its place", async () => {
    const all = cards(50);
    const { inbox, client } = await showInbox({ cards: all });
    const before = titles(inbox);
    const element = cardElement(inbox, all[2] ?? card());
    client.revise(all[2]?.card ?? "", { title: "Resolved", severity: "success" });
    await settled();
    expect(titles(inbox)).toEqual(before.with(2, "Resolved"));
    expect(cardElement(inbox, all[2] ?? card())).toBe(element);
    expect(find(element, "article").getAnimations()).toHaveLength(1);
  });

  test("a revision of a card that is out of sight comes to the top", async () => {
    const all = cards(200);
    const { inbox, client } = await showInbox({ cards: all, page: 200 });
    client.revise(all[150]?.card ?? "", { title: "Firing again" });
    await settled();
    expect(titles(inbox)[0]).toBe("Firing again");
  });
});

describe("by keyboard", () => {
  test("arrows and j and k go from card to card, home and end to the first and the last", async () => {
    const all = cards(300);
    const { inbox } = await showInbox({ cards: all, page: 300 });
    inbox.focus();
    const expected = [
      ["j", 0],
      ["j", 1],
      ["{ArrowDown}", 2],
      ["{ArrowUp}", 1],
      ["k", 0],
      ["k", 0],
      ["{End}", 299],
      ["{ArrowUp}", 298],
      ["{Home}", 0],
      ["{PageDown}", 1],
    ] as const;
    for (const [key, index] of expected) {
      await userEvent.keyboard(key);
      await settled();
      expect(focusedTitle(), key).toBe(all[index]?.title);
      const { top, bottom } = focused()?.getBoundingClientRect() ?? new DOMRect();
      const sight = feedOf(inbox).getBoundingClientRect();
      expect(top).toBeGreaterThanOrEqual(sight.top - 1);
      expect(bottom).toBeLessThanOrEqual(sight.bottom + 1);
    }
  });

  test("u turns a card between read and unread, and the focus stays", async () => {
    const all = cards(5);
    const { inbox, client } = await showInbox({ cards: all });
    find(inbox, "article").focus();
    await userEvent.keyboard("u");
    await settled();
    expect(client.said).toEqual([{ card: all[0]?.card, change: { read: true } }]);
    expect(announced("polite").at(-1)).toBe("Marked as read");
    await userEvent.keyboard("u");
    expect(client.said.at(-1)?.change).toEqual({ read: false });
    expect(announced("polite").at(-1)).toBe("Marked as unread");
    expect(focusedTitle()).toBe(all[0]?.title);
  });

  test("e archives, the next card gets the focus, and z takes it back, one by one", async () => {
    const all = cards(5);
    const { inbox } = await showInbox({ cards: all });
    find(inbox, "article").focus();
    await userEvent.keyboard("e");
    await settled();
    expect(focusedTitle()).toBe(all[1]?.title);
    await userEvent.keyboard("e");
    await settled();
    expect(titles(inbox)).toEqual(all.slice(2).map((each) => each.title));
    await userEvent.keyboard("z");
    await settled();
    expect(titles(inbox)).toEqual(all.slice(1).map((each) => each.title));
    await userEvent.keyboard("{Control>}z{/Control}");
    await settled();
    expect(titles(inbox)).toEqual(all.map((each) => each.title));
  });

  test("the last card that is archived leaves the focus in the inbox", async () => {
    const { inbox } = await showInbox({ cards: [card()] });
    find(inbox, "article").focus();
    await userEvent.keyboard("e");
    await settled();
    expect(inbox.matches(":focus-within")).toBe(true);
    await userEvent.keyboard("z");
    await settled();
    expect(titles(inbox)).toHaveLength(1);
  });

  test("everything there is to do with a card is reached by tab", async () => {
    const { inbox } = await showInbox({
      cards: [card({ url: "/a", actions: [{ id: "a", title: "Do it", url: "/do" }] })],
    });
    inbox.focus();
    const names: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      await userEvent.tab();
      const element = focused();
      names.push(
        element?.getAttribute("aria-label") ??
          (element?.localName === "article" ? "card" : (element?.textContent.trim() ?? "")),
      );
    }
    expect(names).toEqual([
      "Mark all as read",
      "All",
      "Unread1",
      "Filter",
      "card",
      "Do it",
      "Mark as read",
      "Archive",
    ]);
  });

  test("control and end leaves the feed", async () => {
    const { inbox } = await showInbox({ cards: cards(300), page: 300 });
    find(inbox, "article").focus();
    await userEvent.keyboard("{Control>}{End}{/Control}");
    await settled();
    expect(focused()?.className).toBe("end");
  });

  test("keys outside of the inbox, or in a field inside, are left to who wants them", async () => {
    const { client, inbox } = await showInbox({ cards: cards(5) });
    const field = document.createElement("input");
    document.body.append(field);
    field.focus();
    await userEvent.keyboard("euz");
    inbox.append(field);
    field.slot = "header";
    field.focus();
    await userEvent.keyboard("jz");
    expect(field.value).toBe("euzjz");
    expect(client.said).toEqual([]);
  });
});

describe("following a card", () => {
  test("an app can take it, and the card is read", async () => {
    const followed = card({ url: "/orders/1" });
    const { inbox, client } = await showInbox({ cards: [followed] });
    const details: OpenDetail[] = [];
    document.body.addEventListener(
      "belfry-open",
      (event) => {
        details.push(event.detail);
        event.preventDefault();
      },
      { once: true },
    );
    find(inbox, "article").focus();
    await userEvent.keyboard("{Enter}");
    expect(details).toEqual([{ card: followed, url: `${location.origin}/orders/1`, action: null }]);
    expect(client.said).toEqual([{ card: followed.card, change: { read: true } }]);
  });

  test("an address that is neither of this app nor https is no link", async () => {
    const { inbox } = await showInbox({
      cards: [
        "javascript:alert(1)",
        "http://example.com/",
        "data:text/html,x",
        "//example.com/x",
        "https://example.com/",
      ].map((url) => card({ url, actions: [{ id: "a", title: "Act", url }] })),
    });
    const links = findAll<HTMLAnchorElement>(inbox, "a");
    const safe = links.filter((link) => link.href.startsWith("https://example.com/"));
    expect(links.map((link) => link.href)).toEqual(safe.map((link) => link.href));
    expect(safe.length).toBeGreaterThan(0);
    expect(safe.every((link) => link.target === "_blank" && link.rel === "noopener noreferrer")).toBe(true);
  });

  test("what an alert says is text, whatever it looks like", async () => {
    const { inbox } = await showInbox({
      cards: [card({ title: "<img src=x onerror=alert(1)>", body: "<b>bold</b>" })],
    });
    expect(find(inbox, "h3").textContent.trim()).toBe("<img src=x onerror=alert(1)>");
    expect(findAll(inbox, ".body b, h3 img")).toEqual([]);
  });
});

describe("archive and undo", () => {
  test("what one person has done is neither shown to the next, nor taken back by them", async () => {
    const all = cards(3);
    const { inbox, client } = await showInbox({ cards: all });
    find(inbox, "button[aria-label=Archive]").click();
    await settled();
    expect(find(inbox, ".undo").textContent).toContain(all[0]?.title);
    client.become({ user: "grace" });
    await settled();
    expect(findAll(inbox, ".undo")).toEqual([]);
    const marked = client.said.length;
    inbox.focus();
    await userEvent.keyboard("z");
    expect(client.said).toHaveLength(marked);
  });

  test("undo is offered for some seconds, not counted while the person is at it, and said aloud", async () => {
    const all = cards(3);
    const { inbox } = await showInbox({ cards: all });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    find(inbox, "button[aria-label=Archive]").click();
    await settled();
    expect(find(inbox, ".undo").textContent).toContain(all[0]?.title);
    expect(announced("polite").at(-1)).toBe(`Archived “${all[0]?.title ?? ""}”. Undo: Z`);
    find(inbox, ".undo button").focus();
    vi.advanceTimersByTime(60_000);
    await settled();
    find(inbox, ".undo button").click();
    await settled();
    expect(titles(inbox)).toEqual(all.map((each) => each.title));
    expect(findAll(inbox, ".undo")).toEqual([]);
    expect(inbox.matches(":focus-within")).toBe(true);

    find(inbox, "button[aria-label=Archive]").click();
    await settled();
    vi.advanceTimersByTime(8000);
    await settled();
    expect(findAll(inbox, ".undo")).toEqual([]);
  });
});

describe("filters", () => {
  test("cards are filtered by unread, severity and category, and none is a state of its own", async () => {
    const { inbox } = await showInbox({
      cards: [
        card({ title: "one", severity: "critical", category: "orders", read: true }),
        card({ title: "two", severity: "warning", category: "orders" }),
        card({ title: "three", category: "news" }),
      ],
    });
    find(inbox, ".choice button:last-child").click();
    await settled();
    expect(titles(inbox)).toEqual(["three", "two"]);
    find(inbox, "[aria-controls=filters]").click();
    await settled();
    find(inbox, ".chip.warning").click();
    await settled();
    expect(titles(inbox)).toEqual(["two"]);
    findAll(inbox, "fieldset:last-child .chip")[0]?.click();
    await settled();
    expect(inbox.filter).toEqual({ unread: true, severities: ["warning"], categories: ["news"] });
    find(inbox, ".state button").click();
    await settled();
    expect(titles(inbox)).toEqual(["three", "two", "one"]);
  });

  test("who is on a category stays on it when another one comes", async () => {
    const { inbox, client } = await showInbox({ cards: [card({ category: "orders" })] });
    find(inbox, "[aria-controls=filters]").click();
    await settled();
    find(inbox, "fieldset:last-child .chip").focus();
    client.arrive(card({ category: "news" }));
    await settled();
    expect(findAll(inbox, "fieldset:last-child .chip").map((chip) => chip.innerText)).toEqual([
      "News",
      "Orders",
    ]);
    expect((focused() as HTMLElement).innerText).toBe("Orders");
  });

  test("however many cards there are, none of the filters is squeezed out of sight", async () => {
    const { inbox } = await showInbox({
      cards: cards(60).map((each, index) => ({
        ...each,
        category: ["orders", "news", "safety"][index % 3] ?? "",
      })),
    });
    inbox.style.blockSize = "600px";
    find(inbox, "[aria-controls=filters]").click();
    await settled();
    const filters = find(inbox, ".filters");
    expect(filters.scrollHeight).toBeLessThanOrEqual(filters.clientHeight);
  });

  test("that there is no connection is said in a region that was there before", async () => {
    const { inbox, client } = await showInbox({ cards: cards(1) });
    const region = find(inbox, "[role=status]");
    expect(region.innerText).toBe("");
    client.become({ connection: "waiting", queued: 2 });
    await settled();
    expect(region.innerText.trim()).toBe("No connection. Trying again… 2 changes will be sent.");
  });

  test("all are marked as read by one button", async () => {
    const { inbox, client } = await showInbox({ cards: cards(3) });
    find(inbox, ".mark-all").click();
    await settled();
    expect(client.said).toEqual([{ card: "*", change: { read: true } }]);
    expect(find(inbox, ".mark-all").ariaDisabled).toBe("true");
  });
});

describe("what screen readers are told", () => {
  test("a burst is one announcement, and critical ones are told assertively", async () => {
    const { client } = await showInbox({ cards: cards(3) });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    client.arrive(
      card({ title: "one" }),
      card({ title: "two" }),
      card({ title: "Down", severity: "critical" }),
    );
    vi.advanceTimersByTime(1500);
    expect(announced("polite")).toContain("2 new notifications");
    expect(announced("assertive")).toEqual(["Critical: Down"]);
    client.arrive(card({ title: "three" }));
    vi.advanceTimersByTime(1500);
    expect(announced("polite").at(-1)).toBe("New notification: three");
  });

  test("a feed says which of how many each card is, and that it does not know while there are older ones", async () => {
    const { inbox } = await showInbox({ cards: cards(3) });
    const articles = findAll(inbox, "article").map((each) => [each.ariaPosInSet, each.ariaSetSize]);
    expect(articles).toEqual([
      ["1", "3"],
      ["2", "3"],
      ["3", "3"],
    ]);
    clear();
    const more = await showInbox({ cards: cards(60), page: 30 });
    more.client.hold();
    expect(find(more.inbox, "article").ariaSetSize).toBe("-1");
  });
});

test("an inbox that has left the page listens to nothing", async () => {
  const { inbox, client } = await showInbox({ cards: cards(3) });
  expect(client.listeners).toBeGreaterThan(0);
  inbox.remove();
  expect(client.listeners).toBe(0);
});

test("an inbox of another person shows nothing of the one before", async () => {
  const { inbox } = await showInbox({ cards: cards(3) });
  inbox.belfry = new FakeBelfry({ cards: [card({ title: "Another's" })] });
  await settled();
  expect(titles(inbox)).toEqual(["Another's"]);
});
