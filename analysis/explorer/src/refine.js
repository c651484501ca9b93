// SPDX-License-Identifier: MIT
// Finer cells where the view has zoomed past the grid: blocks computed by workers, coarse to fine.

const BLOCK = 32; // cells a side
const KEPT_MAX = 600; // blocks
const PIXELS_FINEST = 2; // of the finest cells on the screen
const BUDGET = 30000; // gradient descent steps of one cell

/** Levels that the axes are divided to: level n is 2^n cells for one of the grid. */
export function levelsFor(pixelsX, pixelsY, columns, rows) {
  const level = (pixels, axis) =>
    axis.divisible ? Math.max(0, Math.ceil(Math.log2(pixels / PIXELS_FINEST) - 0.5)) : 0;
  const finest = [level(pixelsX, columns), level(pixelsY, rows)];
  const steps = [];
  for (let back = 6; back >= 0; back -= 2) {
    const at = finest.map((n) => Math.max(0, n - back));
    if (at[0] + at[1] > 0 && String(steps.at(-1)) !== String(at)) steps.push(at);
  }
  return steps;
}

/** The blocks of a level that a view meets, as [{level, i, j}], the middle of the view first. */
export function blocksOf(view, [levelX, levelY], columns, rows) {
  const size = [BLOCK / 2 ** levelX, BLOCK / 2 ** levelY]; // in places
  const range = (from, to, num, unit) => [
    Math.floor((Math.max(from, -0.5) + 0.5) / unit),
    Math.ceil((Math.min(to, num - 0.5) + 0.5) / unit) - 1,
  ];
  const [i0, i1] = range(view.x0, view.x1, columns.num, size[0]);
  const [j0, j1] = range(view.y0, view.y1, rows.num, size[1]);
  const found = [];
  for (let j = j0; j <= j1; j++)
    for (let i = i0; i <= i1; i++) found.push({ level: [levelX, levelY], i, j });
  const middle = [(i0 + i1) / 2, (j0 + j1) / 2];
  const far = ({ i, j }) => Math.hypot(i - middle[0], j - middle[1]);
  return found.sort((a, b) => far(a) - far(b));
}

/** Places of a block's cells along one axis, and its edges; cut at the end of the grid. */
export function placesOf(number, level, axis) {
  const parts = 2 ** level;
  const first = number * BLOCK;
  const count = Math.min(BLOCK, axis.num * parts - first);
  const places = Array.from({ length: count }, (_, k) => (first + k + 0.5) / parts - 0.5);
  return { places, edges: [first / parts - 0.5, (first + count) / parts - 0.5] };
}

function keyOf({ level, i, j }) {
  return `${level}:${i},${j}`;
}

export class Refiner {
  /** shown(key, block, place): called with every block that comes. */
  constructor(pool, shown) {
    Object.assign(this, { pool, shown, kept: new Map(), asked: new Set(), generation: 0 });
    this.visible = [];
  }

  /** Forgets all blocks: another file or slice. */
  clear() {
    this.generation++;
    this.pool.cancel("block");
    this.kept.clear();
    this.asked.clear();
    this.visible = [];
  }

  /** What the view needs now; returns the keys to draw, coarse first. */
  update(view, width, height, sweep, slice, names) {
    const { horizontal, vertical } = sweep;
    const pixels = [width / (view.x1 - view.x0), height / (view.y1 - view.y0)];
    this.pool.cancel("block");
    for (const key of this.asked) if (!this.kept.has(key)) this.asked.delete(key);
    this.visible = [];
    const divided = [horizontal, vertical].some((axis, k) => axis.divisible && pixels[k] > 5);
    if (!divided) return;
    const steps = levelsFor(...pixels, horizontal, vertical);
    steps.forEach((level, rank) => {
      for (const block of blocksOf(view, level, horizontal, vertical)) {
        const key = keyOf(block);
        this.visible.push(key);
        if (!this.kept.has(key)) this.ask(key, block, rank + 1, sweep, slice, names);
      }
    });
    this.forget();
  }

  async ask(key, { level, i, j }, rank, sweep, slice, names) {
    const { horizontal, vertical } = sweep;
    const generation = this.generation;
    const [across, up] = [placesOf(i, level[0], horizontal), placesOf(j, level[1], vertical)];
    const valueIn = (axis) => (place) =>
      axis.name === "init" ? sweep.value(axis, Math.round(place)) : axis.valueAt(place);
    const message = {
      job: "block",
      fixed: Object.fromEntries(sweep.others.map((a, k) => [a.name, sweep.value(a, slice[k])])),
      rowName: vertical.name,
      rows: up.places.map(valueIn(vertical)),
      columnName: horizontal.name,
      columns: across.places.map(valueIn(horizontal)),
      names,
      budget: BUDGET,
    };
    this.asked.add(key);
    try {
      const { status, fields } = await this.pool.run(message, rank, "block");
      if (generation !== this.generation) return;
      const extent = [...across.edges, ...up.edges];
      const { rows, columns } = message; // values of the axes
      const block = { width: columns.length, height: rows.length, extent, status, rows, columns };
      this.kept.set(key, { ...block, fields: new Map(names.map((n, k) => [n, fields[k]])) });
      this.shown(key);
    } catch (error) {
      console.warn(`finer cells: ${error.message}`);
    }
  }

  /** Keeps the most recent blocks; those in view stay. */
  forget() {
    const visible = new Set(this.visible);
    for (const key of [...this.kept.keys()]) {
      if (this.kept.size <= KEPT_MAX) return;
      if (visible.has(key)) continue;
      this.kept.delete(key);
      this.asked.delete(key);
      this.dropped?.(key);
    }
  }

  /** The finest computed cell at a place: {status, field value, column and row values}, or null. */
  at(x, y) {
    for (let k = this.visible.length - 1; k >= 0; k--) {
      const block = this.kept.get(this.visible[k]);
      if (!block) continue;
      const [x0, x1, y0, y1] = block.extent;
      if (x < x0 || x >= x1 || y < y0 || y >= y1) continue;
      const i = Math.min(block.width - 1, Math.floor(((x - x0) / (x1 - x0)) * block.width));
      const j = Math.min(block.height - 1, Math.floor(((y - y0) / (y1 - y0)) * block.height));
      const place = {
        x: x0 + ((i + 0.5) / block.width) * (x1 - x0),
        y: y0 + ((j + 0.5) / block.height) * (y1 - y0),
      };
      return { block, at: j * block.width + i, place };
    }
    return null;
  }
}
