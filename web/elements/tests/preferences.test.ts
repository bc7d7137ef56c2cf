import { page, userEvent } from "vitest/browser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { someone } from "../gallery/preference-states.ts";
import { type PreferencesElement, useBelfry } from "../src/index.ts";
import { card, type FakeBelfry, FakeError, UNREACHABLE } from "./fake.ts";
import { announced, clear, find, findAll, focused, settled } from "./page.ts";

beforeEach(clear);
afterEach(async () => {
  clear();
  useBelfry(null);
  vi.restoreAllMocks();
  vi.useRealTimers();
  await page.viewport(414, 896);
});

/** Whose preferences are on the page. */
let shown: FakeBelfry;

async function show(client: FakeBelfry = someone()): Promise<{
  client: FakeBelfry;
  element: PreferencesElement;
}> {
  const element = document.createElement("belfry-preferences");
  element.topics = [
    { topic: "offers", title: "Offers" },
    { topic: "workshops", title: "Workshops" },
  ];
  element.belfry = client;
  document.body.append(element);
  shown = client;
  await loaded();
  return { client, element };
}

/** All that was asked of the client is answered, and rendered. */
async function loaded(): Promise<void> {
  do await settled();
  while (shown.underway > 0);
}

function input(element: Element, selector: string): HTMLInputElement {
  return find(element, selector) as HTMLInputElement;
}

/** The control with this label, as screen readers find it. */
function named(name: string): HTMLElement {
  return page.getByLabelText(name, { exact: true }).element() as HTMLElement;
}

async function enter(field: HTMLInputElement, value: string): Promise<void> {
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await loaded();
}

function status(element: Element): string {
  return find(element, ".saving").innerText.replace(/\s+/gu, " ").trim();
}

describe("what is shown", () => {
  test("is what the server has: what is followed, what is muted, from which severity on, when it is quiet", async () => {
    const { element } = await show();
    const checked = (selector: string): boolean => input(element, selector).checked;
    expect(named("Offers")).toHaveProperty("checked", true);
    expect(named("Workshops")).toHaveProperty("checked", false);
    expect(named("Stock oak"), "followed, though the app does not offer it").toHaveProperty("checked", true);
    expect(named("Notify me about Stock oak")).toHaveProperty("checked", false);
    expect(named("Everything")).toHaveProperty("checked", true);
    expect(checked("[name=category-news]")).toBe(false);
    expect(checked("[name=category-orders]"), "of a card that has come").toBe(true);
    expect(checked("[name=quiet-hours]")).toBe(true);
    expect(input(element, "[name=start]").value).toBe("22:00");
    expect(input(element, "select").value).toBe("Europe/Warsaw");
    expect(findAll<HTMLInputElement>(element, "[name=days]:checked").map(({ value }) => value)).toEqual([
      "monday",
      "tuesday",
      "wednesday",
      "thursday",
    ]);
  });

  test("is nothing to press before it is there, and a way to try again if it does not come", async () => {
    const client = someone();
    client.failing = UNREACHABLE;
    const { element } = await show(client);
    expect(findAll(element, "input")).toEqual([]);
    expect(find(element, "[role=alert]").innerText).toContain("could not be loaded");
    client.failing = null;
    find(element, ".state button").click();
    await loaded();
    expect(findAll(element, "form")).toHaveLength(1);
  });

  test("comes by itself once there is a connection", async () => {
    const client = someone();
    client.failing = UNREACHABLE;
    client.become({ connection: "waiting" });
    const { element } = await show(client);
    client.failing = null;
    client.become({ connection: "live" });
    await loaded();
    expect(findAll(element, "form")).toHaveLength(1);
  });

  test("is never another person's", async () => {
    const { client, element } = await show();
    client.savedPreferences = { ...client.savedPreferences, minimumSeverity: "critical" };
    const answer = client.hold();
    client.become({ user: "grace" });
    await settled();
    expect(findAll(element, "form")).toEqual([]);
    answer();
    await loaded();
    expect(findAll(element, "form")).toHaveLength(1);
    expect(named("Critical only")).toHaveProperty("checked", true);
  });

  test("cannot be changed while offline, which it explains", async () => {
    const { client, element } = await show();
    const region = find(element, "form > [role=status]");
    client.become({ connection: "waiting" });
    await settled();
    expect(region.innerText, "a region that was there before").toContain("offline");
    const controls = findAll(element, "input, select, button");
    expect(controls.length).toBeGreaterThan(20);
    expect(controls.filter((control) => !control.matches(":disabled"))).toEqual([]);
    client.become({ connection: "live" });
    await settled();
    expect(findAll(element, ":is(input, select, button):disabled")).toEqual([]);
  });

  test("reads topics and categories from attributes", async () => {
    const { client } = await show();
    document.body.replaceChildren();
    document.body.insertAdjacentHTML(
      "beforeend",
      `<belfry-preferences topics='[{"topic":"news.daily","title":"Daily"}]' categories='["billing"]'></belfry-preferences>`,
    );
    useBelfry(client);
    await loaded();
    expect(named("Daily")).toHaveProperty("checked", false);
    expect(named("Billing")).toHaveProperty("checked", true);
  });
});

describe("each change is saved at once", () => {
  test.each([
    ["Warnings and critical", { minimumSeverity: "warning" }],
    ["Critical alerts always get through", { criticalAlways: false }],
    ["News", { mutedCategories: [] }],
    ["Orders", { mutedCategories: ["news", "orders"] }],
    ["Notify me about Offers", { mutedTopics: ["stock-oak", "offers"] }],
    ["Quiet hours", { quietHours: null }],
  ])("%s", async (name, saved) => {
    const { client, element } = await show();
    named(name).click();
    await loaded();
    expect(client.savedPreferences).toMatchObject(saved);
    expect(status(element)).toBe("Saved");
  });

  test("quiet hours begin with the night, in the browser's time zone, and come back as they were", async () => {
    const client = someone();
    client.savedPreferences = { ...client.savedPreferences, quietHours: null };
    const { element } = await show(client);
    named("Quiet hours").click();
    await loaded();
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(client.savedPreferences.quietHours).toEqual({ start: "22:00", end: "07:00", timeZone, days: [] });
    await enter(input(element, "[name=start]"), "20:15");
    named("Sunday").click();
    await loaded();
    named("Quiet hours").click();
    await loaded();
    expect(client.savedPreferences.quietHours).toBeNull();
    named("Quiet hours").click();
    await loaded();
    expect(client.savedPreferences.quietHours).toMatchObject({ start: "20:15", days: ["sunday"] });
  });

  test("quiet hours that cannot be are not saved, and the fields say why", async () => {
    const { client, element } = await show();
    await enter(input(element, "[name=end]"), "22:00");
    const end = input(element, "[name=end]");
    expect(end.getAttribute("aria-invalid")).toBe("true");
    expect(find(element, `#${end.getAttribute("aria-describedby")}`).innerText).toBe(
      "They must not end when they begin.",
    );
    expect(client.savedPreferences.quietHours?.end).toBe("07:00");
    await enter(end, "");
    expect(find(element, "#quiet-fault").innerText).toBe("Enter when they begin and when they end.");
    await enter(end, "06:30");
    expect(findAll(element, "#quiet-fault")).toEqual([]);
    expect(client.savedPreferences.quietHours?.end).toBe("06:30");
  });

  test("what else is changed is saved also while the quiet hours cannot be", async () => {
    const { client, element } = await show();
    const before = client.savedPreferences.quietHours;
    await enter(input(element, "[name=end]"), "22:00");
    named("Critical only").click();
    await loaded();
    expect(client.savedPreferences.minimumSeverity).toBe("critical");
    expect(client.savedPreferences.quietHours).toEqual(before);
    expect(input(element, "[name=end]").value, "the person is not done with it").toBe("22:00");
  });

  test("that quiet hours are on every day is said only while no day is chosen", async () => {
    const { element } = await show();
    const description = (): string | null => find(element, ".days").getAttribute("aria-describedby");
    expect(description()).toBeNull();
    for (const day of findAll(element, "[name=days]:checked")) {
      day.click();
      await loaded();
    }
    expect(find(element, `#${description() ?? ""}`).innerText).toBe("No day chosen: every day.");
  });

  test("quick changes are sent one after the other, and the last one counts", async () => {
    const { client } = await show();
    const save = vi.spyOn(client, "savePreferences");
    const answer = client.hold();
    for (const name of ["Success and above", "Critical only", "Warnings and critical"]) {
      named(name).click();
    }
    answer();
    await loaded();
    expect(save.mock.calls.map(([{ minimumSeverity }]) => minimumSeverity)).toEqual(["success", "warning"]);
    expect(client.savedPreferences.minimumSeverity).toBe("warning");
  });

  test("what could not be saved stays as it was set, and can be tried again", async () => {
    const { client, element } = await show();
    client.failing = UNREACHABLE;
    named("Critical only").click();
    await loaded();
    expect(find(element, ".saving").role).toBe("alert");
    expect(status(element)).toContain("This could not be saved. The server cannot be reached.");
    expect(named("Critical only")).toHaveProperty("checked", true);
    client.failing = null;
    find(element, ".saving button").focus();
    find(element, ".saving button").click();
    await loaded();
    expect(status(element)).toBe("Saved");
    expect(client.savedPreferences.minimumSeverity).toBe("critical");
    expect(element.matches(":focus-within"), "the button has gone, and the focus not with it").toBe(true);
  });

  test("a category that is turned on again, or comes meanwhile, moves no other one under the finger", async () => {
    const client = someone();
    client.savedPreferences = { ...client.savedPreferences, mutedCategories: ["gardens"] };
    const { element } = await show(client);
    const names = (): string[] =>
      findAll<HTMLInputElement>(element, "[name^=category-]").map(({ name }) =>
        name.replace("category-", ""),
      );
    const before = names();
    named("Gardens").focus();
    named("Gardens").click();
    await loaded();
    expect(names()).toEqual(before);
    client.arrive(card({ category: "a-first-one" }));
    await loaded();
    expect(names()).toEqual([...before, "a-first-one"]);
    expect(focused()).toBe(named("Gardens"));
  });

  test("saved is said quietly, and not for ever", async () => {
    const { element } = await show();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    named("Critical only").click();
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect(find(element, ".saving").role).toBe("status");
    expect(status(element)).toBe("Saved");
    await vi.advanceTimersByTimeAsync(3000);
    await settled();
    expect(status(element)).toBe("");
  });
});

describe("topics", () => {
  test("are followed and left at once", async () => {
    const { client } = await show();
    const answer = client.hold();
    named("Workshops").click();
    await settled();
    expect(named("Notify me about Workshops")).toHaveProperty("checked", true);
    named("Offers").click();
    answer();
    await loaded();
    expect(client.savedSubscriptions.map(({ topic }) => topic).sort()).toEqual(["stock-oak", "workshops"]);
  });

  test("that the app does not offer can be followed again, by the switch that has the focus", async () => {
    const { client } = await show();
    named("Stock oak").focus();
    named("Notify me about Stock oak").click();
    named("Stock oak").click();
    await loaded();
    expect(client.savedSubscriptions.map(({ topic }) => topic)).toEqual(["offers"]);
    expect(focused()).toBe(named("Stock oak"));
    expect(focused()).toHaveProperty("checked", false);
  });

  test("are as they were, and say why, when the server refuses", async () => {
    const { client } = await show();
    client.failing = { status: 403, code: "topic-closed", detail: "The topic is not open to this person." };
    named("Workshops").click();
    await loaded();
    const workshops = named("Workshops") as HTMLInputElement;
    expect(workshops.checked).toBe(false);
    const described = (workshops.getAttribute("aria-describedby") ?? "").split(" ");
    const root = workshops.getRootNode() as ShadowRoot;
    expect(described.map((id) => root.getElementById(id)?.innerText ?? "").join("")).toBe(
      "This could not be saved. The topic is not open to this person.",
    );
  });

  test("of quick changes of mind the last one counts", async () => {
    const { client } = await show();
    const answer = client.hold();
    for (let click = 0; click < 5; click += 1) {
      named("Workshops").click();
    }
    answer();
    await loaded();
    expect(client.savedSubscriptions.map(({ topic }) => topic)).toContain("workshops");
    expect(named("Workshops")).toHaveProperty("checked", true);
  });
});

describe("this device", () => {
  test("is turned on by a click, and off by another", async () => {
    const { client, element } = await show();
    const devices = vi.spyOn(client, "devices");
    const push = named("Notifications on this device") as HTMLInputElement;
    push.click();
    await loaded();
    expect(client.push.state).toBe("on");
    expect(devices, "there is one more").toHaveBeenCalledTimes(1);
    push.click();
    await loaded();
    expect(client.push.state).toBe("off");
    expect(findAll(element, ".fault")).toEqual([]);
  });

  test("is explained when the browser forbids it", async () => {
    const { client, element } = await show();
    client.push.allowed = false;
    named("Notifications on this device").focus();
    named("Notifications on this device").click();
    await loaded();
    expect((focused() as HTMLElement).innerText, "the switch has gone").toContain("Blocked by the browser");
    expect(findAll(element, "[name=push]")).toEqual([]);
    expect(find(element, "belfry-push-switch").shadowRoot?.textContent).toContain(
      "Allow notifications for this site in your browser’s settings",
    );
  });

  test("says why it could not be turned on, and is off", async () => {
    const { client, element } = await show();
    client.push.enable = () => client.request();
    client.failing = UNREACHABLE;
    const push = named("Notifications on this device") as HTMLInputElement;
    push.click();
    await loaded();
    expect(push.checked).toBe(false);
    expect(find(element, "#fault").innerText).toContain("The server cannot be reached.");
  });

  test.each([
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "home screen"],
    ["Mozilla/5.0 (X11; Linux x86_64)", "cannot receive notifications"],
  ])("that has no push says what to do about it: %s", async (userAgent, hint) => {
    vi.spyOn(navigator, "userAgent", "get").mockReturnValue(userAgent);
    const client = someone();
    client.push.state = "unsupported";
    const { element } = await show(client);
    expect(find(element, "belfry-push-switch").shadowRoot?.textContent).toContain(hint);
  });
});

describe("the person's devices", () => {
  test("are removed after a second thought, and the focus stays", async () => {
    const { client, element } = await show();
    await userEvent.click(page.getByRole("button", { name: "Remove Browser" }));
    await settled();
    expect(client.savedDevices).toHaveLength(2);
    expect(focused()?.getAttribute("aria-label")).toBe("Remove Browser");
    await userEvent.keyboard("{Enter}");
    await loaded();
    expect(client.savedDevices.map(({ installation }) => installation)).toEqual(["phone"]);
    expect(findAll(element, "[data-installation]")).toHaveLength(1);
    expect(announced("polite")).toContain("Browser was removed");
    expect(focused()?.localName).toBe("legend");
  });

  test("stay when they could not be removed, and say why", async () => {
    const { client, element } = await show();
    client.failing = UNREACHABLE;
    await userEvent.click(page.getByRole("button", { name: "Remove Browser" }));
    await userEvent.click(page.getByRole("button", { name: "Remove Browser" }));
    await loaded();
    expect(findAll(element, "[data-installation]")).toHaveLength(2);
    expect(find(element, "[data-installation=laptop] .fault").innerText).toContain("cannot be reached");
    expect(focused()?.getAttribute("aria-label")).toBe("Remove Browser");
  });

  test("that could not be loaded are loaded by a button, which leaves the focus with them", async () => {
    const client = someone();
    vi.spyOn(client, "devices").mockRejectedValueOnce(new FakeError(UNREACHABLE));
    await show(client);
    await userEvent.click(page.getByRole("button", { name: "Try again" }));
    await loaded();
    expect(focused()?.textContent).toBe("Your devices");
  });

  test("are not spoken of where nothing is pushed at all", async () => {
    const client = someone();
    client.devices = () =>
      Promise.reject(Object.assign(new Error(), { status: 501, code: "push-off", detail: "" }));
    const { element } = await show(client);
    expect(findAll(element, "belfry-devices .rows, belfry-devices fieldset")).toEqual([]);
    expect(find(element, "belfry-devices").shadowRoot?.textContent.trim()).toBe("");
  });
});

describe("by keyboard alone", () => {
  test("everything is reached in its order, and set", async () => {
    const { client } = await show();
    const reached: string[] = [];
    for (let press = 0; press < 40 && reached.at(-1) !== "remove"; press += 1) {
      await userEvent.keyboard("{Tab}");
      const control = focused();
      reached.push(control?.getAttribute("name") ?? (control?.localName === "button" ? "remove" : "?"));
      if (reached.at(-1) === "critical-always") {
        await userEvent.keyboard(" ");
      } else if (control?.getAttribute("value") === "info") {
        await userEvent.keyboard("{ArrowDown}{ArrowDown}");
      }
    }
    await loaded();
    expect([...new Set(reached)]).toEqual([
      "push",
      "topic",
      "pushed-topic",
      "minimum-severity",
      "critical-always",
      ...["deployments", "incidents", "invoices", "mentions", "news", "orders", "stock"].map(
        (category) => `category-${category}`,
      ),
      "quiet-hours",
      "start",
      "end",
      "days",
      "timeZone",
      "remove",
    ]);
    expect(client.savedPreferences).toMatchObject({ criticalAlways: false, minimumSeverity: "warning" });
  });
});

test("it speaks German", async () => {
  document.documentElement.lang = "de";
  const { element } = await show();
  expect(find(element, "section").ariaLabel).toBe("Einstellungen für Benachrichtigungen");
  expect(findAll(element, "[name=days]")[0]?.ariaLabel, "where the week begins with Monday").toMatch(/tag$/u);
  expect(named("Ruhezeit")).toHaveProperty("checked", true);
});

test("elements that leave the page leave nothing behind", async () => {
  const { client, element } = await show();
  element.remove();
  expect(client.listeners).toBe(0);
});
