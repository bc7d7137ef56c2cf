/** The states of toasts: how each comes about. */
import type { ToastsElement } from "../src/index.ts";
import { card, FakeBelfry } from "../tests/fake.ts";
import { sample } from "./sample.ts";
import { settled, type State } from "./state.ts";

interface Shown {
  readonly client: FakeBelfry;
  readonly toasts: ToastsElement;
}

/** An app with toasts, and in it a button that has nothing to do with them. */
async function toasts(body: HTMLElement): Promise<Shown> {
  const client = new FakeBelfry();
  const app = document.createElement("div");
  app.className = "app";
  app.append("Harbour shop");
  const bell = document.createElement("belfry-bell");
  bell.belfry = client;
  app.append(bell);
  const element = document.createElement("belfry-toasts");
  element.belfry = client;
  body.append(app, element);
  await settled();
  return { client, toasts: element };
}

/** These of the samples arrive, the last one first: each so much later that they are no flood. */
async function arrive(client: FakeBelfry, indexes: readonly number[]): Promise<void> {
  const now = Date.now();
  const samples = sample();
  for (const index of indexes) {
    const { title, body, severity, category, url, actions, image, icon } = samples[index] ?? card();
    const at = new Date(now - index * 1000).toISOString();
    client.arrive(
      card({
        at,
        title,
        body,
        severity,
        ...(category === undefined ? {} : { category }),
        ...(url === undefined ? {} : { url }),
        ...(actions === undefined ? {} : { actions }),
        ...(image === undefined ? {} : { image }),
        ...(icon === undefined ? {} : { icon }),
      }),
    );
  }
  await settled();
}

/** As if somebody looked closer: they open, and time stands still. */
function open({ toasts: element }: Shown): void {
  (element.renderRoot as ShadowRoot).querySelector<HTMLElement>(".more")?.click();
}

export const toastStates: Readonly<Record<string, State>> = {
  "toasts-one": {
    async show(body) {
      const { client } = await toasts(body);
      await arrive(client, [1]);
    },
  },
  "toasts-critical": {
    async show(body) {
      const { client } = await toasts(body);
      await arrive(client, [0]);
    },
  },
  "toasts-three": {
    async show(body) {
      const { client } = await toasts(body);
      await arrive(client, [2, 3, 0]);
    },
  },
  "toasts-more": {
    async show(body) {
      const { client } = await toasts(body);
      await arrive(client, [0, 0, 4, 3, 2]);
    },
  },
  "toasts-open": {
    async show(body) {
      const shown = await toasts(body);
      await arrive(shown.client, [0, 0, 4, 3, 2]);
      open(shown);
      await settled();
    },
  },
  "toasts-flood": {
    async show(body) {
      const { client } = await toasts(body);
      await arrive(
        client,
        Array.from({ length: 60 }, (_, index) => (index === 0 ? 0 : 1 + (index % 3))),
      );
    },
  },
  "toasts-top": {
    async show(body) {
      const shown = await toasts(body);
      shown.toasts.placement = "top-start";
      await arrive(shown.client, [0, 2, 1, 4]);
    },
  },
};
