// SPDX-License-Identifier: MIT
// Makes a picture of a page of `brink explore` as a reader sees it (make explorer-picture).
// Usage: node screenshot.mjs NODE_MODULES CHROMIUM PAGE.html HASH PICTURE.png; HASH: what the
// page's address says of the view, the theory and the cells (#theory=flow&cells=3_386).
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath, pagePath, hash, picture] = process.argv.slice(2);
const { chromium } = createRequire(resolve(modules, "here.js"))("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"],
});
const page = await browser.newPage({ viewport: { width: 1160, height: 1300 } });
page.setDefaultTimeout(120000);
await page.goto(pathToFileURL(resolve(pagePath)).href + hash);
await page.waitForSelector("body[data-ready]");
// All picked cells have been replayed, and finer cells, if any, have come.
await page.waitForFunction(() => {
  const { cells, refiner, moving } = globalThis.brinkExplorer;
  const waiting = (refiner?.visible ?? []).some((key) => !refiner.kept.has(key));
  return !moving && !waiting && cells.every((cell) => cell.record || cell.failure);
});
await page.check("#log-step"); // the first steps spread out
await page.screenshot({ path: picture, fullPage: true, animations: "disabled" });
await browser.close();
