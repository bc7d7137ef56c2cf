/** Builds `dist/belfry.js`, for pages without a build of their own; the package's modules are built by tsc. */
import { defineConfig } from "vite";
import { withoutPolyfills } from "../client/build/without-polyfills.ts";

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["source", "module", "browser"] },
  plugins: [withoutPolyfills()],
  build: {
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
    // Not left readable as libraries are: nobody bundles it again.
    rolldownOptions: { output: { minify: true } },
    lib: { entry: "bundle.ts", formats: ["es"], fileName: () => "belfry.js" },
  },
});
