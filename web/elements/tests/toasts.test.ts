import { page, userEvent } from "vitest/browser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CardElement, setTexts, type ToastsElement } from "../src/index.ts";
import { en } from "../src/texts/index.ts";
import { card, FakeBelfry, type FakeOptions } from "./fake.ts";
import { announced, clear, find, findAll, focused, settled } from "./page.ts";

interface Shown {
  readonly client: FakeBelfry;
  readonly toasts: ToastsElement;
  readonly button: HTMLButtonElement;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  clear();
});

afterEach(async () => {
  clear();
  vi.useRealTimers();
  vi.restoreAllMocks();
  await page.viewport(414, 896);
});

/** Toasts, and a page below them with a button. */
async function show(options: FakeOptions = {}): Promise<Shown> {
  await page.viewport(1000, 800);
  const client = new FakeBelfry(options);
  const button = document.createElement("button");
  button.textContent = "Of the page";
  const toasts = document.createElement("belfry-toasts");
  toasts.belfry = client;
  document.body.append(button, toasts);
  await userEvent.hover(button);
  await settled();
  return { client, toasts, button };
}

/** The toasts that are there, newest first; without those that fade. */
function items(toasts: Element): HTMLElement[] {
  return findAll(toasts, "li:not(.leaving)");
}

function newest(toasts: Element): HTMLElement {
  return find(toasts, "li:not(.leaving)");
}

function told(toasts: Element): string[] {
  return items(toasts).map(
    (item) =>
      findAll<CardElement>(item, "belfry-card")[0]?.card?.title ?? findAll(item, "p")[0]?.textContent ?? "",
  );
}

async function pass(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  await settled();
}

async function arrive(client: FakeBelfry, ...titles: string[]): Promise<void> {
  for (const title of titles) {
    client.arrive(card({ title, url: `/${title}` }));
    await settled();
  }
}

describe("what arrives", () => {
  test("is shown with its severity in words, its title and text, when it came, and what can be done", async () => {
    const { client, toasts } = await show();
    client.arrive(
      card({
        severity: "warning",
        title: "Disk nearly full",
        body: "91 %",
        category: "hosts",
        actions: [{ id: "grow", title: "Grow", url: "/grow" }],
      }),
    );
    await settled();
    expect(find(toasts, "article").innerText.replace(/\s+/gu, " ")).toMatch(
      /^Unread\. Warning: Disk nearly full 91 % now ?Hosts ?Grow$/u,
    );
  });

  test("is told to screen readers once: politely, and what is critical at once", async () => {
    const { client } = await show();
    client.arrive(card({ title: "A word" }), card({ title: "Fire", severity: "critical" }));
    await pass(2000);
    expect(announced("polite")).toEqual(["New notification: A word"]);
    expect(announced("assertive")).toEqual(["Critical: Fire"]);
    expect(document.querySelector(".belfry-announcer[role=status]")).not.toBeNull();
    expect(document.querySelector(".belfry-announcer[role=alert]")).not.toBeNull();
  });

  test("leaves after its time, and what is critical does not", async () => {
    const { client, toasts } = await show();
    client.arrive(card({ title: "Fire", severity: "critical" }), card({ title: "A word" }));
    await settled();
    await pass(5900);
    expect(told(toasts)).toEqual(["A word", "Fire"]);
    await pass(100);
    expect(told(toasts)).toEqual(["Fire"]);
    await pass(3_600_000);
    expect(told(toasts)).toEqual(["Fire"]);
  });

  test("a newer revision takes the place of the toast", async () => {
    const { client, toasts } = await show();
    client.arrive(card({ thread: "order", title: "Packed" }));
    await arrive(client, "Another");
    const [, item] = items(toasts);
    client.revise("order", { title: "Shipped" });
    await settled();
    expect(told(toasts)).toEqual(["Another", "Shipped"]);
    expect(items(toasts)[1]).toBe(item);
  });

  test.each([
    [
      "read",
      (client: FakeBelfry, key: string) => {
        client.mark(key, { read: true });
      },
    ],
    [
      "archived",
      (client: FakeBelfry, key: string) => {
        client.mark(key, { archived: true });
      },
    ],
    [
      "withdrawn",
      (client: FakeBelfry, key: string) => {
        client.retract(key);
      },
    ],
  ])("a toast whose card was %s elsewhere leaves at once", async (_, happens) => {
    const { client, toasts } = await show();
    client.arrive(card({ thread: "fire", title: "Fire", severity: "critical" }));
    await arrive(client, "Another");
    happens(client, "fire");
    await settled();
    expect(told(toasts)).toEqual(["Another"]);
  });

  test("nothing of one person is shown to the next", async () => {
    const { client, toasts } = await show();
    client.arrive(card({ title: "Ada's", severity: "critical" }));
    await settled();
    client.become({ user: "grace" });
    await settled();
    expect(told(toasts)).toEqual([]);
    client.arrive(card({ title: "Grace's", severity: "critical" }));
    await settled();
    client.become({ loaded: false });
    await settled();
    expect(told(toasts)).toEqual([]);
  });

  test("is no toast if an open inbox shows it, unless it is asked for always, or not what the inbox shows", async () => {
    const { client, toasts } = await show();
    const inbox = document.createElement("belfry-inbox");
    inbox.belfry = client;
    inbox.style.blockSize = "20rem";
    document.body.append(inbox);
    await arrive(client, "Seen");
    expect(told(toasts)).toEqual([]);
    inbox.filter = { categories: ["orders"] };
    await arrive(client, "Not an order");
    expect(told(toasts)).toEqual(["Not an order"]);
    inbox.filter = {};
    inbox.style.visibility = "hidden";
    await arrive(client, "Hidden");
    expect(told(toasts)).toEqual(["Hidden", "Not an order"]);
    inbox.style.visibility = "";
    toasts.always = true;
    await pass(10_000);
    await arrive(client, "Always");
    expect(told(toasts)).toEqual(["Always"]);
  });

  test("elements that leave the page leave nothing behind", async () => {
    const { client, toasts } = await show();
    await arrive(client, "One");
    toasts.remove();
    expect(client.listeners).toBe(0);
    document.body.append(toasts);
    await settled();
    expect(told(toasts)).toEqual([]);
    await arrive(client, "Two");
    expect(told(toasts)).toEqual(["Two"]);
  });
});

describe("time stands still", () => {
  test("while the pointer is on a toast", async () => {
    const { client, toasts, button } = await show();
    await arrive(client, "One");
    await userEvent.hover(find(toasts, "article"));
    await pass(60_000);
    expect(told(toasts)).toEqual(["One"]);
    await userEvent.hover(button);
    await pass(6000);
    expect(told(toasts)).toEqual([]);
  });

  test("while the focus is in them", async () => {
    const { client, toasts, button } = await show();
    await arrive(client, "One");
    await userEvent.keyboard("{F6}");
    await pass(60_000);
    expect(told(toasts)).toEqual(["One"]);
    button.focus();
    await pass(6000);
    expect(told(toasts)).toEqual([]);
  });

  test("while nobody can see the page", async () => {
    const { client, toasts } = await show();
    await arrive(client, "One");
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    await pass(60_000);
    expect(told(toasts)).toEqual(["One"]);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await pass(6000);
    expect(told(toasts)).toEqual([]);
  });
});

describe("many", () => {
  test("three are in sight, newest first, the rest are a number, and all are there for who points at them", async () => {
    const { client, toasts, button } = await show();
    for (const title of ["1", "2", "3", "4", "5"]) {
      await arrive(client, title);
      await pass(500);
    }
    expect(told(toasts)).toEqual(["5", "4", "3", "2", "1"]);
    const visible = (): number => items(toasts).filter((item) => item.checkVisibility()).length;
    expect(visible()).toBe(3);
    expect(find(toasts, ".layer > .more").innerText).toBe("2 more");
    await userEvent.hover(find(toasts, "article"));
    await settled();
    expect(visible()).toBe(5);
    await userEvent.hover(button);
    await settled();
    expect(visible()).toBe(3);
  });

  test("no text is asked for a number of more that there cannot be", async () => {
    const counts: number[] = [];
    const { more } = en.toasts;
    setTexts("en", {
      toasts: {
        more: (count) => {
          counts.push(count);
          return more(count);
        },
      },
    });
    const { client } = await show();
    await arrive(client, "One", "Two");
    setTexts("en", { toasts: { more } });
    expect(counts.length).toBeGreaterThan(0);
    expect(Math.min(...counts)).toBe(1);
  });

  test("fifty a second are a number", async () => {
    const { client, toasts } = await show();
    for (let index = 0; index < 100; index += 1) {
      client.arrive(card({ title: `Alert ${index}`, body: "It says something.".repeat(10) }));
      await pass(20);
    }
    expect(told(toasts)[0]).toMatch(/^9[67] new notifications$/u);
    expect(items(toasts).length).toBeLessThanOrEqual(4);
  });

  test("of a flood all are shown by the page's bell, or by who takes it over", async () => {
    const { client, toasts } = await show();
    const bell = document.createElement("belfry-bell");
    bell.belfry = client;
    document.body.append(bell);
    client.arrive(...Array.from({ length: 9 }, () => card()));
    await settled();
    find(toasts, ".show-all").click();
    await settled();
    expect(bell.open).toBe(true);
    bell.open = false;
    await pass(10_000);
    document.body.addEventListener(
      "belfry-show-inbox",
      (event) => {
        event.preventDefault();
      },
      { once: true },
    );
    client.arrive(...Array.from({ length: 9 }, () => card()));
    await settled();
    find(toasts, ".show-all").click();
    await settled();
    expect(bell.open).toBe(false);
  });
});

describe("a toast", () => {
  test("opens as a card does, marks it read, and leaves", async () => {
    const { client, toasts } = await show();
    const opened = vi.fn((event: HTMLElementEventMap["belfry-open"]) => {
      event.preventDefault();
    });
    document.body.addEventListener("belfry-open", opened, { once: true });
    client.arrive(card({ thread: "order", title: "Shipped", url: "/orders/1" }));
    await settled();
    await userEvent.click(find(toasts, ".open"));
    await settled();
    expect(opened.mock.lastCall?.[0].detail).toMatchObject({ card: { card: "order" }, action: null });
    expect(client.said).toEqual([{ card: "order", change: { read: true } }]);
    expect(told(toasts)).toEqual([]);
  });

  test("that leads nowhere shows all its text first, and is read by the second click", async () => {
    const { client, toasts } = await show();
    client.arrive(card({ body: "It says a lot. ".repeat(40), severity: "critical" }));
    await settled();
    await userEvent.click(find(toasts, ".open"));
    await settled();
    expect(client.said).toEqual([]);
    const body = find(toasts, ".body");
    expect(body.scrollHeight).toBeLessThanOrEqual(body.clientHeight + 1);
    await userEvent.click(find(toasts, ".open"));
    await settled();
    expect(client.said).toHaveLength(1);
    expect(told(toasts)).toEqual([]);
  });

  test("is dismissed by its button: its card stays unread, and the focus where it was", async () => {
    const { client, toasts, button } = await show();
    button.focus();
    await arrive(client, "One", "Two");
    await userEvent.click(find(newest(toasts), ".dismiss"));
    await settled();
    expect(told(toasts)).toEqual(["One"]);
    expect(client.said).toEqual([]);
    expect(focused()).toBe(button);
  });

  test.each([
    ["far enough", 220, true],
    ["not far enough", 60, false],
  ])("pushed aside by a finger, %s", async (_, distance, gone) => {
    const { client, toasts } = await show();
    await arrive(client, "One");
    const toast = find(toasts, "belfry-toast");
    toast.setPointerCapture = () => undefined;
    const touch = (type: string, clientX: number, timeStamp: number): void => {
      const event = new PointerEvent(type, {
        pointerId: 7,
        pointerType: "touch",
        isPrimary: true,
        clientX,
        clientY: 700,
        bubbles: true,
      });
      Object.defineProperty(event, "timeStamp", { value: timeStamp });
      toast.dispatchEvent(event);
    };
    touch("pointerdown", 700, 0);
    touch("pointermove", 700 + distance / 2, 500);
    touch("pointermove", 700 + distance, 1000);
    expect(toast.style.translate).toBe(`${distance}px`);
    touch("pointerup", 700 + distance, 1000);
    await settled();
    expect(told(toasts)).toEqual(gone ? [] : ["One"]);
    if (!gone) {
      expect(toast.style.translate).toBe("");
    }
  });
});

describe("by keyboard", () => {
  test("toasts never take the focus", async () => {
    const { client, button } = await show();
    button.focus();
    await arrive(client, "One", "Two");
    expect(focused()).toBe(button);
    await pass(10_000);
    expect(focused()).toBe(button);
  });

  test("F6 goes to the newest and back; all are in sight meanwhile", async () => {
    const { client, toasts, button } = await show();
    button.focus();
    await arrive(client, "One", "Two");
    await userEvent.keyboard("{F6}");
    expect(focused()).toBe(find(newest(toasts), "article"));
    await settled();
    expect(find(toasts, "ol").className).toBe("closer");
    await userEvent.keyboard("{F6}");
    expect(focused()).toBe(button);
    await settled();
    expect(find(toasts, "ol").className).toBe("");
  });

  test("escape dismisses the one that has the focus; the last one gives it back", async () => {
    const { client, toasts, button } = await show();
    button.focus();
    await arrive(client, "One", "Two", "Three");
    await userEvent.keyboard("{F6}");
    await userEvent.keyboard("{Escape}");
    await settled();
    expect(told(toasts)).toEqual(["Two", "One"]);
    expect(focused()).toBe(find(newest(toasts), "article"));
    await userEvent.keyboard("{Escape}");
    await settled();
    await userEvent.keyboard("{Escape}");
    await settled();
    expect(told(toasts)).toEqual([]);
    expect(focused()).toBe(button);
  });

  test("enter opens, tab goes on to the actions and the button that dismisses", async () => {
    const { client, toasts } = await show();
    document.body.addEventListener(
      "belfry-open",
      (event) => {
        event.preventDefault();
      },
      { once: true },
    );
    client.arrive(card({ actions: [{ id: "act", title: "Act", url: "/act" }], url: "/it" }));
    await settled();
    await userEvent.keyboard("{F6}");
    await userEvent.keyboard("{Tab}");
    expect(focused()?.textContent).toContain("Act");
    await userEvent.keyboard("{Tab}");
    expect(focused()?.getAttribute("aria-label")).toBe("Dismiss");
    await userEvent.keyboard("{Shift>}{Tab}{Tab}{/Shift}");
    await userEvent.keyboard("{Enter}");
    await settled();
    expect(client.said).toHaveLength(1);
    expect(told(toasts)).toEqual([]);
  });

  test("the focus goes on when the card of its toast was read elsewhere", async () => {
    const { client, toasts, button } = await show();
    button.focus();
    await arrive(client, "One");
    client.arrive(card({ thread: "two" }));
    await settled();
    await userEvent.keyboard("{F6}");
    client.mark("two", { read: true });
    await settled();
    expect(focused()).toBe(find(newest(toasts), "article"));
    client.markAllRead();
    await settled();
    expect(focused()).toBe(button);
  });

  test("the focus goes on when the button for more has gone, as there are no more", async () => {
    const { client, toasts, button } = await show();
    button.focus();
    await arrive(client, "One", "Two", "Three");
    await pass(1000);
    await arrive(client, "Four", "Five");
    await userEvent.keyboard("{F6}");
    find(toasts, ".button.more").focus();
    for (const title of ["One", "Two", "Three", "Four"]) {
      client.mark(client.sorted.find((each) => each.title === title)?.card ?? "", { read: true });
    }
    await settled();
    expect(told(toasts)).toEqual(["Five"]);
    expect(focused()).toBe(find(newest(toasts), "article"));
    await userEvent.keyboard("{F6}");
    expect(focused()).toBe(button);
  });

  test("whoever has clicked and then takes the keyboard goes on by the keyboard", async () => {
    const { client, toasts } = await show();
    await arrive(client, "One", "Two");
    const article = find(newest(toasts), "article");
    article.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
    article.focus();
    await userEvent.keyboard("{Escape}");
    await settled();
    expect(told(toasts)).toEqual(["One"]);
    expect(focused()).toBe(find(newest(toasts), "article"));
  });

  test("without toasts the browser has its keys", async () => {
    await show();
    const event = new KeyboardEvent("keydown", { key: "F6", cancelable: true, bubbles: true });
    document.body.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });
});

describe("where they are", () => {
  test("nothing of the page is above them, also what opens later, and clicks beside them reach it", async () => {
    const { client, toasts, button } = await show();
    button.style.cssText = "position: fixed; inset: 0; z-index: 2147483647; inline-size: 100%";
    await arrive(client, "One");
    const at = (): string | undefined => {
      const { left, top } = find(toasts, "article").getBoundingClientRect();
      return document.elementFromPoint(left + 20, top + 20)?.localName;
    };
    expect(at()).toBe("belfry-toasts");
    expect(document.elementFromPoint(20, 20)).toBe(button);
    const { left } = find(toasts, "article").getBoundingClientRect();
    expect(document.elementFromPoint(left - 8, 780), "the margin of the toasts").toBe(button);
    const sheet = document.createElement("div");
    sheet.popover = "manual";
    sheet.style.cssText = "inset: 0; inline-size: 100%; block-size: 100%";
    document.body.append(sheet);
    sheet.showPopover();
    expect(at()).toBe("div");
    await arrive(client, "Two");
    expect(at()).toBe("belfry-toasts");
  });

  test.each([
    ["bottom-end", "ltr", { right: 984, bottom: 784 }],
    ["bottom-start", "ltr", { left: 16, bottom: 784 }],
    ["top-end", "rtl", { left: 16, top: 16 }],
    ["top-start", "rtl", { right: 984, top: 16 }],
  ] as const)("%s, written %s", async (placement, dir, edges) => {
    document.documentElement.dir = dir;
    const { client, toasts } = await show();
    toasts.placement = placement;
    await arrive(client, "One");
    for (const animation of find(toasts, "li").getAnimations()) {
      animation.finish();
    }
    expect(find(toasts, "article").getBoundingClientRect()).toMatchObject(edges);
  });

  test.each([320, 375, 768, 1920])(
    "they fit into %d pixels, and on a phone take its width",
    async (width) => {
      const { client, toasts } = await show();
      await page.viewport(width, 800);
      await arrive(client, "a".repeat(200), "b ".repeat(100));
      for (const item of items(toasts).slice(0, 1)) {
        const { left, right } = item.getBoundingClientRect();
        expect(left).toBeGreaterThanOrEqual(0);
        expect(right).toBeLessThanOrEqual(width);
        expect(item.scrollWidth).toBeLessThanOrEqual(item.clientWidth);
        expect(item.offsetWidth).toBe(width < 480 ? width - 16 : 384);
      }
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    },
  );

  test("on a phone the first is in front, the edges of two are behind it, and pressing them shows all", async () => {
    const { client, toasts } = await show();
    await page.viewport(375, 700);
    await arrive(client, "1", "2", "3");
    client.arrive(card({ title: "4", severity: "critical" }));
    await settled();
    const [first, second] = items(toasts) as [HTMLElement, HTMLElement];
    for (const item of items(toasts)) {
      item.getAnimations().forEach((animation) => {
        animation.finish();
      });
    }
    const top = first.getBoundingClientRect().top;
    expect(second.getBoundingClientRect().top).toBeCloseTo(top - 8, 0);
    expect(find(toasts, ".layer > .more").innerText).toBe("3 more");
    second.click();
    await settled();
    expect(items(toasts).every((item) => item.checkVisibility())).toBe(true);
    expect(find(toasts, "ol").className).toBe("closer");
    document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
    await settled();
    expect(find(toasts, "ol").className).toBe("");
  });

  test("who wants no motion sees them fade", async () => {
    const matches = matchMedia;
    vi.spyOn(globalThis, "matchMedia").mockImplementation((query) =>
      query.includes("reduced-motion") ? ({ matches: true } as MediaQueryList) : matches(query),
    );
    const { client, toasts } = await show();
    const animate = vi.spyOn(Element.prototype, "animate");
    await arrive(client, "One", "Two");
    find(toasts, ".dismiss").click();
    await settled();
    expect(animate.mock.calls.length).toBeGreaterThan(2);
    for (const [keyframes] of animate.mock.calls) {
      for (const frame of keyframes as Keyframe[]) {
        expect(frame.transform ?? "none").toBe("none");
        expect(frame.translate).toBeUndefined();
      }
    }
  });
});
