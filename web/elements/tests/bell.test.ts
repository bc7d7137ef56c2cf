import { page, userEvent } from "vitest/browser";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BellElement } from "../src/index.ts";
import { card, cards, FakeBelfry, type FakeOptions } from "./fake.ts";
import { clear, find, findAll, focused, settled } from "./page.ts";

beforeEach(clear);
afterEach(async () => {
  clear();
  await page.viewport(414, 896);
});

async function show(
  options: FakeOptions = {},
): Promise<{ client: FakeBelfry; bell: BellElement; button: HTMLElement }> {
  const client = new FakeBelfry(options);
  const bell = document.createElement("belfry-bell");
  bell.belfry = client;
  document.body.append(bell);
  await settled();
  return { client, bell, button: find(bell, "button") };
}

test("the badge shows how many are unread, up to 99+, and is not there without any", async () => {
  const { client, bell, button } = await show({ cards: cards(2) });
  expect(find(bell, ".badge").textContent).toBe("2");
  expect(button.ariaLabel).toBe("Notifications, 2 unread");
  client.become({ unread: 100 });
  await settled();
  expect(find(bell, ".badge").textContent).toBe("99+");
  expect(button.ariaLabel).toBe("Notifications, more than 99 unread");
  client.become({ unread: 0 });
  await settled();
  expect(findAll(bell, ".badge")).toEqual([]);
  expect(button.ariaLabel).toBe("Notifications, none unread");
});

test("while there is no connection it says so", async () => {
  const { client, bell, button } = await show();
  client.become({ connection: "waiting" });
  await settled();
  expect(button.ariaLabel).toBe("Notifications, none unread, offline");
  expect(findAll(bell, ".offline")).toHaveLength(1);
});

test("it opens the inbox, the focus goes in, and escape brings it back", async () => {
  const { bell, button } = await show({ cards: cards(5) });
  button.focus();
  await userEvent.keyboard("{Enter}");
  await settled();
  expect(bell.open).toBe(true);
  expect(find(bell, "belfry-inbox").matches(":focus-within")).toBe(true);
  await userEvent.keyboard("j");
  await settled();
  expect(focused()?.localName).toBe("article");
  await userEvent.keyboard("{Escape}");
  await settled();
  expect(bell.open).toBe(false);
  expect(focused()).toBe(button);
  expect(findAll(bell, "belfry-inbox")).toEqual([]);
});

test("a click beside it closes it", async () => {
  await page.viewport(1000, 800);
  const { bell, button } = await show({ cards: cards(5) });
  await userEvent.click(button);
  await settled();
  expect(bell.open).toBe(true);
  await userEvent.click(document.documentElement, { position: { x: 980, y: 780 } });
  await settled();
  expect(bell.open).toBe(false);
});

test("so does a press where popovers do not close by themselves, unless it began in it", async () => {
  const { bell } = await show({ cards: cards(5) });
  // Of made events browsers take no notice, as those of iPhones took none of real ones.
  const press = async (from: Element, to: Element): Promise<boolean> => {
    bell.open = true;
    await settled();
    from.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
    to.dispatchEvent(new PointerEvent("pointerup", { bubbles: true, composed: true }));
    await settled();
    return bell.open;
  };
  expect(await press(document.body, document.body)).toBe(false);
  expect(find(bell, ".panel").matches(":popover-open")).toBe(false);
  expect(await press(find(bell, ".panel"), document.body)).toBe(true);
  expect(await press(find(bell, "h2"), find(bell, "h2"))).toBe(true);
});

test("following a card within the app closes it", async () => {
  const { bell } = await show({ cards: [card({ url: "/orders/1" })] });
  bell.addEventListener("belfry-open", (event) => {
    event.preventDefault();
  });
  bell.open = true;
  await settled();
  find(bell, ".open").click();
  await settled();
  expect(bell.open).toBe(false);
});

test("the inbox stands beside the bell, within the page; on a phone it is the whole page", async () => {
  await page.viewport(1000, 700);
  for (const corner of [
    "inset: 8px 8px auto auto",
    "inset: 8px auto auto 8px",
    "inset: auto 8px 8px auto",
    "inset: auto auto 8px 8px",
  ]) {
    const { bell, button } = await show({ cards: cards(50) });
    bell.style.cssText = `position: fixed; ${corner}`;
    bell.open = true;
    await settled();
    const panel = find(bell, ".panel").getBoundingClientRect();
    const anchor = button.getBoundingClientRect();
    expect(panel.left, corner).toBeGreaterThanOrEqual(0);
    expect(panel.right, corner).toBeLessThanOrEqual(1000);
    expect(panel.top, corner).toBeGreaterThanOrEqual(0);
    expect(panel.bottom, corner).toBeLessThanOrEqual(700);
    expect(panel.height, corner).toBeGreaterThan(400);
    expect(panel.top >= anchor.bottom || panel.bottom <= anchor.top, corner).toBe(true);
    clear();
  }
  await page.viewport(375, 700);
  const { bell } = await show({ cards: cards(50) });
  bell.open = true;
  await settled();
  await Promise.all(
    find(bell, ".panel")
      .getAnimations()
      .map((animation) => animation.finished),
  );
  const { left, top, width, height } = find(bell, ".panel").getBoundingClientRect();
  expect([left, top, width, height].map(Math.round)).toEqual([0, 0, 375, 700]);
  find(bell, ".close").click();
  await settled();
  expect(bell.open).toBe(false);
});

test("it rings when something arrives", async () => {
  const { client, bell } = await show();
  client.arrive(card());
  expect(find(bell, ".drawing").getAnimations()).toHaveLength(1);
});

test("a bell that has left the page listens to nothing", async () => {
  const { client, bell } = await show();
  bell.open = true;
  await settled();
  bell.remove();
  await settled();
  expect(client.listeners).toBe(0);
});
