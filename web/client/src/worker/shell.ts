/** The app's shell without a network: its pages and its built files are kept, and nothing that is a person's. */

export interface ShellOptions {
  /** The app's page: it is kept before it is needed, and shown at every address that has not been opened before. */
  readonly page: string;
  /** Paths that begin so have their content's hash in their names, and never change; by default `assets/`. */
  readonly assets?: string;
  /** What else the app needs to start: settings, icons. */
  readonly files?: readonly string[];
  /** Where the API is, by default `/api`: never kept, whatever it answers. */
  readonly api?: string;
}

const CACHE = "belfry-shell-1";
/** How long the network may take before what was kept is shown. */
const NETWORK_MILLISECONDS = 3_000;
/** Pages of other addresses; files of other versions, and those that are loaded later. The oldest go first. */
const MOST = { pages: 20, assets: 200 };
/** `index-DiwrgTda.js`, `app.3f2a9c1e.css`. */
const HASHED = /[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/i;

/** Answer for the app's pages and files where the network does not. Call it when the script runs first, not later. */
export function installShell(worker: ServiceWorkerGlobalScope, options: ShellOptions): void {
  const { scope } = worker.registration;
  const absolute = (path: string): string => new URL(path, scope).href;
  const page = absolute(options.page);
  const assets = absolute(options.assets ?? "assets/");
  const files = (options.files ?? []).map(absolute);
  const api = absolute(options.api ?? "/api");
  // Of two apps on one origin each has its own.
  const cache = `${CACHE} ${scope}`;
  const shell = new Shell(cache, page, files, (url) => url.startsWith(assets) && HASHED.test(url));

  worker.addEventListener("install", (event) => {
    event.waitUntil(
      Promise.all([page, ...files].map((url) => shell.fetch(new Request(url, { cache: "reload" })))),
    );
  });
  worker.addEventListener("fetch", (event) => {
    const { method, headers, mode, url } = event.request;
    if (method !== "GET" || headers.has("authorization") || isWithin(url, api)) {
      return;
    }
    if (mode === "navigate" || files.includes(url)) {
      event.respondWith(shell.networkFirst(event));
    } else if (shell.isAsset(url)) {
      event.respondWith(shell.cacheFirst(event.request));
    }
  });
}

function isWithin(url: string, folder: string): boolean {
  return url === folder || url.startsWith(`${folder}/`) || url.startsWith(`${folder}?`);
}

class Shell {
  readonly #cache: string;
  readonly #page: string;
  readonly #files: readonly string[];
  readonly isAsset: (url: string) => boolean;

  constructor(cache: string, page: string, files: readonly string[], isAsset: (url: string) => boolean) {
    this.#cache = cache;
    this.#page = page;
    this.#files = files;
    this.isAsset = isAsset;
  }

  async networkFirst(event: FetchEvent): Promise<Response> {
    const answered = fetch(event.request);
    // A network that fails is dealt with below; what cannot be kept has been shown all the same.
    event.waitUntil(
      answered.then((answer) => this.#keep(event.request.url, answer.clone())).catch(() => undefined),
    );
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, NETWORK_MILLISECONDS));
    try {
      return (await Promise.race([answered, late])) ?? (await this.#kept(event.request)) ?? (await answered);
    } catch (error) {
      const kept = await this.#kept(event.request);
      if (kept) {
        return kept;
      }
      throw error;
    }
  }

  async cacheFirst(request: Request): Promise<Response> {
    const cache = await caches.open(this.#cache);
    const kept = await cache.match(request);
    if (kept) {
      return kept;
    }
    const answer = await fetch(request);
    if (answer.ok) {
      await cache.put(request, answer.clone());
    }
    return answer;
  }

  /** Get something and keep it. */
  async fetch(request: Request): Promise<void> {
    await this.#keep(request.url, await fetch(request));
  }

  async #kept({ url, mode }: Request): Promise<Response | undefined> {
    const cache = await caches.open(this.#cache);
    return (await cache.match(addressOf(url))) ?? (mode === "navigate" ? cache.match(this.#page) : undefined);
  }

  /** A page is kept once all files that it names are: what is there without a network is always of one version. */
  async #keep(url: string, answer: Response): Promise<void> {
    const isPage = answer.headers.get("content-type")?.startsWith("text/html");
    // A page that is made for one person alone says so.
    const control = answer.headers.get("cache-control") ?? "";
    if (!answer.ok || /no-store|private/i.test(control)) {
      return;
    }
    const cache = await caches.open(this.#cache);
    if (isPage) {
      const named = (await answer.clone().text()).matchAll(/(?:src|href)="([^"]+)"/g);
      const assets = Array.from(named, ([, path = ""]) => new URL(path, url).href).filter(this.isAsset);
      const there = await Promise.all(assets.map((asset) => cache.match(asset)));
      await cache.addAll(assets.filter((_, index) => there[index] === undefined));
    }
    await cache.put(addressOf(url), answer.redirected ? arrived(answer) : answer);
    await this.#tidy(cache);
  }

  async #tidy(cache: Cache): Promise<void> {
    const others = (await cache.keys()).filter(({ url }) => url !== this.#page && !this.#files.includes(url));
    const assets = others.filter(({ url }) => this.isAsset(url));
    const pages = others.filter(({ url }) => !this.isAsset(url));
    const tooMany = [...assets.slice(0, -MOST.assets), ...pages.slice(0, -MOST.pages)];
    await Promise.all(tooMany.map((request) => cache.delete(request)));
  }
}

/** The answer without the way that led to it: browsers show no page of which they have not followed the way themselves. */
function arrived({ body, headers }: Response): Response {
  return new Response(body, { headers });
}

/** What is asked for in the query, the app's pages find out themselves. */
function addressOf(url: string): string {
  return url.replace(/[?#].*/, "");
}
