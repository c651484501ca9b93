// SPDX-License-Identifier: MIT
// An axis of the grid: cells are equal steps of a place 0, 1, ..., num - 1; values belong to places.
import { short, tickLabel } from "./format.js";

const LABELS = {
  dor: "degree of regularity",
  a: "exponent a (good regularity)",
  b: "exponent b (bad regularity)",
  x0: "x₀",
  y0: "y₀",
  radius: "radius of the start",
  angle: "angle of the start (degrees)",
  s0: "s₀ = x₀y₀",
  D0: "D₀ = x₀² − y₀²",
  init: "start (x₀, y₀)",
  seed: "seed",
  scale: "scale of the start",
};
const RATE_LABELS = {
  one: "learning rate h",
  norm2: "h · (x₀² + y₀²)",
  sharpness: "h · sharpness₀ / 2",
  flow: "h / h_GF",
};
// Whole numbers, or numbers of something: between two of them there is nothing.
const WHOLE = new Set(["b", "seed", "init"]);

export function axisLabel(name, unit, meaning) {
  if (name === "lr") return RATE_LABELS[unit] ?? "learning rate";
  return LABELS[name] ?? meaning ?? name;
}

export class Axis {
  /** values: of the cells shown, each `stride`-th of the `size` in the file. */
  constructor({ name, values, scale, label, names = null, stride = 1, size = values.length }) {
    Object.assign(this, { name, values, label, names, stride, size });
    this.num = values.length;
    this.scale = WHOLE.has(name) || scale !== "log" ? scale : "log";
    if (WHOLE.has(name) || this.num < 2) this.scale = "list";
  }

  /** Can cells lie between those of the grid? */
  get divisible() {
    return this.scale !== "list";
  }

  /** The value at any place: exact at a cell, between and beyond by the axis's scale. */
  valueAt(place) {
    const { values, num } = this;
    const nearest = Math.round(place);
    if (!this.divisible) return values[Math.min(num - 1, Math.max(0, nearest))];
    if (nearest === place && place >= 0 && place < num) return values[place];
    const left = Math.min(num - 2, Math.max(0, Math.floor(place)));
    const [a, b] = [values[left], values[left + 1]];
    const part = place - left;
    return this.scale === "log" ? a * (b / a) ** part : a + (b - a) * part;
  }

  /** The place of a value, also beyond the ends; of a list the nearest cell. */
  placeOf(value) {
    const { values, num } = this;
    if (!this.divisible) {
      let best = 0;
      for (let i = 1; i < num; i++)
        if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
      return best;
    }
    const log = this.scale === "log";
    if (log && !(value > 0)) return Number.NEGATIVE_INFINITY;
    let [low, high] = [0, num - 1];
    const rising = values[num - 1] > values[0];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value === rising) low = middle;
      else high = middle;
    }
    const [a, b] = [values[low], values[low + 1]];
    return low + (log ? Math.log(value / a) / Math.log(b / a) : (value - a) / (b - a));
  }

  /** The cell at a place, or -1 outside. */
  cellAt(place) {
    const cell = Math.round(place);
    return cell >= 0 && cell < this.num ? cell : -1;
  }

  /** A cell's value in words: "0.25", "(4, 0.5)". */
  words(cell) {
    return this.names?.[cell] ?? short(this.values[cell]);
  }

  /** Ticks [{place, text, minor}] between two places, about `count` of them with text. */
  ticks(from, to, count) {
    if (!this.divisible) return this.listTicks(from, to, count);
    const ends = [this.valueAt(from), this.valueAt(to)].sort((a, b) => a - b);
    const [low, high] = ends;
    if (!(high > low)) return [];
    const decades = this.scale === "log" ? Math.log10(high / low) : 0;
    const found = decades >= 1.3 ? logTicks(low, high, count) : linearTicks(low, high, count);
    return found.map(({ value, ...rest }) => ({ ...rest, value, place: this.placeOf(value) }));
  }

  listTicks(from, to, count) {
    const first = Math.max(0, Math.ceil(Math.min(from, to)));
    const last = Math.min(this.num - 1, Math.floor(Math.max(from, to)));
    const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(1, count)));
    const ticks = [];
    for (let i = Math.ceil(first / every) * every; i <= last; i += every)
      ticks.push({ place: i, value: this.values[i], text: this.words(i), minor: false });
    return ticks;
  }
}

/** 1, 2 or 5 times a power of ten. */
export function niceStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * (1 - 1e-9));
  return factor * power;
}

export function linearTicks(low, high, count) {
  const step = niceStep(high - low, count);
  const minor = niceStep(high - low, count * 5);
  const ticks = [];
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / minor - 1e-9);
  const last = Math.min(first + 400, Math.floor(high / minor + 1e-9));
  for (let k = first; k <= last; k++) {
    const value = k * minor;
    const major = Math.abs(value / step - Math.round(value / step)) < 1e-6;
    const text = major ? tickLabel(value, digits) : "";
    ticks.push({ value, text, minor: !major });
  }
  return ticks;
}

export function logTicks(low, high, count) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const ticks = [];
  for (let power = first; power <= last; power++)
    for (let factor = 1; factor < 10; factor++) {
      const value = Number(`${factor}e${power}`);
      if (value < low * (1 - 1e-12) || value > high * (1 + 1e-12)) continue;
      const major = factor === 1 && power % every === 0;
      if (factor > 1 && every > 1) continue;
      ticks.push({ value, text: major ? tickLabel(value, 0, true) : "", minor: !major });
    }
  return ticks;
}
