// SPDX-License-Identifier: MIT
// Pictures of whole files: flags as analysis/brink_io.py derives them, over any two axes.
// Environment: FLAGS, a JSON of {page: {flag: [0 or 1 of each cell]}}.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EmbeddedSource, Sweep } from "../src/sweep.js";

const expected = JSON.parse(readFileSync(process.env.FLAGS, "utf8"));
const sweeps = Object.keys(expected).map((path) => {
  const [, text] = readFileSync(path, "utf8").match(/id="sweep">(.*?)<\/script>/s);
  const description = JSON.parse(text);
  return { path, sweep: new Sweep(description, new EmbeddedSource(description)) };
});

/** [index, value] of all cells of a field, plane by plane. */
async function* cellsOf(sweep, name) {
  let slices = [[]];
  for (const axis of sweep.others)
    slices = slices.flatMap((slice) => Array.from(axis.values, (_, i) => [...slice, i]));
  for (const slice of slices) {
    const plane = await sweep.plane(name, slice);
    const columns = sweep.horizontal.num;
    for (let at = 0; at < plane.length; at++)
      yield [sweep.index(slice, Math.floor(at / columns), at % columns), plane[at]];
  }
}

function numberOf(sweep, index) {
  return sweep.axes.reduce((number, axis, k) => number * axis.num + index[k], 0);
}

/** All pairs of different axes. */
function picturesOf({ axes }) {
  const all = axes.map((_, k) => k);
  return all.flatMap((up) => all.filter((across) => across !== up).map((k) => [up, k]));
}

test("flags are those of brink_io, whichever axes are the picture", async () => {
  const seen = new Map();
  for (const { path, sweep } of sweeps) {
    assert.deepEqual(Object.keys(sweep.flags).sort(), Object.keys(expected[path]).sort());
    for (const picture of picturesOf(sweep)) {
      sweep.setPicture(...picture);
      for (const [name, flags] of Object.entries(expected[path])) {
        let compared = 0;
        for await (const [index, value] of cellsOf(sweep, name)) {
          assert.equal(value, flags[numberOf(sweep, index)], `${sweep.name} ${name} ${index}`);
          compared++;
          seen.set(`${name} ${value}`, true);
        }
        assert.equal(compared, flags.length);
      }
    }
  }
  assert.equal(seen.size, 8, `${[...seen.keys()]}`); // each flag is set and is not
});

test("the flags of one cell are those of its place in the picture", async () => {
  for (const { path, sweep } of sweeps.filter(({ sweep }) => sweep.replays)) {
    const total = sweep.axes.reduce((product, axis) => product * axis.num, 1);
    for (let number = 0; number < total; number += 7) {
      const index = [];
      for (let rest = number, k = sweep.axes.length - 1; k >= 0; k--) {
        index[k] = rest % sweep.axes[k].num;
        rest = Math.floor(rest / sweep.axes[k].num);
      }
      const record = await sweep.source.cell(index);
      const words = Object.fromEntries(sweep.flagWords(record, sweep.values(index)));
      for (const [name, flags] of Object.entries(expected[path]))
        assert.equal(words[name], ["no", "yes"][flags[number]], `${sweep.name} ${name} ${index}`);
    }
  }
});

test("a field over other axes has the values of its cells", async () => {
  const { sweep } = sweeps[0];
  for (const picture of picturesOf(sweep)) {
    sweep.setPicture(...picture);
    let compared = 0;
    for await (const [index, value] of cellsOf(sweep, "edge_end")) {
      if (compared++ % 7) continue;
      assert.ok(Object.is(value, (await sweep.source.cell(index)).edge_end));
    }
    assert.ok(compared > 100);
  }
});

test("axes are chosen by name, and rubbish is no choice", () => {
  const { sweep } = sweeps[0];
  const names = sweep.axes.map(({ name }) => name);
  sweep.setPicture(names.length - 2, names.length - 1);
  assert.deepEqual(sweep.axesWords(), []);
  sweep.setPicture(...sweep.pictureOf([names.at(-1), names[0]]));
  assert.deepEqual(sweep.axesWords(), [names.at(-1), names[0]]);
  assert.deepEqual(sweep.placeOf(sweep.index([5], 3, 4)), [3, 4]);
  assert.deepEqual(sweep.sliceOf(sweep.index([5], 3, 4)), [5]);
  for (const words of [[], ["lr"], ["lr", "lr"], ["lr", "no"]])
    assert.equal(sweep.pictureOf(words), null);
});
