// SPDX-License-Identifier: MIT
// Curves that a file stores of a cell (networks): one plot each, against their own steps.
import { el } from "./dom.js";
import { stepPlot, wantsLog } from "./plots.js";

const STEPS = /^(step|steps|checkpoints?)$/;

/** {step, curve: {name: values}} of stored curves; without stored steps they count from 0. */
export function readCurves(curves) {
  const key = Object.keys(curves).find((name) => STEPS.test(name));
  const names = Object.keys(curves).filter((name) => name !== key);
  const length = Math.max(0, ...names.map((name) => curves[name].length));
  const step = key ? curves[key] : Array.from({ length }, (_, i) => i);
  const kept = step.map((n, i) => (n >= 0 ? i : -1)).filter((i) => i >= 0); // -1: not reached
  const pick = (values) => kept.map((i) => values[i] ?? Number.NaN);
  return { step: pick(step), curve: Object.fromEntries(names.map((n) => [n, pick(curves[n])])) };
}

export class CurvePlots {
  constructor(root) {
    this.root = root;
    this.plots = [];
  }

  show(cells, ink) {
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    this.root.replaceChildren();
    if (!cells.length) return;
    const traced = cells.map((cell) => {
      const { step, curve } = readCurves(cell.curves);
      return { ...cell, trace: { step, curve } };
    });
    const measured = ({ trace }, name) => trace.curve[name]?.some(Number.isFinite);
    const names = Object.keys(traced[0].trace.curve).filter((name) => measured(traced[0], name));
    const elements = names.map(() => el("div", { className: "plot" }));
    this.root.append(...elements); // all of them, before any measures its room
    this.plots = names.map((name, k) => {
      const shown = traced.filter((cell) => measured(cell, name));
      return stepPlot(elements[k], { ...optionsOf(name, shown), cells: shown, ink });
    });
  }
}

/** How a curve is drawn: a loss on a log axis, a sharpness with 2/h. */
function optionsOf(name, cells) {
  const positive = cells[0].trace.curve[name].filter((v) => v > 0);
  const sharp = name === "sharpness";
  return {
    label: sharp ? "sharpness; dashed 2/h" : name.replaceAll("_", " "),
    guideOf: sharp ? ({ record }) => 2 / record.lr_actual : null,
    valuesOf: (trace) => trace.curve[name],
    log:
      name.endsWith("loss") || (positive.length > 0 && wantsLog(positive, Math.min(...positive))),
    spanGaps: true, // not every step is measured
    stepOf: () => -1,
    onStep: () => {},
  };
}
