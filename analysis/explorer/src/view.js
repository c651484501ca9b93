// SPDX-License-Identifier: MIT
// What part of the picture is seen: places at the edges of the canvas; pan and zoom keep it sane.

const CELLS_MIN = 1e-6; // a view is at least so many cells wide, where cells can be divided

export class View {
  /** columns, rows: Axis. */
  constructor(columns, rows) {
    Object.assign(this, { columns, rows });
    this.reset();
  }

  get whole() {
    return { x0: -0.5, x1: this.columns.num - 0.5, y0: -0.5, y1: this.rows.num - 0.5 };
  }

  reset() {
    Object.assign(this, this.whole);
  }

  set({ x0, x1, y0, y1 }) {
    if (![x0, x1, y0, y1].every(Number.isFinite) || x1 <= x0 || y1 <= y0) return;
    Object.assign(this, { x0, x1, y0, y1 });
    this.limit("x", this.columns);
    this.limit("y", this.rows);
  }

  /** Never smaller than cells allow, never larger than the grid and half around it. */
  limit(side, axis) {
    const [from, to] = [`${side}0`, `${side}1`];
    const least = axis.divisible ? CELLS_MIN : Math.min(1, axis.num);
    const most = axis.divisible ? axis.num * 2 : axis.num;
    const middle = (this[from] + this[to]) / 2;
    const size = Math.min(most, Math.max(least, this[to] - this[from]));
    const room = axis.divisible ? axis.num / 2 : 0;
    const low = -0.5 - room + size / 2;
    const high = axis.num - 0.5 + room - size / 2;
    const centre = Math.min(Math.max(middle, Math.min(low, high)), Math.max(low, high));
    this[from] = centre - size / 2;
    this[to] = centre + size / 2;
  }

  /** Moves by parts of the view. */
  pan(right, up) {
    const [dx, dy] = [right * (this.x1 - this.x0), up * (this.y1 - this.y0)];
    this.set({ x0: this.x0 + dx, x1: this.x1 + dx, y0: this.y0 + dy, y1: this.y1 + dy });
  }

  /** Zooms by a factor (> 1: in) about a point given in parts of the view. */
  zoom(factorX, factorY, atX = 0.5, atY = 0.5) {
    const x = this.x0 + atX * (this.x1 - this.x0);
    const y = this.y0 + atY * (this.y1 - this.y0);
    this.set({
      x0: x + (this.x0 - x) / factorX,
      x1: x + (this.x1 - x) / factorX,
      y0: y + (this.y0 - y) / factorY,
      y1: y + (this.y1 - y) / factorY,
    });
  }

  /** The place of a point in parts of the view, from the lower left. */
  place(partX, partY) {
    return { x: this.x0 + partX * (this.x1 - this.x0), y: this.y0 + partY * (this.y1 - this.y0) };
  }

  partX(x) {
    return (x - this.x0) / (this.x1 - this.x0);
  }

  partY(y) {
    return (y - this.y0) / (this.y1 - this.y0);
  }
}
