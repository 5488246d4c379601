import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The tests live with the others, outside of this folder's node_modules.
const resolve = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: resolve(".."),
  cacheDir: resolve("node_modules/.vite"),
  resolve: {
    alias: { vitest: resolve("node_modules/vitest"), "@preact/signals": resolve("node_modules/@preact/signals") },
  },
  test: { include: ["tests/js/**/*.test.ts"] },
});
