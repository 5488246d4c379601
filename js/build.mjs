// Builds the widget's bundle, its style sheet and the small module of single panels into the Python package.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../velowidget/widget/static/", import.meta.url));

/** Largest sizes in bytes: every widget carries its own copy of the bundle, also in the saved notebook. */
const BUDGET = {
  "widget.js": { minified: 1_000_000, gzip: 300_000 },
  "widget.css": { minified: 30_000, gzip: 8_000 },
  "view.js": { minified: 2_000, gzip: 1_000 },
};

await build({
  absWorkingDir: here,
  entryPoints: {
    widget: "src/index.ts",
    view: "src/view.ts",
  },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  conditions: ["visgl:webgl-only", "module"],
  define: {
    "process.env.NODE_ENV": '"production"',
    // deck.gl and luma.gl refuse to load beside another version of themselves, which they look for under these names;
    // lonboard or pydeck may be in the same notebook.
    "globalThis.deck": "globalThis.__velowidget_deck_9_4",
    "globalThis.luma": "globalThis.__velowidget_luma_9_4",
  },
});
await build({
  absWorkingDir: here,
  entryPoints: { widget: "src/theme/widget.css" },
  outdir: out,
  bundle: true,
  minify: true,
});

let tooBig = false;
for (const [name, limit] of Object.entries(BUDGET)) {
  const bytes = readFileSync(out + name);
  const size = { minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  console.log(`${name}: ${size.minified.toLocaleString("en")} bytes, ${size.gzip.toLocaleString("en")} gzip`);
  for (const kind of ["minified", "gzip"]) {
    if (size[kind] > limit[kind]) {
      console.error(`${name} is larger (${kind}) than its budget of ${limit[kind].toLocaleString("en")} bytes.`);
      tooBig = true;
    }
  }
}
if (tooBig) process.exit(1);
