import { html, type TemplateResult } from "lit";
import { afterEach, expect, test } from "vitest";
import { BelfryElement, define, useBelfry } from "../src/element.ts";
import { setTexts } from "../src/texts/index.ts";
import { card, FakeBelfry } from "./fake.ts";

class Probe extends BelfryElement {
  renders = 0;

  protected override render(): TemplateResult {
    this.renders += 1;
    return html`<p>${this.texts.inbox.title} ${this.snapshot.unread}</p>`;
  }

  get text(): string {
    return this.renderRoot.querySelector("p")?.textContent ?? "";
  }
}
define("belfry-probe", Probe);

function show(lang = "en"): Probe {
  document.documentElement.lang = lang;
  const probe = new Probe();
  document.body.append(probe);
  return probe;
}

afterEach(() => {
  document.body.replaceChildren();
  useBelfry(null);
});

test("a client given to the page is every element's, also of those that are there already", async () => {
  const before = show();
  useBelfry(new FakeBelfry({ cards: [card()] }));
  const after = show();
  await before.updateComplete;
  await after.updateComplete;
  expect(before.text).toBe("Notifications 1");
  expect(after.text).toBe("Notifications 1");
});

test("a client of its own goes before the page's", async () => {
  useBelfry(new FakeBelfry());
  const probe = show();
  probe.belfry = new FakeBelfry({ cards: [card(), card()] });
  await probe.updateComplete;
  expect(probe.text).toBe("Notifications 2");
});

test("an element that has left the page listens to nothing", async () => {
  const client = new FakeBelfry();
  useBelfry(client);
  const probe = show();
  await probe.updateComplete;
  expect(client.listeners).toBe(1);
  probe.remove();
  expect(client.listeners).toBe(0);
  document.body.append(probe);
  expect(client.listeners).toBe(1);
  useBelfry(null);
  expect(client.listeners).toBe(0);
});

test("a hundred changes within a frame are rendered once", async () => {
  const client = new FakeBelfry();
  useBelfry(client);
  const probe = show();
  await probe.updateComplete;
  const before = probe.renders;
  for (let index = 0; index < 100; index += 1) {
    client.arrive(card());
    await Promise.resolve();
  }
  await probe.updateComplete;
  expect(probe.renders - before).toBe(1);
  expect(probe.text).toBe("Notifications 100");
});

test("an element speaks the language of where it stands, and follows it", async () => {
  const probe = show("de-AT");
  await probe.updateComplete;
  expect(probe.text).toBe("Benachrichtigungen 0");
  document.documentElement.lang = "en";
  await new Promise((resolve) => setTimeout(resolve));
  await probe.updateComplete;
  expect(probe.text).toBe("Notifications 0");
});

test("a text can be replaced, and a language added", async () => {
  const probe = show("fr");
  await probe.updateComplete;
  expect(probe.text).toBe("Notifications 0");
  setTexts("fr", { inbox: { title: "Alertes" } });
  await probe.updateComplete;
  expect(probe.text).toBe("Alertes 0");
});
