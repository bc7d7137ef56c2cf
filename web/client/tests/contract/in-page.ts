/** What the browser's tests do inside a page: there it is, as `window.inPage`. */

import { LiveConnection } from "../../src/live.ts";
import { Tabs } from "../../src/tabs.ts";

export interface InPage {
  /** All that the page was told, in order. */
  readonly told: unknown[];
  /** Be one of many tabs. */
  startTabs(): void;
  post(message: unknown): void;
  openLive(address: string): void;
  closeLive(): void;
}

declare global {
  var inPage: InPage;
}

const told: unknown[] = [];
const tabs = new Tabs({
  name: "ada",
  onLead: () => told.push("leads"),
  onFollow: () => told.push("follows"),
  onMessage: (message) => told.push(message),
});
let live: LiveConnection | null = null;

globalThis.inPage = {
  told,
  startTabs() {
    tabs.start();
  },
  post(message) {
    tabs.post(message);
  },
  openLive(address) {
    live = new LiveConnection({
      address: () => Promise.resolve(address),
      onFrame: (frame) => told.push(frame),
      onReturn: () => Promise.resolve(),
      onStatus: (status) => told.push(status),
    });
    live.open();
  },
  closeLive() {
    live?.close();
  },
};
