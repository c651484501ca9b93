// SPDX-License-Identifier: MIT
// Two squares beside the step plots: the path over the loss in the x-y plane, and the return map.
import { linearTicks } from "./axes.js";
import { FONT } from "./overlay.js";

const ROOM = { left: 44, right: 10, top: 8, bottom: 34 };
const BANDS_PER_DECADE = 2;

/** The range of most values and of the first and last, with some room; far ends are left out. */
export function rangeOf(lists, limit) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of lists)
    for (const value of values)
      if (Math.abs(value) <= limit) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  if (!(high >= low)) return [-1, 1];
  const room = 0.06 * (high - low) || 0.5;
  return [low - room, high + room];
}

/** A plane with linear axes on a canvas. */
class Plane {
  constructor(canvas, xRange, yRange, labels, ink) {
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = FONT;
    Object.assign(this, { canvas, context, xRange, yRange, ink, labels });
    this.box = {
      left: ROOM.left,
      top: ROOM.top,
      width: Math.max(1, width - ROOM.left - ROOM.right), // 1: of a window without a size
      height: Math.max(1, height - ROOM.top - ROOM.bottom),
    };
  }

  x(value) {
    const [low, high] = this.xRange;
    return this.box.left + ((value - low) / (high - low)) * this.box.width;
  }

  y(value) {
    const [low, high] = this.yRange;
    return this.box.top + (1 - (value - low) / (high - low)) * this.box.height;
  }

  frame() {
    const { context, box, ink } = this;
    context.font = "11px system-ui";
    context.strokeStyle = ink.line;
    context.fillStyle = ink.text;
    context.lineWidth = 1;
    context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const { value, text, minor } of linearTicks(...this.xRange, 5))
      if (!minor) context.fillText(text, this.x(value), box.top + box.height + 4);
    context.fillText(this.labels[0], box.left + box.width / 2, box.top + box.height + 18);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const { value, text, minor } of linearTicks(...this.yRange, 5))
      if (!minor) context.fillText(text, box.left - 4, this.y(value));
    context.save();
    context.translate(8, box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(this.labels[1], 0, 0);
    context.restore();
  }

  inside(draw) {
    const { context, box } = this;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    draw(context);
    context.restore();
  }

  dot(x, y, colour, radius) {
    const { context, ink } = this;
    context.beginPath();
    context.arc(this.x(x), this.y(y), radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = ink.halo;
    context.stroke();
  }
}

/** Bands of the log of the loss behind the path. */
function shade(plane, lossAt) {
  const { box, xRange, yRange, ink } = plane;
  const [width, height] = [Math.ceil(box.width / 2), Math.ceil(box.height / 2)];
  const image = new ImageData(width, height);
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) {
      const x = xRange[0] + ((i + 0.5) / width) * (xRange[1] - xRange[0]);
      const y = yRange[1] - ((j + 0.5) / height) * (yRange[1] - yRange[0]);
      const level = Math.floor(BANDS_PER_DECADE * Math.log10(Math.max(lossAt(x, y), 1e-4)));
      const part = Math.min(1, Math.max(0, (level + 8) / 16));
      const k = 4 * (j * width + i);
      for (let c = 0; c < 3; c++)
        image.data[k + c] = ink.low[c] + (ink.high[c] - ink.low[c]) * part;
      image.data[k + 3] = 255;
    }
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  plane.context.drawImage(canvas, box.left, box.top, box.width, box.height);
}

/** The index of the last kept state at or before a step. */
export function stateAt(trace, step) {
  let [low, high] = [0, trace.step.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (trace.step[middle] <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}

function line(context, plane, xs, ys, last, colour) {
  context.beginPath();
  for (let i = 0; i <= last; i++) context.lineTo(plane.x(xs[i]), plane.y(ys[i]));
  context.strokeStyle = colour;
  context.lineWidth = 0.8;
  context.globalAlpha = 0.75;
  context.stroke();
  context.globalAlpha = 1;
}

/** The size of a start, beyond which a diverging path is cut. */
function reach(cells) {
  return 3 * Math.max(1, ...cells.map(({ trace }) => Math.hypot(trace.x[0], trace.y[0])));
}

export class PathPlot {
  /** lossAt: the loss over (x, y) of the last cell. */
  constructor(canvas, cells, lossAt, ink) {
    const limit = reach(cells);
    const xRange = rangeOf([...cells.map(({ trace }) => trace.x), [0, 1]], limit);
    const yRange = rangeOf([...cells.map(({ trace }) => trace.y), [0, 1]], limit);
    const plane = new Plane(canvas, xRange, yRange, ["x", "y"], ink);
    shade(plane, lossAt);
    this.hyperbola(plane);
    plane.frame();
    this.ground = document.createElement("canvas");
    Object.assign(this.ground, { width: canvas.width, height: canvas.height });
    this.ground.getContext("2d").drawImage(canvas, 0, 0);
    Object.assign(this, { plane, cells });
  }

  /** The minima x y = 1. */
  hyperbola(plane) {
    plane.inside((context) => {
      context.strokeStyle = plane.ink.text;
      context.setLineDash([4, 3]);
      context.lineWidth = 1;
      const [low, high] = plane.xRange;
      for (const sign of [-1, 1]) {
        context.beginPath();
        for (let i = 0; i <= 400; i++) {
          const x = low + (i / 400) * (high - low);
          if (x * sign > 1e-9) context.lineTo(plane.x(x), plane.y(1 / x));
        }
        context.stroke();
      }
    });
  }

  draw(step) {
    const { plane, cells } = this;
    const { width, height } = plane.canvas;
    plane.context.clearRect(0, 0, width, height);
    plane.context.drawImage(this.ground, 0, 0, width / devicePixelRatio, height / devicePixelRatio);
    plane.inside((context) => {
      for (const { trace, colour } of cells)
        line(context, plane, trace.x, trace.y, stateAt(trace, step), colour);
      for (const { trace, colour } of cells) {
        const at = stateAt(trace, step);
        plane.dot(trace.x[at], trace.y[at], colour, 4.5);
      }
    });
  }
}

/** s of the next state against s: the return map, with its diagonal. */
export class ReturnPlot {
  constructor(canvas, cells, ink) {
    const limit = 3 * Math.max(2, ...cells.map(({ trace }) => Math.abs(trace.product[0])));
    const range = rangeOf([...cells.map(({ trace }) => trace.product), [0.9, 1.1]], limit);
    this.plane = new Plane(canvas, range, range, ["s = x y", "s one step later"], ink);
    this.cells = cells;
  }

  draw(step) {
    const { plane, cells } = this;
    plane.context.clearRect(0, 0, plane.canvas.width, plane.canvas.height);
    plane.inside((context) => {
      context.setLineDash([4, 3]);
      context.strokeStyle = plane.ink.text;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(plane.x(plane.xRange[0]), plane.y(plane.xRange[0]));
      context.lineTo(plane.x(plane.xRange[1]), plane.y(plane.xRange[1]));
      context.stroke();
      context.setLineDash([]);
      for (const { trace, colour } of cells) {
        const last = stateAt(trace, step);
        context.fillStyle = colour;
        const radius = trace.step.length > 3000 ? 0.8 : 1.6;
        for (let i = 0; i < last; i++) {
          if (trace.step[i + 1] !== trace.step[i] + 1) continue;
          const [x, y] = [plane.x(trace.product[i]), plane.y(trace.product[i + 1])];
          context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
        }
        if (last > 0) plane.dot(trace.product[last - 1], trace.product[last], colour, 4.5);
      }
    });
    plane.frame();
  }
}
