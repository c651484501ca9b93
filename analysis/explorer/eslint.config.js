// SPDX-License-Identifier: MIT
// What the linter is told: run by tests/explorer.sh with the packages of the build folder.
import js from "@eslint/js";

const browser = [
  "addEventListener",
  "atob",
  "Blob",
  "cancelAnimationFrame",
  "clearTimeout",
  "console",
  "DecompressionStream",
  "devicePixelRatio",
  "document",
  "getComputedStyle",
  "history",
  "ImageData",
  "location",
  "matchMedia",
  "navigator",
  "performance",
  "requestAnimationFrame",
  "ResizeObserver",
  "Response",
  "self",
  "setTimeout",
  "TextDecoder",
  "URL",
  "URLSearchParams",
  "WebAssembly",
  "Worker",
];
const built = ["KERNEL_WASM", "KERNEL_WORKER", "H5_WORKER"];
const node = ["Buffer", "console", "performance", "process", "setTimeout", "URL", "WebAssembly"];
const globals = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  {
    rules: {
      complexity: ["error", 20],
      eqeqeq: ["error", "smart"],
      "max-lines": ["error", 500],
      "max-lines-per-function": ["error", 75],
      "no-self-compare": "off",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["src/**"], languageOptions: { globals: globals([...browser, ...built]) } },
  { files: ["*.mjs", "tests/**"], languageOptions: { globals: globals([...node, "document"]) } },
];
