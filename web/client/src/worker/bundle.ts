/**
 * The ready-made service worker, `belfry-worker.js`, for an app that has none of its own. What there is to say stands in
 * the address that it is registered with:
 *
 *     navigator.serviceWorker.register("/belfry-worker.js?icon=/icon.png&shell=/");
 *
 * `icon`, `badge`, `home` and `nothingNew` are those of `WorkerOptions`. With `shell`, the path of the app's page, the app
 * starts without a network, too: `assets`, `files` (with commas between them) and `api` are those of `ShellOptions`.
 */

import { installBelfryWorker, installShell } from "./index.ts";

declare const self: ServiceWorkerGlobalScope;

const said = Object.fromEntries(new URL(self.location.href).searchParams);
const { shell, assets, files, api, icon, badge, home, nothingNew } = said;

installBelfryWorker(self, given({ icon, badge, home, nothingNew }));
if (shell) {
  installShell(self, { page: shell, files: files?.split(",") ?? [], ...given({ assets, api }) });
}

// A new version takes over at once: it holds nothing that pages of the old one would miss.
self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

function given<Name extends string>(values: Record<Name, string | undefined>): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Partial<
    Record<Name, string>
  >;
}
