import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

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
const BUNDLES = {
  "belfry.js": resolve(import.meta.dirname, "../elements/dist/belfry.js"),
  "belfry-worker.js": resolve(import.meta.dirname, "../client/dist/belfry-worker.js"),
};

/** Paths of alerts, and the page that shows them; `staticwebapp.config.json` says the same where it is deployed. */
const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^\/(orders(\/.*)?|news|offers|preferences)$/, "/customer.html"],
  [/^\/(desk|stock|reports)$/, "/office.html"],
];

function site(): Plugin {
  const settings = JSON.stringify(SETTINGS, null, 2);
  return {
    name: "site",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = new URL(request.url ?? "/", "http://localhost").pathname;
        const bundle = BUNDLES[path.slice(1) as keyof typeof BUNDLES];
        if (path === "/shop.json") {
          response.setHeader("content-type", "application/json");
          response.end(settings);
        } else if (bundle && existsSync(bundle)) {
          response.setHeader("content-type", "text/javascript");
          response.end(readFileSync(bundle));
        } else {
          request.url = PAGES.find(([pattern]) => pattern.test(path))?.[1] ?? request.url;
          next();
        }
      });
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "shop.json", source: settings });
      for (const [fileName, path] of Object.entries(BUNDLES)) {
        if (existsSync(path)) this.emitFile({ type: "asset", fileName, source: readFileSync(path) });
        else
          this.warn(
            `${fileName} is left out: it has not been built. \`npm run build\` in web/ builds it first.`,
          );
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["source", ...defaultClientConditions] },
  plugins: [site()],
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
