// Bundles src/ into one folder: `node build.mjs OUTPUT SOURCE-HASH`.
// Names carry a hash of their content; manifest.json maps the plain names to them.

import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = path.dirname(fileURLToPath(import.meta.url));
const [output, sources] = process.argv.slice(2);
if (!output || !sources) throw new Error("usage: node build.mjs OUTPUT SOURCE-HASH");

const viaSass = new Set();
const scss = {
  name: "scss",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, async (args) => {
      const done = await sass.compileAsync(args.path, {
        loadPaths: [path.join(here, "node_modules")],
        logger: sass.Logger.silent,
      });
      for (const url of done.loadedUrls) viaSass.add(path.relative(here, fileURLToPath(url)));
      return { contents: done.css, loader: "css", resolveDir: path.dirname(args.path) };
    });
  },
};

const result = await esbuild.build({
  absWorkingDir: here,
  entryPoints: {
    app: "src/app.js",
    graph: "src/network-layout.js",
    sparql: "src/sparql.js",
    site: "src/styles/site.scss",
  },
  outdir: output,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "firefox115", "safari16"],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "none", // NOTICES.txt carries every licence whole
  metafile: true,
  logLevel: "warning",
  plugins: [scss],
});

const files = {};
const outputs = [];
for (const [name, about] of Object.entries(result.metafile.outputs)) {
  const base = path.basename(name);
  outputs.push(base);
  if (about.entryPoint || base.endsWith(".woff2")) files[base.replace(/-[A-Z0-9]{8}(?=\.)/, "")] = base;
}

await mkdir(output, { recursive: true });
await writeFile(path.join(output, "NOTICES.txt"), await notices());
outputs.push("NOTICES.txt");
const manifest = { sources, files: sorted(files), outputs: outputs.sort() };
await writeFile(path.join(output, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

// The licences of exactly the packages whose code, styles or fonts went into the bundles.
async function notices() {
  const inputs = [...Object.keys(result.metafile.inputs), ...viaSass];
  const names = inputs.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const parts = ["Parts of these pages come from the packages below, each under its own licence.\n"];
  for (const name of [...new Set(names.filter(Boolean))].sort()) {
    const folder = path.join(here, "node_modules", name);
    const about = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const found = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
    // A package that leaves its licence out has it in our own folder.
    const licence = found ? path.join(folder, found) : path.join(here, "licences", `${name.replace("/", "-")}.txt`);
    const text = await readFile(licence, "utf8");
    parts.push(`${"=".repeat(72)}\n${name} ${about.version} · ${about.license}\n\n${text.trim()}\n`);
  }
  return parts.join("\n");
}
