import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const resolve = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The tests live with the others, outside of this folder's node_modules; they are to get the very files that the sources get.
const packages = ["vitest", "happy-dom", "preact", "@preact/signals"].map((name) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(import.meta.resolve(name)),
}));

export default defineConfig({
  root: resolve(".."),
  cacheDir: resolve("node_modules/.vite"),
  resolve: { alias: packages },
  test: { include: ["tests/js/**/*.test.ts"] },
});
