// SPDX-License-Identifier: MIT
// The kernel in WebAssembly against stored cells: a thousand and more, of all verdicts, to the bit.
// Environment: REPLAY_WASM, and PAGES: pages that brink explore wrote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { traceCommand, valuesAt } from "../src/cells.js";
import { differences, Kernel, sameBits } from "../src/kernel.js";
import { EmbeddedSource, Sweep } from "../src/sweep.js";
import { ratesOf } from "../src/theory.js";

const VERDICTS = 9; // all but pending
const module = new WebAssembly.Module(readFileSync(process.env.REPLAY_WASM));
const pages = process.env.PAGES.split(" ").map((path) => {
  const [, text] = readFileSync(path, "utf8").match(/id="sweep">(.*?)<\/script>/s);
  const description = JSON.parse(text);
  const sweep = new Sweep(description, new EmbeddedSource(description));
  const kernel = new Kernel(module);
  kernel.begin(sweep.attributes.spec);
  return { sweep, kernel };
});

/** All cells of a sweep as [index, stored record]. */
async function* cellsOf(sweep) {
  const shape = sweep.axes.map((axis) => axis.num);
  const total = shape.reduce((a, b) => a * b, 1);
  for (let number = 0; number < total; number++) {
    let rest = number;
    const index = shape.map(() => 0);
    for (let k = shape.length - 1; k >= 0; k--) {
      index[k] = rest % shape[k];
      rest = Math.floor(rest / shape[k]);
    }
    yield [index, await sweep.source.cell(index)];
  }
}

test("replays of more than 1,000 cells of all verdicts have the stored bits", async () => {
  const seen = new Map();
  let compared = 0;
  for (const { sweep, kernel } of pages)
    for await (const [index, stored] of cellsOf(sweep)) {
      const record = kernel.cell(sweep.values(index));
      assert.deepEqual(differences(stored, record), [], `${sweep.name} ${index}`);
      assert.ok(Object.keys(stored).length > 10);
      seen.set(stored.status, 1 + (seen.get(stored.status) ?? 0));
      compared++;
    }
  console.log(`${compared} cells: ${[...seen].map(([k, n]) => `${k}: ${n}`).join(", ")}`);
  assert.ok(compared > 1000, `${compared} cells`);
  assert.equal(seen.size, VERDICTS, "a verdict is missing");
});

test("a trace begins at the start and ends at the stored end", async () => {
  const { sweep, kernel } = pages[0];
  let traced = 0;
  for await (const [index, stored] of cellsOf(sweep)) {
    if (index.at(-1) % 7 || stored.steps > 5000) continue;
    const trace = kernel.trace(sweep.values(index), stored.steps, 400);
    assert.equal(trace.step.at(-1), stored.steps);
    assert.ok(sameBits(trace.x.at(-1), stored.x_end) && sameBits(trace.y.at(-1), stored.y_end));
    assert.ok(trace.step.length <= 404);
    traced++;
  }
  assert.ok(traced > 20);
});

test("a cell over its budget is given up", () => {
  const { sweep, kernel } = pages[0];
  const long = kernel.cell({ ...sweep.values(sweep.axes.map(() => 0)), lr: 1e-9 }, 1024);
  assert.equal(long, null);
});

test("theory's h_GF is where the stored flow_ratio is 1", async () => {
  for (const { sweep, kernel } of pages)
    for await (const [index, stored] of cellsOf(sweep)) {
      if (index.at(-1) !== 1) continue;
      const start = kernel.start(sweep.values(index));
      const ratio = stored.lr_actual / ratesOf(start, 1).flow;
      if (!Number.isNaN(ratio)) assert.ok(Math.abs(ratio / stored.flow_ratio - 1) < 1e-12);
    }
});

test("one bit more or less is a difference", () => {
  assert.deepEqual(differences({ a: 1, b: Number.NaN }, { a: 1, b: Number.NaN }), []);
  assert.deepEqual(differences({ a: 1 }, { a: 1 + 2 ** -52 }), ["a"]);
  assert.deepEqual(differences({ a: 0 }, { a: -0 }), ["a"]);
});

test("a cell of the file and one between are named to brink trace", () => {
  const { sweep } = pages.at(-1);
  const whole = sweep.axes.map(() => 1);
  const named = sweep.axes.map((axis) => `${axis.name}#1`).join(" ");
  assert.equal(traceCommand(sweep, whole), `brink trace ${sweep.name} ${named}`);
  const between = [...whole.slice(0, -1), 1.5];
  const { lr } = valuesAt(sweep, between);
  assert.ok(traceCommand(sweep, between).includes(`axes.lr={values: [${lr}]}`));
});
