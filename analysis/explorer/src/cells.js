// SPDX-License-Identifier: MIT
// Picked cells: where they are, what the file says of them, and what the kernel makes of them.
import { bitsWords } from "./panel.js";
import { CELL_COLOURS } from "./colour.js";
import { short } from "./format.js";

export const CELLS_MAX = CELL_COLOURS.length;
const BUDGET = 2e7; // gradient descent steps

function isIntegral(places) {
  return places.every((place) => Number.isInteger(place));
}

/** {parameter: value} at places (fractions: between the cells of the grid). */
export function valuesAt(sweep, places) {
  const found = {};
  sweep.axes.forEach((axis, k) => {
    if (!axis.name) return;
    found[axis.name] =
      axis.name === "init" ? sweep.value(axis, Math.round(places[k])) : axis.valueAt(places[k]);
  });
  return found;
}

/** The line that shows the cell in a terminal; between cells it starts from the specification. */
export function traceCommand(sweep, places) {
  if (isIntegral(places)) return `brink trace ${sweep.name} ${sweep.traceWords(places)}`;
  const words = Object.entries(valuesAt(sweep, places)).map(
    ([name, value]) => `'axes.${name}={values: ${JSON.stringify([value])}}' ${name}#0`,
  );
  return `brink trace ${sweep.name.replace(/\.h5$/, ".yaml")} ${words.join(" ")}`;
}

/** The card of a cell before it is replayed. */
export function newCell(sweep, places, colour) {
  const words = sweep.axes.map((axis, k) => {
    const cell = Math.round(places[k]);
    const value = Number.isInteger(places[k])
      ? axis.words(cell)
      : short(axis.valueAt(places[k]), 8);
    return axis.name ? `${axis.name} ${value}` : axis.label;
  });
  const command = traceCommand(sweep, places);
  return { places, colour, label: words.join(", "), command, bits: ["between", "replaying …"] };
}

/** Replays a cell in the pool and compares it with the file. */
export async function replayCell(sweep, cell, pool) {
  const { places } = cell;
  const integral = isIntegral(places);
  cell.stored = integral ? await sweep.source.cell(places) : null;
  if (!sweep.replays) {
    Object.assign(cell, await curvesOf(sweep, cell));
    return;
  }
  const computed = cell.stored && cell.stored.status !== 0;
  const message = {
    job: "replay",
    values: valuesAt(sweep, places),
    stored: computed ? cell.stored : null,
    budget: BUDGET,
  };
  const result = await pool.run(message, 0, "replay");
  const otherKernel = Number(sweep.attributes.kernel_version) !== result.kernelVersion;
  Object.assign(cell, result, { integral, otherKernel });
  cell.status = sweep.status(result.record?.status);
  cell.bits = bitsWords(cell);
}

/** Cells of models that the page cannot replay show what the file stores. */
async function curvesOf(sweep, { stored, places }) {
  const curves = stored ? await sweep.source.curves(places) : null;
  const bits = ["between", curves ? "curves as stored in the file" : "the file keeps no curves"];
  return { record: stored, status: sweep.status(stored?.status), curves, bits };
}
