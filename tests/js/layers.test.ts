import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const JS = fileURLToPath(new URL("../../js/", import.meta.url));
const ADDED: Readonly<Record<string, string>> = {
  "src/layers/upwards.ts": 'export { cellColors } from "../scene/colors";',
  "src/layers/sideways.ts": 'export type { Store } from "../state/store";',
  "src/layers/late.ts": 'export const late = () => import("../scene/colors");',
  "src/theme/upwards.ts": 'export { INK } from "../scene/ink";',
  "src/state/upwards.ts": 'export type { Panel } from "../panels/panel";',
  "src/scene/upwards.ts": 'export type { Panel } from "../panels/panel";',
  "src/dynamics/upwards.ts": 'export type { Store } from "../state/store";',
  "src/upwards.ts": 'export { createTraits } from "./state/traits";',
  "src/scene/one.ts": 'import type { Other } from "./other";\nexport type One = Other[];',
  "src/scene/other.ts": 'import type { One } from "./one";\nexport type Other = { ones: One };',
};
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "velowidget-layers-"));
  await cp(join(JS, "src"), join(copy, "src"), { recursive: true });
  await cp(join(JS, "biome.json"), join(copy, "biome.json"));
});
afterAll(() => rm(copy, { recursive: true }));

/** What is found wrong: files with the names of rules. */
async function found(): Promise<string[]> {
  const biome = [
    join(JS, "node_modules/@biomejs/biome/bin/biome"),
    "lint",
    "--reporter=github",
    "--max-diagnostics=none",
  ];
  const run = promisify(execFile)(process.execPath, biome, { cwd: copy });
  const { stdout } = await run.catch((error) => error);
  return [...stdout.matchAll(/title=lint\/\w+\/(\w+),file=[^,]*?(src\/[^,]+),/g)]
    .map(([, rule, file]) => `${file}: ${rule}`)
    .sort();
}

it("finds nothing in what is there", { timeout: 60_000 }, async () => {
  expect(await found()).toEqual([]);
});

it("finds each import upwards and each circle, of types too, and late ones", { timeout: 60_000 }, async () => {
  for (const [file, text] of Object.entries(ADDED)) await writeFile(join(copy, file), `${text}\n`);
  const circular = Object.keys(ADDED).filter((file) => /one|other/.test(file));
  expect(await found()).toEqual(
    Object.keys(ADDED)
      .map((file) => `${file}: ${circular.includes(file) ? "noImportCycles" : "noRestrictedImports"}`)
      .sort(),
  );
});
