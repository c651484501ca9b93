// SPDX-License-Identifier: MIT
// The page in a browser, opened by file://: what is drawn, replayed, dropped, linked and saved.
// Usage: node page.mjs NODE_MODULES CHROMIUM PAGE.html OTHER.h5 LARGE.h5 PICTURES NETWORK.html
//   INDEX.h5 SHARD.h5 ...
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { rgb, STATUS_COLOURS } from "../src/colour.js";

const [modules, executablePath, pagePath, otherPath, largePath, pictures, networkPath, ...shards] =
  process.argv.slice(2);
const { chromium } = createRequire(resolve(modules, "here.js"))("playwright-core");
const url = pathToFileURL(resolve(pagePath)).href;
const complaints = [];
let passed = 0;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"],
});

async function open(hash = "", options = {}, target = url) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, ...options });
  page.setDefaultTimeout(120000); // machines may be busy
  page.on("console", (message) => {
    // A real GPU does not say this; the software one does when pixels are read.
    if (["error", "warning"].includes(message.type()) && !/ReadPixels/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`network: ${request.url()}`);
  });
  await page.goto(target + hash);
  await page.waitForSelector("body[data-ready]");
  return page;
}

async function test(name, body) {
  const began = performance.now();
  try {
    await body();
  } catch (error) {
    console.log(`FAIL ${name}: ${error.stack}\n${complaints.join("\n")}`);
    console.log(`page: ${passed} passed, 1 failed`);
    process.exit(1);
  }
  passed++;
  console.log(`ok ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** Where a cell of the grid is on the page, in CSS pixels. */
function pointOf(page, column, row) {
  return page.evaluate(
    ([x, y]) => {
      const { view } = globalThis.brinkExplorer;
      const box = document.getElementById("touch").getBoundingClientRect();
      return [box.left + view.partX(x) * box.width, box.bottom - view.partY(y) * box.height];
    },
    [column, row],
  );
}

/** The colour of the diagram at a cell. */
function colourAt(page, column, row) {
  return page.evaluate(
    ([x, y]) => {
      const explorer = globalThis.brinkExplorer;
      explorer.drawNow();
      const { canvas } = explorer.diagram;
      const copy = document.createElement("canvas");
      Object.assign(copy, { width: canvas.width, height: canvas.height });
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const across = Math.floor(explorer.view.partX(x) * canvas.width);
      const down = Math.floor((1 - explorer.view.partY(y)) * canvas.height);
      return [...context.getImageData(across, down, 1, 1).data.slice(0, 3)];
    },
    [column, row],
  );
}

/** {status name: [column, row]}: the first cell of each verdict that has its like on both sides. */
function someCells(page) {
  return page.evaluate(() => {
    const { sweep, status } = globalThis.brinkExplorer;
    const columns = sweep.horizontal.num;
    const found = {};
    status.forEach((value, i) => {
      const alike = status[i - 1] === value && status[i + 1] === value;
      const inside = i % columns > 0 && i % columns < columns - 1;
      if (alike && inside)
        found[sweep.statusName(value)] ??= [i % columns, Math.floor(i / columns)];
    });
    return found;
  });
}

const near = (a, b) => a.every((x, i) => Math.abs(x - b[i]) <= 2);
const page = await open();
const cells = await someCells(page);

await test("cells have the colours of their verdicts", async () => {
  assert.ok(Object.keys(cells).length >= 4, `only ${Object.keys(cells)}`);
  for (const [name, [column, row]] of Object.entries(cells)) {
    const colour = await colourAt(page, column, row);
    assert.ok(near(colour, rgb(STATUS_COLOURS[name])), `${name}: ${colour}`);
  }
});

await test("a verdict is hidden and shown by its legend entry", async () => {
  await page.uncheck("#show-converged");
  const hidden = await colourAt(page, ...cells.converged);
  assert.ok(!near(hidden, rgb(STATUS_COLOURS.converged)));
  await page.check("#show-converged");
  assert.ok(near(await colourAt(page, ...cells.converged), rgb(STATUS_COLOURS.converged)));
});

await test("clicked cells of each verdict end in the same bits", async () => {
  let first = true;
  for (const [column, row] of Object.values(cells).slice(0, 5)) {
    if (!first) await page.keyboard.down("Shift");
    await page.mouse.click(...(await pointOf(page, column, row)));
    await page.keyboard.up("Shift");
    first = false;
  }
  const count = Math.min(5, Object.keys(cells).length);
  await page.waitForSelector(`.card:nth-child(${count}) .bits.same`);
  const words = await page.locator(".bits").allTextContents();
  assert.equal(words.filter((text) => text.includes("the same bits")).length, count);
  assert.match(
    await page.locator("code").first().textContent(),
    /^brink trace \S+ dor#\d+ lr#\d+$/,
  );
});

await test("plots and scrubber show the cells", async () => {
  assert.equal(await page.locator("#plots .uplot").count(), 2);
  await page.locator("#scrubber").fill("3");
  assert.equal(await page.locator("#step-words").textContent(), "step 3");
  await page.check("#theory-flow");
});

await page.screenshot({ path: join(pictures, "light.png"), fullPage: true });

await test("a link leads another page to the same view and cells", async () => {
  await page.locator("#touch").focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  await page.selectOption("#field", "edge_end");
  await page.waitForSelector("#bar:not([hidden])");
  const hash = await page.evaluate(() => globalThis.location.hash);
  const other = await open(hash);
  await other.waitForSelector(".bits.same");
  const state = (p) =>
    p.evaluate(() => {
      const { view, field, cells: picked, theory } = globalThis.brinkExplorer;
      const places = picked.map((cell) => cell.places.join("_"));
      return [view.x0, view.x1, view.y0, view.y1, field, places.join(), [...theory].join()];
    });
  const [here, there] = [await state(page), await state(other)];
  here.forEach((value, i) => {
    if (typeof value === "number") assert.ok(Math.abs(value - there[i]) < 1e-9);
    else assert.equal(there[i], value);
  });
  await other.close();
});

await test("zoomed past the grid, finer cells are computed, and one can be replayed", async () => {
  await page.click("#reset");
  await page.selectOption("#field", "status");
  const [column, row] = cells.diverged;
  await page.mouse.move(...(await pointOf(page, column - 0.3, row)));
  for (let i = 0; i < 14; i++) await page.mouse.wheel(0, -60);
  // Of this view, not of one before it: once the view rests.
  await page.waitForFunction(() => {
    const { moving, refiner } = globalThis.brinkExplorer;
    return !moving && refiner.visible.filter((key) => refiner.kept.has(key)).length >= 4;
  });
  const places = await page.evaluate(() => {
    const { refiner, cursor } = globalThis.brinkExplorer;
    const block = refiner.kept.get(refiner.visible.find((key) => refiner.kept.has(key)));
    const at = { x: block.extent[0] + 0.01, y: block.extent[2] + 0.01 };
    return cursor && globalThis.brinkExplorer.sweep.index([], Math.round(at.y), at.x);
  });
  // The crosshair says of such a cell what it says of the file's: measures and derived flags.
  const told = await page.evaluate((where) => {
    const { cursor, sweep } = globalThis.brinkExplorer;
    cursor.places = where;
    cursor.describe();
    const names = [...globalThis.document.querySelectorAll("#hover dt")].map((e) => e.textContent);
    return { names, flags: Object.keys(sweep.flags), fields: sweep.fields.map((f) => f.name) };
  }, places);
  for (const name of ["verdict, computed", ...told.fields, ...told.flags])
    assert.ok(told.names.includes(name), `${name} is not in ${told.names}`);
  await page.evaluate((where) => globalThis.brinkExplorer.pickPlaces(where, false), places);
  await page.waitForSelector("text=between the cells");
});

await test("the diagram is saved as a PNG", async () => {
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#png")]);
  assert.match(saved.suggestedFilename(), /\.png$/);
  const path = join(pictures, "saved.png");
  await saved.saveAs(path);
  assert.equal(readFileSync(path).subarray(1, 4).toString(), "PNG");
  assert.ok(statSync(path).size > 10000);
});

await test("a dropped file takes the page's place, and its cells replay", async () => {
  const bytes = readFileSync(otherPath).toString("base64");
  const name = basename(otherPath);
  await page.evaluate(
    ([text, called]) => {
      const data = Uint8Array.from(globalThis.atob(text), (c) => c.charCodeAt(0));
      const dataTransfer = new globalThis.DataTransfer();
      dataTransfer.items.add(new globalThis.File([data], called));
      globalThis.dispatchEvent(new globalThis.DragEvent("drop", { dataTransfer }));
    },
    [bytes, name],
  );
  await page.waitForSelector(`body[data-ready="${name}"]`);
  const others = await someCells(page);
  const [status, [column, row]] = Object.entries(others)[0];
  assert.ok(near(await colourAt(page, column, row), rgb(STATUS_COLOURS[status])));
  const before = await page.evaluate(() => globalThis.brinkExplorer.slice.join());
  await page.locator("#sliders input").first().fill("1");
  await page.waitForFunction((was) => globalThis.brinkExplorer.slice.join() !== was, before);
  await page.mouse.click(...(await pointOf(page, column, row)));
  await page.waitForSelector(".bits.same");
});

await test("what was asked for last is shown, whichever is read first", async () => {
  const found = await page.evaluate(async () => {
    const explorer = globalThis.brinkExplorer;
    const { sweep } = explorer;
    const { source } = sweep;
    const read = source.plane.bind(source);
    let delay = 0; // of the next plane: the first asked for comes last
    source.plane = async (...words) => {
      const wait = delay;
      delay = Math.max(0, delay - 150);
      const plane = await read(...words);
      await new Promise((done) => {
        setTimeout(done, wait);
      });
      return plane;
    };
    const all = (job) => {
      delay = 450;
      return Promise.all(job());
    };
    const shown = async (name) => {
      const status = await read("status", explorer.slice, sweep.picture);
      const values = await read(name, explorer.slice, sweep.picture);
      const alike = (a, b) => a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
      const sameStatus = alike(new Uint8Array(status.buffer), explorer.status);
      return [explorer.field, sameStatus, alike(values, explorer.values), explorer.reading];
    };
    const results = [];
    await all(() => [explorer.colour("steps"), explorer.colour("edge_end")]);
    results.push(await shown("edge_end"));
    await all(() => [1, 3, 2].map((cell) => explorer.reslice(0, cell)));
    results.push([explorer.slice[0], ...(await shown("edge_end"))]);
    await all(() => [explorer.reslice(0, 0), explorer.colour("steps")]);
    results.push(await shown("steps"));
    await all(() => [explorer.colour("edge_end"), explorer.reslice(0, 2)]);
    results.push(await shown("edge_end"));
    const [up, across] = sweep.picture;
    await all(() => [explorer.setPicture(across, up), explorer.setPicture(up, across)]);
    results.push([explorer.box !== null, ...(await shown("edge_end"))]);
    await all(() => [explorer.colour("steps"), explorer.colour("status")]);
    results.push([explorer.field, globalThis.document.getElementById("busy").hidden]);
    delete source.plane;
    await explorer.reslice(0, 1);
    return results;
  });
  assert.deepEqual(found, [
    ["edge_end", true, true, false],
    [2, "edge_end", true, true, false],
    ["steps", true, true, false],
    ["edge_end", true, true, false],
    [true, "edge_end", true, true, false],
    ["status", true],
  ]);
});

await test("flags have two colours, and other axes can be the picture", async () => {
  await page.selectOption("#field", "balanced");
  await page.waitForFunction(() => globalThis.brinkExplorer.scale?.kind === "flag");
  const some = (wanted) =>
    page.evaluate((value) => {
      const { values, sweep } = globalThis.brinkExplorer;
      const at = values.indexOf(value);
      return at < 0 ? null : [at % sweep.horizontal.num, Math.floor(at / sweep.horizontal.num)];
    }, wanted);
  const [yes, no] = [await some(1), await some(0)];
  assert.ok(near(await colourAt(page, ...yes), rgb("#0072b2")));
  assert.ok(near(await colourAt(page, ...no), rgb("#c8c8c4")));
  await page.screenshot({ path: join(pictures, "flags.png"), fullPage: true });
  const last = await page.evaluate(() => globalThis.brinkExplorer.sweep.axes.map((a) => a.name));
  await page.selectOption("#across", "0");
  await page.waitForFunction((name) => {
    const { sweep, box, curves } = globalThis.brinkExplorer;
    return sweep.horizontal.name === name && box && curves;
  }, last[0]);
  await page.waitForFunction(() => /axes=/.test(globalThis.location.hash));
  assert.match(page.url(), new RegExp(`axes=${last.at(-2)}\\.${last[0]}`));
  assert.equal(await page.locator("#sliders label").count(), last.length - 2);
  await page.selectOption("#field", "status");
  const others = await someCells(page);
  const [status, [column, row]] = Object.entries(others)[0];
  assert.ok(near(await colourAt(page, column, row), rgb(STATUS_COLOURS[status])));
  await page.mouse.click(...(await pointOf(page, column, row)));
  await page.waitForSelector(".bits.same");
  const verdict = await page.locator(".verdict").textContent();
  assert.equal(verdict, status);
});

await test("a file that is none of ours is refused in words", async () => {
  await page.setInputFiles("#file", {
    name: "no.h5",
    mimeType: "",
    buffer: Buffer.from("no HDF5"),
  });
  await page.waitForSelector("#message:not([hidden])");
  assert.match(await page.locator("#message").textContent(), /no\.h5: not an HDF5 file/);
  complaints.length = 0; // the refusal is said on the console, too
});

await test("views of shards want their shards, and with them all cells are there", async () => {
  await page.setInputFiles("#file", shards[0]);
  await page.waitForSelector("#message:not([hidden])");
  assert.match(await page.locator("#message").textContent(), /drop them with it .*brink pack/);
  complaints.length = 0;
  await page.setInputFiles("#file", shards);
  const name = basename(shards[0]);
  await page.waitForSelector(`body[data-ready="${name}"]`);
  assert.ok(await page.locator("#message").isHidden());
  const pending = await page.evaluate(() => globalThis.brinkExplorer.counts[0]);
  assert.equal(pending, 0);
  await page.mouse.click(...(await pointOf(page, 3, 2)));
  await page.waitForSelector(".bits.same");
  await page.setInputFiles("#file", shards.slice(0, -1));
  await page.waitForSelector("#message:not([hidden])");
  assert.match(await page.locator("#message").textContent(), new RegExp(basename(shards.at(-1))));
  await page.locator("#sliders input").first().fill("5");
  await page.waitForFunction(() => globalThis.brinkExplorer.counts[0] > 0);
});

await test("a network's page shows the curves of the file, and a head of two lines", async () => {
  const network = await open("", { colorScheme: "dark" }, pathToFileURL(resolve(networkPath)).href);
  await network.mouse.click(...(await pointOf(network, 1, 0)));
  await network.waitForSelector("#curves .uplot");
  const found = await network.evaluate(() => {
    const { cells, curvePlots } = globalThis.brinkExplorer;
    const drawn = curvePlots.plots.map((plot) => [plot.axes[1].label, ...plot.data]);
    return { stored: cells[0].curves, record: cells[0].stored, drawn };
  });
  const { stored, record, drawn } = found;
  const loss = drawn.find(([label]) => label === "training loss");
  assert.ok(
    drawn.some(([label]) => label.startsWith("sharpness")),
    `${drawn.map(([l]) => l)}`,
  );
  assert.deepEqual(loss[1], stored.step.slice(0, loss[1].length));
  assert.deepEqual(loss[2], stored.training_loss.slice(0, loss[2].length));
  assert.ok(loss[1].length > 5 && loss[1].at(-1) <= record.steps);
  assert.equal(loss[2][0], record.loss_start);
  const colours = await network.evaluate(() =>
    globalThis.brinkExplorer.sweep.statuses.map(({ name, colour }) => [name, colour]),
  );
  assert.equal(Object.fromEntries(colours).unsettled, "#c3ecff"); // as the figures have it
  const head = await network.locator("#facts").boundingBox();
  assert.ok(head.height < 45, `${head.height} pixels high`);
  await network.screenshot({ path: join(pictures, "network.png"), fullPage: true });
  await network.close();
});

await test("a phone in the dark: touch pans, and nothing is wider than the screen", async () => {
  const size = { width: 390, height: 844 };
  const phone = await open("", { viewport: size, colorScheme: "dark", hasTouch: true });
  await phone.touchscreen.tap(...(await pointOf(phone, ...cells.converged)));
  await phone.waitForSelector(".bits.same");
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= size.width, `${wide} pixels wide`);
  await phone.screenshot({ path: join(pictures, "phone.png"), fullPage: true });
  await phone.close();
});

await test("4096 x 4096 cells are read and panned", async () => {
  const large = await open();
  await large.setInputFiles("#file", largePath);
  await large.waitForSelector(`body[data-ready="${basename(largePath)}"]`);
  const cellCount = await large.evaluate(() => globalThis.brinkExplorer.status.length);
  assert.equal(cellCount, 4096 * 4096);
  const [x, y] = await pointOf(large, 2048, 2048);
  const before = await large.evaluate(() => globalThis.brinkExplorer.view.x0);
  await large.mouse.move(x, y);
  await large.mouse.down();
  await large.mouse.move(x - 80, y + 40, { steps: 8 });
  await large.mouse.up();
  assert.notEqual(await large.evaluate(() => globalThis.brinkExplorer.view.x0), before);
  // Each frame to its last pixel, which reading one waits for.
  const frames = await large.evaluate(() => {
    const explorer = globalThis.brinkExplorer;
    const { gl } = explorer.diagram;
    explorer.moving = true;
    return Array.from({ length: 20 }, () => {
      const began = globalThis.performance.now();
      explorer.view.pan(0.01, 0.01);
      explorer.drawNow();
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      return globalThis.performance.now() - began;
    });
  });
  frames.sort((a, b) => a - b);
  const gpu = await large.evaluate(() => {
    const { gl } = globalThis.brinkExplorer.diagram;
    const info = gl.getExtension("WEBGL_debug_renderer_info");
    return gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  });
  console.log(`pan of 4096 x 4096: ${frames[10].toFixed(1)} ms a frame (${gpu})`);
  await large.close();
});

await test("nothing was said on the console, and no network was used", async () => {
  assert.deepEqual(complaints, []);
});

await browser.close();
console.log(`page: ${passed} passed, 0 failed`);
