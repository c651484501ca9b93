// SPDX-License-Identifier: MIT
// Loss and sharpness against the step: uPlot with one line a cell and a mark at the scrubbed step.
import uPlot from "uplot";
import { linearTicks } from "./axes.js";
import { short, tickLabel } from "./format.js";

const HEIGHT = 280;
const LABELS_MAX = 9;

/** Steps and one column per cell, for uPlot; null where a log axis has no place. */
function table(cells, valuesOf, log) {
  const tables = cells.map(({ trace }) => [
    trace.step,
    valuesOf(trace).map((v) => (Number.isFinite(v) && (!log || v > 0) ? v : null)),
  ]);
  return uPlot.join(tables);
}

/** Is a log axis better: do the values span much more than a picture can show? */
export function wantsLog(values, guide) {
  let high = 0;
  for (const value of values) if (Number.isFinite(value) && value > high) high = value;
  return high > 30 * guide || (high > 0 && guide > 30 * high);
}

/** Whole powers of ten for a log axis, at most LABELS_MAX of them. */
export function decades(low, high) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / LABELS_MAX));
  const found = [];
  for (let power = Math.ceil(first / every) * every; power <= last; power += every)
    found.push(Number(`1e${power}`));
  return found;
}

/** The ticks of a log axis: powers of ten, or round numbers where there are too few of them. */
export function logSplits(low, high) {
  const found = decades(low, high);
  if (found.length > 1) return found;
  const round = linearTicks(low, high, 5).filter(({ minor }) => !minor);
  return round.map(({ value }) => value);
}

/** A tick of a log axis in words. */
export function logWords(value) {
  const decade = Number(`1e${Math.round(Math.log10(value))}`) === value;
  return decade || value === 0 ? tickLabel(value, 0, true) : short(value, 4);
}

/** The range of a vertical axis: of the values and the guides, with some room. */
export function rangeWith(guides, log) {
  return (_, dataLow, dataHigh) => {
    let [low, high] = [Math.min(dataLow, ...guides), Math.max(dataHigh, ...guides)];
    if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = log ? [0.1, 10] : [0, 1];
    if (log) return [low / 1.5, high * 1.5];
    const room = 0.06 * (high - low) || 0.1 * Math.abs(high) || 1;
    return [low - room, high + room];
  };
}

function axis(ink, label, log, size) {
  const values = log
    ? (_, splits) => splits.map(logWords)
    : (_, splits) => splits.map((v) => short(v, 5));
  const splits = log ? (_, __, low, high) => logSplits(low, high) : undefined;
  return {
    label,
    size,
    labelSize: 20,
    labelFont: "11px system-ui",
    font: "11px system-ui",
    stroke: ink.text,
    grid: { stroke: ink.grid, width: 1 },
    ticks: { stroke: ink.grid, width: 1, size: 4 },
    values,
    ...(splits && { splits, filter: (_, all) => all }),
  };
}

/** A horizontal line at a value of each cell, and a vertical one at the scrubbed step. */
function guides(cells, guideOf, stepOf, ink) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    const line = (x0, y0, x1, y1, colour, dash) => {
      ctx.beginPath();
      ctx.setLineDash(dash);
      ctx.strokeStyle = colour;
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
      ctx.stroke();
    };
    for (const cell of guideOf ? cells : []) {
      const y = plot.valToPos(guideOf(cell), "y", true);
      line(bbox.left, y, bbox.left + bbox.width, y, cell.colour, [6, 4]);
    }
    const x = plot.valToPos(stepOf(), "x", true);
    line(x, bbox.top, x, bbox.top + bbox.height, ink.cross, []);
    ctx.restore();
  };
}

/** The scale and axis of the step; logarithmic but for 0, where that is wanted. */
function stepAxis(ink, logStep) {
  const plain = axis(ink, "step", false, 34);
  if (!logStep) return { scale: { time: false }, axis: plain };
  const splits = (_, __, low, high) =>
    [0, ...decades(1, Math.max(1, high))].filter((n) => n >= low);
  const values = (_, found) => found.map((v) => tickLabel(v, 0, true));
  return {
    scale: { time: false, distr: 4, asinh: 1, range: (_, low, high) => [low, high] },
    axis: { ...plain, splits, values, filter: (_, all) => all },
  };
}

/**
 * A plot against the step in `element`. options: cells [{trace, colour}], valuesOf(trace), guideOf
 * (a value of a cell to draw a dashed line at), log and logStep (axes), stepOf and onStep, spanGaps.
 */
export function stepPlot(element, options) {
  const { cells, label, valuesOf, guideOf, log, logStep, stepOf, onStep, ink, spanGaps } = options;
  const steps = stepAxis(ink, logStep);
  element.replaceChildren();
  const style = cells.map(({ colour, trace }) => ({
    stroke: colour,
    width: 1.3,
    spanGaps,
    points: { show: trace.step.length < 60, size: 4, fill: colour },
  }));
  const range = rangeWith(guideOf ? cells.map(guideOf).filter(Number.isFinite) : [], log);
  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, y: false, points: { show: false } },
      scales: {
        x: steps.scale,
        y: { distr: log ? 3 : 1, range },
      },
      axes: [steps.axis, axis(ink, label, log, 48)],
      series: [{}, ...style],
      hooks: {
        draw: [guides(cells, guideOf, stepOf, ink)],
        setCursor: [(self) => self.cursor.idx != null && onStep(self.data[0][self.cursor.idx])],
      },
    },
    table(cells, valuesOf, log),
    element,
  );
}
