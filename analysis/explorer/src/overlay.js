// SPDX-License-Identifier: MIT
// What is drawn over and around the cells: frame, ticks, labels, theory, the picked cells, crosshair.

export const FONT = "12px system-ui, sans-serif";
// Lines over cells: the colours of cells are light in either theme.
const DATA_INK = "#1a1a1a";
const DATA_HALO = "#ffffffcc";

/** Sizes in CSS pixels of the room around the cells. */
export function margins(width, rows, context) {
  context.font = FONT;
  const ticks = rows.names ? rows.names : rows.num <= 64 ? [...rows.values].map(String) : ["10⁻⁴⁰"];
  const widest = Math.max(...ticks.map((text) => context.measureText(text.slice(0, 14)).width), 34);
  return { left: Math.min(widest, width / 4) + 34, right: 14, top: 10, bottom: 44 };
}

export class Overlay {
  /** box: {left, top, width, height} of the cells in the canvas, CSS pixels. */
  constructor(context, box, view, ink) {
    Object.assign(this, { context, box, view, ink });
  }

  x(place) {
    return this.box.left + this.view.partX(place) * this.box.width;
  }

  y(place) {
    return this.box.top + (1 - this.view.partY(place)) * this.box.height;
  }

  frame(columns, rows) {
    const { context, box, ink } = this;
    context.font = FONT;
    context.strokeStyle = ink.line;
    context.fillStyle = ink.text;
    context.lineWidth = 1;
    context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    this.ticks(columns, this.view.x0, this.view.x1, box.width / 80, (place, text, length) => {
      const [x, y] = [Math.round(this.x(place)) + 0.5, box.top + box.height];
      context.moveTo(x, y);
      context.lineTo(x, y + length);
      if (text) context.fillText(text, x, y + 7);
    });
    context.fillText(columns.label, box.left + box.width / 2, box.top + box.height + 26);
    context.textAlign = "right";
    context.textBaseline = "middle";
    this.ticks(rows, this.view.y0, this.view.y1, box.height / 34, (place, text, length) => {
      const [x, y] = [box.left, Math.round(this.y(place)) + 0.5];
      context.moveTo(x, y);
      context.lineTo(x - length, y);
      if (text) context.fillText(text, x - 8, y);
    });
    context.save();
    context.translate(12, box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(rows.label, 0, 0);
    context.restore();
  }

  ticks(axis, from, to, count, draw) {
    this.context.beginPath();
    let [last, room] = [Number.NaN, 0];
    for (const { place, text, minor } of axis.ticks(from, to, Math.max(2, Math.floor(count)))) {
      if (place < from || place > to) continue;
      room = this.context.measureText(text).width + 8;
      const horizontal = axis === this.columns;
      const crowded = text && horizontal && Math.abs(this.x(place) - last) < room;
      draw(place, crowded ? "" : text, minor ? 3 : 5);
      if (text && !crowded) last = this.x(place);
    }
    this.context.stroke();
  }

  clip(draw) {
    const { context, box } = this;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    draw();
    context.restore();
  }

  /** lines: [{points: [[x, y] | null, ...], dash}], in places; null lifts the pen. */
  curves(lines) {
    const { context } = this;
    this.clip(() => {
      for (const [width, colour] of [
        [4, DATA_HALO],
        [1.6, DATA_INK],
      ])
        for (const { points, dash } of lines) {
          context.beginPath();
          context.setLineDash(dash);
          context.lineWidth = width;
          context.strokeStyle = colour;
          let down = false;
          for (const point of points) {
            if (point) context[down ? "lineTo" : "moveTo"](this.x(point[0]), this.y(point[1]));
            down = point !== null;
          }
          context.stroke();
        }
      context.setLineDash([]);
    });
  }

  /** A ring at a picked cell. */
  mark({ x, y }, colour, strong) {
    const { context } = this;
    this.clip(() => {
      for (const [width, style] of [
        [strong ? 6 : 5, DATA_HALO],
        [strong ? 3 : 2, colour],
      ]) {
        context.beginPath();
        context.arc(this.x(x), this.y(y), strong ? 8 : 6, 0, 2 * Math.PI);
        context.lineWidth = width;
        context.strokeStyle = style;
        context.stroke();
      }
    });
  }

  crosshair({ x, y }) {
    const { context, box, ink } = this;
    this.clip(() => {
      context.beginPath();
      context.moveTo(Math.round(this.x(x)) + 0.5, box.top);
      context.lineTo(Math.round(this.x(x)) + 0.5, box.top + box.height);
      context.moveTo(box.left, Math.round(this.y(y)) + 0.5);
      context.lineTo(box.left + box.width, Math.round(this.y(y)) + 0.5);
      context.lineWidth = 1;
      context.strokeStyle = ink.cross;
      context.stroke();
    });
  }
}
