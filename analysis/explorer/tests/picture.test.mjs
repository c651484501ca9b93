// SPDX-License-Identifier: MIT
// Colours, views, finer blocks, theory and links: what the page computes before it draws.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Axis } from "../src/axes.js";
import { fieldPalette, onScale, quantise, scaleOf } from "../src/colour.js";
import { readCurves } from "../src/curves.js";
import { visiblePart } from "../src/diagram.js";
import { bitsWords } from "../src/panel.js";
import { decode, encode } from "../src/permalink.js";
import { fitting } from "../src/png.js";
import { logSplits, logWords } from "../src/plots.js";
import { blocksOf, levelsFor, placesOf } from "../src/refine.js";
import { contour, polyline } from "../src/theory.js";
import { View } from "../src/view.js";

const values = Array.from({ length: 64 }, (_, i) => 10 ** (i / 10));
const wide = new Axis({ name: "lr", values, scale: "log", label: "" });
const list = new Axis({ name: "dor", values: [0.5, 1, 2], scale: "list", label: "" });

test("a field's bytes rise with its values, and 0 means none", () => {
  const field = Float64Array.from([Number.NaN, 1e-3, 1, 1e3, Number.POSITIVE_INFINITY, -1]);
  const bytes = quantise(field, { kind: "log", low: 1e-3, high: 1e3 });
  assert.deepEqual([...bytes], [0, 1, 128, 255, 255, 0]);
});

test("the edge's scale is centred on 1, a signed one on 0", () => {
  assert.equal(onScale(scaleOf("edge_end", [0.3, 5]), 1), 0.5);
  assert.equal(onScale(scaleOf("balance", [-0.2, 1, 0.5]), 0), 0.5);
  const empty = scaleOf("steps", [Number.NaN]);
  assert.ok(empty.low < empty.high);
});

test("a palette starts with the colour of none and ends with the map's last", () => {
  const palette = fieldPalette({ kind: "log" }, "#010203");
  assert.deepEqual([...palette.slice(0, 3)], [1, 2, 3]);
  assert.deepEqual([...palette.slice(1020, 1023)], [0xfd, 0xe7, 0x25]);
});

test("zooming in and out about a point keeps that point, and the view stays sane", () => {
  const view = new View(wide, wide);
  const before = view.place(0.3, 0.6);
  view.zoom(4, 4, 0.3, 0.6);
  const after = view.place(0.3, 0.6);
  assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
  for (let i = 0; i < 200; i++) view.zoom(3, 3, 0.1, 0.9);
  assert.ok(view.x1 > view.x0 && view.x1 - view.x0 >= 1e-7);
  for (let i = 0; i < 200; i++) view.zoom(1 / 3, 1 / 3, 0.1, 0.9);
  assert.ok(view.x1 - view.x0 <= 2 * wide.num);
  view.set({ x0: Number.NaN, x1: 1, y0: 0, y1: 1 });
  assert.ok(Number.isFinite(view.x0));
});

test("the visible part of a layer tells deep zooms apart in floats", () => {
  const part = visiblePart(300.1, 300.1 + 1e-6, -0.5, 511.5, 512);
  assert.equal(part.base, 300);
  assert.ok(Math.abs(part.cells[0] - 0.6) < 1e-9 && part.cells[1] > part.cells[0]);
  assert.deepEqual(part.part, [0, 1]);
  assert.equal(visiblePart(600, 601, -0.5, 511.5, 512), null);
});

test("blocks cover the view, once, and their cells are equal steps inside the grid's cells", () => {
  const view = { x0: 3.2, x1: 9.7, y0: -0.5, y1: 2.5 };
  const level = [3, 0];
  const blocks = blocksOf(view, level, wide, list);
  const seen = new Set(blocks.map(({ i, j }) => `${i},${j}`));
  assert.equal(seen.size, blocks.length);
  const ends = blocks.map(({ i }) => placesOf(i, 3, wide).edges);
  assert.ok(Math.min(...ends.flat()) <= view.x0 && Math.max(...ends.flat()) >= view.x1);
  const { places, edges } = placesOf(blocks[0].i, 3, wide);
  places.forEach((place, k) => assert.equal(place, edges[0] + (k + 0.5) / 8));
  assert.deepEqual(placesOf(0, 0, list).places, [0, 1, 2]);
  assert.equal(placesOf(0, 0, list).edges[1], 2.5);
});

test("levels go from coarse to fine, and a list is not divided", () => {
  const steps = levelsFor(64, 200, wide, list);
  assert.ok(steps.length > 1);
  steps.forEach(([x, y], i) => {
    assert.equal(y, 0);
    if (i) assert.ok(x > steps[i - 1][0]);
  });
  assert.equal(64 / 2 ** steps.at(-1)[0], 2);
});

test("the contour of a plane is its line", () => {
  const [columns, rows] = [20, 10];
  const plane = Array.from({ length: columns * rows }, (_, k) => Math.exp((k % columns) - 7.25));
  const points = contour(plane, columns, rows).filter((point) => point);
  assert.ok(points.length >= 2 * (rows - 1));
  for (const [x] of points) assert.ok(Math.abs(x - 7.25) < 1e-9);
});

test("a curve over a list has a step for each cell, and gaps where it has no value", () => {
  const points = polyline(list, [0, 1, 2], [5, Number.NaN, 6], false);
  const drawn = points.filter((point) => point);
  assert.deepEqual(drawn, [
    [5, -0.5],
    [5, 0.5],
    [6, 1.5],
    [6, 2.5],
  ]);
});

test("a link says what is shown, and rubbish in one is left out", () => {
  const state = {
    field: "edge_end",
    axes: ["lr", "dor"],
    slice: [2, 0],
    view: { x0: 0.25, x1: 1e-7 + 3, y0: -0.5, y1: 7.5 },
    hidden: ["diverged", "stationary_start"],
    theory: ["flow"],
    cells: [
      [2, 0, 1, 307],
      [2, 0, 1, 12.46875],
    ],
    theme: "dark",
  };
  assert.deepEqual(decode(`#${encode(state)}`), state);
  const rubbish = decode("#view=1,2,x,4&slice=-1.q&cells=a_b&theme=pink");
  assert.deepEqual(
    [rubbish.view, rubbish.slice, rubbish.cells, rubbish.theme],
    [null, [], [], null],
  );
});

test("a log axis of a plot has powers of ten, or round numbers within a decade", () => {
  assert.deepEqual(logSplits(0.02, 300), [0.1, 1, 10, 100]);
  assert.ok(logSplits(1e-200, 1).length <= 10);
  assert.deepEqual(logSplits(0.29, 0.35), [0.3, 0.32, 0.34]);
  assert.deepEqual([1e-5, 3e-5, 0.3].map(logWords), ["10⁻⁵", "3e−5", "0.3"]);
});

test("stored curves end where the cell ended", () => {
  const { step, curve } = readCurves({ step: [0, 1, 10, -1], train_loss: [3, 2, 1, Number.NaN] });
  assert.deepEqual(step, [0, 1, 10]);
  assert.deepEqual(curve, { train_loss: [3, 2, 1] });
});

test("the note of a picture is cut where its line ends", () => {
  const context = { measureText: (words) => ({ width: words.length }) };
  assert.equal(fitting(context, ["one", "two", "three"], 99), "one · two · three");
  assert.equal(fitting(context, ["one", "two", "three"], 13), "one · two · …");
  assert.equal(fitting(context, ["longer than it"], 3), "longer than it");
});

test("the page says how a replay compares with the file", () => {
  const record = { status: 1 };
  const cell = { record, stored: record, integral: true, different: [], otherKernel: false };
  assert.equal(bitsWords(cell)[0], "same");
  assert.match(bitsWords({ ...cell, different: ["x_end"] })[1], /other bits than stored: x_end$/);
  const other = { ...cell, different: ["x_end"], otherKernel: true };
  assert.match(bitsWords(other)[1], /another version of the arithmetic/);
  assert.match(bitsWords({ ...cell, integral: false })[1], /between the cells/);
  assert.match(bitsWords({ ...cell, stored: { status: 0 } })[1], /not computed yet/);
  assert.equal(bitsWords({ ...cell, record: null })[0], "over budget");
});
