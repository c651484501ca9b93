// SPDX-License-Identifier: MIT
// Builds the page, all in one file: node build.mjs REPLAY.wasm NODE_MODULES PAGE.html
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const SIZE_MAX = 3e6; // bytes of the page without data
const source = join(dirname(fileURLToPath(import.meta.url)), "src");
const [wasm, modules, output] = process.argv.slice(2);
const { build } = createRequire(resolve(modules, "here.js"))("esbuild");

const packed = (bytes) => deflateSync(bytes, { level: 9 }).toString("base64");

async function bundle(entry, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(source, entry)],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    nodePaths: [resolve(modules)],
    external: ["fs", "path", "url", "module", "crypto"],
    define: Object.fromEntries(Object.entries(define).map(([k, v]) => [k, JSON.stringify(v)])),
    write: false,
  });
  return outputFiles[0].text;
}

const script = await bundle("main.js", {
  KERNEL_WASM: packed(readFileSync(wasm)),
  KERNEL_WORKER: packed(await bundle("kernel_worker.js")),
  H5_WORKER: packed(await bundle("h5_worker.js")),
});
const plots = join(modules, "uplot/dist/uPlot.min.css");
const style = [plots, join(source, "style.css")].map((path) => readFileSync(path, "utf8")).join("");
const page = readFileSync(join(source, "page.html"), "utf8")
  .replace("/*STYLE*/", () => style)
  .replace("/*SCRIPT*/", () => script.replaceAll("</script", "<\\/script"));
if (page.length > SIZE_MAX) throw new Error(`the page has ${page.length} bytes, over ${SIZE_MAX}`);
writeFileSync(output, page);
console.log(`${output}: ${(page.length / 1e6).toFixed(2)} MB`);
