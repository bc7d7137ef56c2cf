/**
 * Bundles entries with Vite, and weighs them: `node web_sizes.js <folder of the web client>`, a list of what to weigh as
 * JSON on standard input, the sizes as JSON on standard output. Nothing is written to the disk.
 *
 * An entry is `{folder, code, external?, conditions?, config?}`: code to bundle, as if it stood in a file of that folder;
 * `config` is a file whose plugins are used. What is loaded at once and what only later, on demand, is weighed apart.
 * `{files}` is weighed as it is. Each file is compressed by itself, as it is sent.
 */
import console from "node:console";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import process from "node:process";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [web] = process.argv.slice(2);
const { build, loadConfigFromFile } = await import(createRequire(resolve(web, "package.json")).resolve("vite"));

async function filesOf({ files, folder, code, external = [], conditions = [], config }) {
  if (files) return { first: files.map((file) => readFileSync(file)), later: [] };
  const entry = resolve(folder, "entry-to-weigh.js");
  const given = config && (await loadConfigFromFile({ command: "build", mode: "production" }, resolve(web, config)));
  const [{ output }] = [
    await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      resolve: { conditions: [...conditions, "module", "browser", "production"] },
      plugins: [
        ...(given?.config.plugins ?? []),
        {
          name: "entry",
          resolveId: (id) => (id === entry ? entry : null),
          load: (id) => (id === entry ? code : null),
        },
      ],
      build: {
        write: false,
        target: "es2022",
        modulePreload: { polyfill: false },
        rolldownOptions: { input: entry, external: external.map((pattern) => new RegExp(pattern)) },
      },
    }),
  ].flat();
  const chunks = new Map(output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const first = new Set([...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first) {
    for (const imported of chunks.get(name)?.imports ?? []) {
      if (chunks.has(imported)) first.add(imported);
    }
  }
  const codeOf = (wanted) => [...chunks.values()].filter(({ fileName }) => first.has(fileName) === wanted).map((chunk) => chunk.code);
  return { first: codeOf(true), later: codeOf(false) };
}

function weigh(files) {
  const sum = (sizeOf) => files.reduce((total, file) => total + sizeOf(Buffer.from(file)), 0);
  return {
    minified: sum((file) => file.length),
    gzip: sum((file) => gzipSync(file, { level: 9 }).length),
    brotli: sum((file) => brotliCompressSync(file).length),
  };
}

const sizes = [];
for (const entry of JSON.parse(readFileSync(0, "utf8"))) {
  const { first, later } = await filesOf(entry);
  sizes.push({ first: weigh(first), later: weigh(later) });
}
console.log(JSON.stringify(sizes));
