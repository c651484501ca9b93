// SPDX-License-Identifier: MIT
// Colours of verdicts and of fields. A field becomes one byte a cell: 0 no value, else 1 + 0 .. 254.
import { DIVERGING, VIRIDIS } from "./colour_maps.js";
import { short } from "./format.js";

// After Paul Tol's "light" set, as in the figures; told apart by colour-blind readers.
export const STATUS_COLOURS = {
  converged: "#77aadd",
  diverged: "#ee8866",
  periodic: "#44bb99",
  bounded: "#eedd88",
  unsettled: "#ffaabb",
  axis: "#bbcc33",
  saddle: "#8250a0",
  stationary_start: "#c3ecff",
  undefined: "#777777",
};
// Of networks most trainings are diverged or unsettled, and none is bounded: orange and blue.
const UNSETTLED_ALONE = "#c3ecff";
// For the verdicts of other models, in order.
const SPARE_COLOURS = ["#77aadd", "#ee8866", "#44bb99", "#eedd88", "#ffaabb", "#bbcc33", "#aaaa00"];
export const STATUS_WORDS = {
  bounded: "bounded (chaotic)",
  stationary_start: "stationary start",
  axis: "creeps to an axis",
  undefined: "rate undefined",
  pending: "not computed yet",
};

// Overlaid cells: Okabe and Ito's set, dark enough on white and bright enough on black.
export const CELL_COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

// "edge" is centred on 1, "zero" on 0, "log" and "linear" run low to high, "flag" is 0 or 1.
const KINDS = {
  steps: "log",
  period: "log",
  x_end: "zero",
  y_end: "zero",
  loss_start: "log",
  loss_end: "log",
  loss_peak: "log",
  peak_step: "log",
  loss_rises: "log",
  edge_start: "edge",
  edge_end: "edge",
  edge_max: "edge",
  edge_cross_step: "log",
  flow_ratio: "log",
  balance: "zero",
  lyapunov: "zero",
  lr_actual: "log",
  sharpness_start: "log",
  sharpness_end: "log",
  eos: "flag",
  balanced: "flag",
  catapult: "flag",
  monotone: "flag",
};
const FLAG_COLOURS = ["#c8c8c4", "#0072b2"]; // no, yes

/** A model's verdicts, [{value, name}], with the colour of each. */
export function withColours(statuses) {
  const alone = !statuses.some(({ name }) => name === "bounded");
  return statuses.map(({ value, name }) => {
    const spare = SPARE_COLOURS[(value + 6) % SPARE_COLOURS.length];
    const own = STATUS_COLOURS[name] ?? spare;
    return { value, name, colour: name === "unsettled" && alone ? UNSETTLED_ALONE : own };
  });
}

/** [r, g, b] of "#rrggbb". */
export function rgb(hex) {
  return [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

function percentile(sorted, part) {
  return sorted[Math.round(part * (sorted.length - 1))];
}

/** How a field is coloured: {kind, low, high}, from a sample of its values. */
export function scaleOf(name, values) {
  const kind = KINDS[name] ?? "linear";
  const every = Math.max(1, Math.floor(values.length / 100000));
  const sample = [];
  for (let i = 0; i < values.length; i += every)
    if (Number.isFinite(values[i]) && (kind !== "log" || values[i] > 0)) sample.push(values[i]);
  if (kind === "edge") return { kind, low: 0, high: 2 };
  if (kind === "flag") return { kind, low: 0, high: 1 };
  if (!sample.length) return { kind, low: kind === "log" ? 1 : 0, high: 10 };
  sample.sort((a, b) => a - b);
  const [low, high] = [percentile(sample, 0.005), percentile(sample, 0.995)];
  if (kind === "zero") {
    const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return { kind, low: -size, high: size };
  }
  if (kind === "log") return { kind, low: Math.min(low, high / 1.01), high };
  return { kind, low, high: high > low ? high : low + 1 };
}

/** Where a value lies on its scale, 0 .. 1, cut at the ends; NaN where it has no place. */
export function onScale({ kind, low, high }, value) {
  if (Number.isNaN(value)) return Number.NaN;
  let part = (value - low) / (high - low);
  if (kind === "log") {
    if (!(value > 0)) return value === 0 ? 0 : Number.NaN;
    part = Math.log(value / low) / Math.log(high / low);
  }
  return Math.min(1, Math.max(0, part));
}

/** One byte a cell. A value below 0 of a log scale (-1: never) and NaN have none. */
export function quantise(values, scale) {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const part = onScale(scale, values[i]);
    bytes[i] = Number.isNaN(part) ? 0 : 1 + Math.round(254 * part);
  }
  return bytes;
}

/** The value in the middle of the scale's part `part`, for the ticks of the colour bar. */
function fromScale({ kind, low, high }, part) {
  return kind === "log" ? low * (high / low) ** part : low + part * (high - low);
}

/** What a colour bar says, at parts of its length. */
export function scaleTicks(scale) {
  if (scale.kind === "flag")
    return ["no", "yes"].map((words, k) => ({ part: 0.25 + k / 2, align: "center", words }));
  return [0, 0.5, 1].map((part, k) => {
    const align = ["left", "center", "right"][k];
    return { part, align, words: short(fromScale(scale, part), 3) };
  });
}

/** 256 RGBA colours for the bytes of quantise. */
export function fieldPalette({ kind }, none) {
  const map = kind === "edge" || kind === "zero" ? DIVERGING : VIRIDIS;
  const palette = new Uint8Array(1024);
  palette.set([...rgb(none), 255]);
  if (kind === "flag") {
    for (let i = 1; i < 256; i++) palette.set([...rgb(FLAG_COLOURS[i >> 7]), 255], 4 * i);
    return palette;
  }
  for (let i = 0; i < 255; i++) {
    const at = (i / 254) * (map.length / 6 - 1);
    const left = Math.min(map.length / 6 - 2, Math.floor(at));
    const [a, b] = [0, 1].map((k) => rgb(`#${map.slice(6 * (left + k), 6 * (left + k) + 6)}`));
    const colour = a.map((x, k) => Math.round(x + (b[k] - x) * (at - left)));
    palette.set([...colour, 255], 4 * (i + 1));
  }
  return palette;
}

/** 256 RGBA colours for status bytes. */
export function statusPalette(statuses, pending) {
  const palette = new Uint8Array(1024);
  for (const { value, name, colour } of statuses) {
    const hex = name === "pending" ? pending : colour;
    palette.set([...rgb(hex), 255], 4 * value);
  }
  return palette;
}
