import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";
import { withoutPolyfills } from "../client/build/without-polyfills.ts";
import { hosting, pageOf } from "./build/hosting.ts";
import { pngIcon, svgIcon } from "./build/icon.ts";

/** Where the local cloud is, for the pages of the development server and as what a build says until it is deployed. */
const SETTINGS = {
  issuer: process.env.BELFRY_ISSUER ?? "http://localhost:8091",
  clientId: "hearth-and-oak",
  scope: "openid profile offline_access",
  api: "/api",
  hub: process.env.BELFRY_HUB ?? "http://localhost:8090",
  hints: { customer: "ada", office: "priya" },
};
const API = process.env.BELFRY_API ?? "http://localhost:7071";

/** Bundles of the neighbours, which the site serves as they are. */
const BUNDLES: Readonly<Record<string, string>> = {
  "belfry.js": resolve(import.meta.dirname, "../elements/dist/belfry.js"),
  "belfry-worker.js": resolve(import.meta.dirname, "../client/dist/belfry-worker.js"),
};

/** Files that are made here, by name. */
const MADE: Readonly<Record<string, () => string | Uint8Array>> = {
  "shop.json": () => JSON.stringify(SETTINGS, null, 2),
  "staticwebapp.config.json": hosting,
  "icon.svg": () => svgIcon(),
  "icon-180.png": () => pngIcon(180, true),
  "icon-192.png": () => pngIcon(192),
  "icon-512.png": () => pngIcon(512),
  "icon-maskable.png": () => pngIcon(512, true),
};
const TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  js: "text/javascript",
  svg: "image/svg+xml",
  png: "image/png",
};

/** What all pages begin with; each has `<!-- head -->` in its place. */
const HEAD = readFileSync(resolve(import.meta.dirname, "build/head.html"), "utf8");

function site(): Plugin {
  return {
    name: "site",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = new URL(request.url ?? "/", "http://localhost").pathname;
        const content = contentOf(path.slice(1));
        if (content === null) {
          request.url = pageOf(path) ?? request.url;
          next();
        } else {
          response.setHeader("content-type", TYPES[path.split(".").at(-1) ?? ""] ?? "");
          response.end(content);
        }
      });
    },
    // Before Vite looks for what the pages load.
    transformIndexHtml: { order: "pre", handler: (html) => html.replace("<!-- head -->", HEAD.trim()) },
    generateBundle() {
      for (const fileName of [...Object.keys(MADE), ...Object.keys(BUNDLES)]) {
        const source = contentOf(fileName);
        if (source === null)
          this.error(`${fileName} has not been built; \`npm run build\` in web/ builds it first.`);
        this.emitFile({ type: "asset", fileName, source });
      }
    },
  };
}

/** What a file of the site holds that is no page; null: there is no such file, or it has not been built. */
function contentOf(fileName: string): string | Uint8Array | null {
  const bundle = BUNDLES[fileName];
  if (bundle) return existsSync(bundle) ? readFileSync(bundle) : null;
  return MADE[fileName]?.() ?? null;
}

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["source", ...defaultClientConditions] },
  plugins: [withoutPolyfills(), site()],
  server: { proxy: { "/api": API } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // a content security policy without data: needs files
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "customer.html", "office.html", "signed-in.html"].map((page) =>
        resolve(import.meta.dirname, page),
      ),
    },
  },
});
