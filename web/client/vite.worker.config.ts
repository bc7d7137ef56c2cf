import { defineConfig } from "vite";

/** The service worker as one classic script without imports: Firefox and older browsers take no other. */
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    lib: {
      entry: "src/worker/bundle.ts",
      formats: ["iife"],
      name: "belfry",
      fileName: () => "belfry-worker.js",
    },
  },
});
