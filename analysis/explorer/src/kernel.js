// SPDX-License-Identifier: MIT
// The C kernel compiled to WebAssembly: cells with the bits of the file, and the way to them.

const TYPES = [
  { size: 1, read: (view, at) => view.getInt8(at) },
  { size: 4, read: (view, at) => view.getInt32(at, true) },
  { size: 8, read: (view, at) => view.getFloat64(at, true) },
];
const ROW = 7; // doubles of a row of the trace, see replay.c

/** "seed" of a specification, which may exceed 2^53. */
function seedOf(specText) {
  const found = [...specText.matchAll(/"seed":\s*(\d+)/g)].pop();
  return BigInt(found ? found[1] : 0);
}

function never(name) {
  return () => {
    throw new Error(`${name} is no part of a replay`);
  };
}

export class Kernel {
  /** module: a WebAssembly.Module of replay.wasm. */
  constructor(module) {
    const env = {};
    for (const wanted of WebAssembly.Module.imports(module)) env[wanted.name] = never(wanted.name);
    this.c = new WebAssembly.Instance(module, { env }).exports;
    this.parameters = new Map();
    for (let i = 0; i < this.c.parameter_count(); i++)
      this.parameters.set(this.text(this.c.parameter_name(i)), i);
    this.fields = [];
    for (let i = 0; i < this.c.field_count(); i++)
      this.fields.push({
        name: this.text(this.c.field_name(i)),
        type: this.c.field_type(i),
        offset: this.c.field_offset(i),
      });
  }

  text(pointer) {
    const bytes = new Uint8Array(this.c.memory.buffer, pointer);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }

  unit(name) {
    for (let i = 0; this.c.unit_name(i); i++) if (this.text(this.c.unit_name(i)) === name) return i;
    throw new Error(`this kernel knows no lr_unit '${name}'`);
  }

  /** Takes the rules, the unit of the rate and what is fixed from a resolved specification. */
  begin(specText) {
    const spec = JSON.parse(specText);
    const { max_steps, tail, grad_tol } = spec.stop;
    const seed = seedOf(specText);
    const words = [Number(seed >> 32n), Number(seed & 0xffffffffn)];
    this.c.begin(this.unit(spec.lr_unit), max_steps, tail, grad_tol, spec.stop.escape, ...words);
    this.fixed = new Map();
    this.fix(spec.fixed ?? {});
  }

  /** Sets parameters {name: number or [x0, y0]}; those that stay cost nothing. */
  fix(values) {
    for (const [name, value] of Object.entries(values)) {
      const i = this.parameters.get(name);
      if (i === undefined) throw new Error(`this kernel knows no parameter '${name}'`);
      if (String(this.fixed.get(name)) === String(value)) continue;
      this.fixed.set(name, value);
      if (Array.isArray(value)) this.c.fix_pair(i, value[0], value[1]);
      else this.c.fix(i, value);
    }
  }

  /** Puts the cell `values` at its start; false if it belongs to no family. */
  place(values) {
    this.fix(values);
    return this.c.place() !== 0;
  }

  /** The record {field: number} of the cell, or null if it takes more than `budget` steps. */
  cell(values, budget = 1e7) {
    if (!this.place(values)) return null;
    const at = this.c.run(budget);
    if (!at) return null;
    const view = new DataView(this.c.memory.buffer);
    const record = {};
    for (const { name, type, offset } of this.fields)
      record[name] = TYPES[type].read(view, at + offset);
    return record;
  }

  /** What theory needs of a row of rates: the rate that `lr` = 1 means, and the start's measures. */
  start(values) {
    if (!this.place(values)) return null;
    const [, x, y, loss, sharpness, , curvature] = this.row(this.c.first());
    return { rate: this.c.rate(), x, y, loss, sharpness, curvature };
  }

  row(pointer) {
    return new Float64Array(this.c.memory.buffer, pointer, ROW);
  }

  /** The states of the placed cell: all of them, or pairs of neighbours if they are too many. */
  trace(values, steps, rowsMax = 20000) {
    if (!this.place(values)) return null;
    const every = Math.max(1, Math.ceil((2 * (steps + 1)) / rowsMax));
    const kept = steps < rowsMax ? () => true : (n) => n % every < 2 || n === steps;
    const columns = { step: [], x: [], y: [], loss: [], sharpness: [], product: [] };
    const names = Object.keys(columns);
    for (let n = 0; n <= steps; n++) {
      if (!kept(n)) continue;
      const row = this.row(n ? this.c.later(n - columns.step.at(-1)) : this.c.first());
      names.forEach((name, i) => {
        columns[name].push(row[i]);
      });
    }
    const rate = this.c.rate();
    return { ...columns, rate, every: steps < rowsMax ? 1 : every };
  }

  /** The excess loss as a function of (x, y), for the objective of a cell. */
  loss(values) {
    if (!this.place(values)) throw new Error("no such objective");
    return this.c.loss_at;
  }
}

const bits = new DataView(new ArrayBuffer(16));

/** Do two doubles have the same bits? (All NaNs of a file are one NaN.) */
export function sameBits(a, b) {
  bits.setFloat64(0, a);
  bits.setFloat64(8, b);
  return bits.getBigUint64(0) === bits.getBigUint64(8) || (a !== a && b !== b);
}

/** Names of the stored fields in which two records differ. */
export function differences(stored, computed) {
  return Object.keys(stored).filter(
    (name) => name in computed && !sameBits(stored[name], computed[name]),
  );
}
