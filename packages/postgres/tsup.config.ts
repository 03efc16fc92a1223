import { defineConfig } from "tsup"

export default defineConfig({
  // The worker is a file of its own, beside the module that starts it.
  entry: {
    index: "src/index.ts",
    "pglite/index": "src/pglite/index.ts",
    "pglite/PgliteWorker": "src/pglite/PgliteWorker.ts"
  },
  format: "esm",
  target: "es2024",
  platform: "node",
  // A shared chunk would move code to another folder, and with it what `import.meta.url` means.
  splitting: false,
  // `node:sqlite` exists under this name only.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  dts: false
})
