import { defineConfig } from "tsup"

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  target: "node22",
  // Some modules exist under their `node:` name only.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  dts: false
})
