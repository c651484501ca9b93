// SPDX-License-Identifier: MIT
// Axes: places and values are inverse, ticks are round, stay inside, and are few.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Axis, linearTicks, logTicks, niceStep } from "../src/axes.js";
import { count, powerOfTen, share, short, tickLabel } from "../src/format.js";

const geometric = Array.from({ length: 101 }, (_, i) => 1e-4 * 1e6 ** (i / 100));
const log = new Axis({ name: "lr", values: geometric, scale: "log", label: "" });
const linear = new Axis({ name: "x0", values: [-3, -1, 1, 3], scale: "linear", label: "" });
const falling = new Axis({ name: "x0", values: [3, 1, -1], scale: "linear", label: "" });
const list = new Axis({ name: "dor", values: [0.5, 1, 2, 6], scale: "list", label: "" });

test("a cell has the value of the file, to the bit", () => {
  for (const axis of [log, linear, falling, list])
    axis.values.forEach((value, i) => assert.equal(axis.valueAt(i), value));
});

test("place and value are inverse, also between cells and beyond the ends", () => {
  for (const axis of [log, linear, falling])
    for (let place = -3; place < axis.num + 3; place += 0.37) {
      const back = axis.placeOf(axis.valueAt(place));
      assert.ok(Math.abs(back - place) < 1e-9, `${axis.scale} ${place}: ${back}`);
    }
});

test("a list has nothing between its cells", () => {
  assert.equal(list.divisible, false);
  assert.equal(list.valueAt(1.4), 1);
  assert.equal(list.placeOf(5), 3);
  assert.equal(list.cellAt(3.6), -1);
});

test("whole numbers are a list, whatever their scale", () => {
  const seed = new Axis({ name: "seed", values: [0, 1, 2], scale: "linear", label: "" });
  assert.equal(seed.divisible, false);
});

test("ticks lie in view, rise, and the texts are about as many as asked for", () => {
  for (const axis of [log, linear])
    for (const [from, to] of [
      [-0.5, axis.num - 0.5],
      [1.2, 1.9],
      [1.00001, 1.00002],
    ]) {
      const ticks = axis.ticks(from, to, 6);
      const texts = ticks.filter(({ text }) => text);
      assert.ok(texts.length >= 1 && texts.length <= 13, `${texts.length} texts`);
      assert.equal(new Set(texts.map(({ text }) => text)).size, texts.length, "two ticks alike");
      for (const [i, { place }] of ticks.entries()) {
        assert.ok(place > from - 1e-6 && place < to + 1e-6);
        if (i) assert.ok(place > ticks[i - 1].place);
      }
    }
});

test("log ticks name whole powers of ten", () => {
  const named = logTicks(1e-4, 40, 8).filter(({ text }) => text);
  assert.deepEqual(
    named.map(({ text }) => text),
    ["10⁻⁴", "10⁻³", "0.01", "0.1", "1", "10"],
  );
});

test("linear ticks are round", () => {
  const named = linearTicks(-0.31, 0.32, 6).filter(({ text }) => text);
  assert.deepEqual(
    named.map(({ text }) => text),
    ["−0.2", "0", "0.2"],
  );
  assert.equal(niceStep(7, 10), 1);
});

test("numbers in words", () => {
  assert.equal(short(1.5e-9), "1.5e−9");
  assert.equal(short(0.1 + 0.2), "0.3");
  assert.equal(short(Number.NaN), "NaN");
  assert.equal(count(16777216), "16\u202f777\u202f216");
  assert.equal(share(1, 1e6), "<0.1 %");
  assert.equal(share(999999, 1e6), ">99.9 %");
  assert.equal(powerOfTen(-12), "10⁻¹²");
  assert.equal(tickLabel(0.25, 2), "0.25");
});
