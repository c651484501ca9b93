// SPDX-License-Identifier: MIT
// A sweep as the page sees it: its axes and fields, and a source that reads planes and cells.
import { Axis, axisLabel } from "./axes.js";
import { short } from "./format.js";

const TYPES = { i1: Int8Array, i4: Int32Array, f8: Float64Array };

/** Bytes of base64 text, inflated. */
export async function inflate(text, format = "deflate") {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Reads what `brink explore` put into the page: arrays are inflated when they are asked for. */
export class EmbeddedSource {
  constructor(description) {
    this.description = description;
    this.arrays = new Map();
  }

  async array(field) {
    if (!this.arrays.has(field)) {
      const { type, data } = this.description.arrays[field];
      this.arrays.set(
        field,
        inflate(data).then((bytes) => new TYPES[type](bytes.buffer)),
      );
    }
    return this.arrays.get(field);
  }

  async plane(field, index) {
    const { shape } = this.description;
    const cells = shape.slice(-2).reduce((a, b) => a * b, 1);
    let number = 0;
    index.forEach((i, k) => {
      number = number * shape[k] + i;
    });
    return (await this.array(field)).subarray(number * cells, (number + 1) * cells);
  }

  async cell(index) {
    const { shape } = this.description;
    const at = index.reduce((number, i, k) => number * shape[k] + i, 0);
    const record = {};
    for (const field of Object.keys(this.description.arrays))
      record[field] = (await this.array(field))[at];
    return record;
  }

  async curves(index) {
    const { curves, shape } = this.description;
    if (!curves) return null;
    const at = index.reduce((number, i, k) => number * shape[k] + i, 0);
    const found = {};
    for (const [key, { type, data, length, shared }] of Object.entries(curves)) {
      const all = new TYPES[type]((await inflate(data)).buffer);
      found[key] = Array.from(shared ? all : all.subarray(at * length, (at + 1) * length));
    }
    return found;
  }

  close() {}
}

/** Reads a dropped file through the HDF5 worker. */
export class FileSource {
  constructor(worker) {
    this.worker = worker;
    this.waiting = new Map();
    this.next = 1;
    worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reject(new Error(error));
      else resolve(result);
    };
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      this.waiting.set(this.next, { resolve, reject });
      this.worker.postMessage({ ...message, id: this.next++ });
    });
  }

  async open(dropped) {
    this.description = await this.ask({ job: "open", dropped });
    return this.description;
  }

  plane(field, index) {
    return this.ask({ job: "plane", field, index });
  }

  cell(index) {
    const fields = this.description.fields.map((field) => field.name);
    return this.ask({ job: "cell", index, fields });
  }

  curves(index) {
    return this.ask({ job: "curves", index });
  }

  close() {
    this.worker.terminate();
  }
}

export class Sweep {
  constructor(description, source) {
    const { name, attributes, axes, fields, statuses, pairs } = description;
    Object.assign(this, { name, attributes, fields, statuses, pairs, source });
    this.spec = JSON.parse(attributes.spec);
    this.axes = axes.map(
      (axis) =>
        new Axis({
          ...axis,
          label: axisLabel(axis.name, attributes.lr_unit, axis.meaning),
          names: axis.name === "init" && pairs ? pairNames(pairs) : axis.names,
        }),
    );
    if (!this.axes.length)
      this.axes = [new Axis({ name: "", values: [0], scale: "list", label: "the one cell" })];
    this.horizontal = this.axes.at(-1);
    this.vertical = this.axes.at(-2) ?? lineAxis();
    this.others = this.axes.slice(0, -2);
  }

  get replays() {
    return this.attributes.model === "regularity";
  }

  /** The value of a parameter at a cell of an axis, as the kernel takes it. */
  value(axis, cell) {
    return axis.name === "init" ? [this.pairs.x[cell], this.pairs.y[cell]] : axis.values[cell];
  }

  /** {parameter: value} of the cell at `index` [cell of each axis]. */
  values(index) {
    const found = this.axes.filter((axis) => axis.name).map((a, k) => [a.name, index[k]]);
    return Object.fromEntries(found.map(([name, i], k) => [name, this.value(this.axes[k], i)]));
  }

  /** [cell of each axis] of a cell of the picture. */
  index(slice, row, column) {
    return this.axes.length < 2 ? [column] : [...slice, row, column];
  }

  statusName(value) {
    return this.statuses.find((status) => status.value === value)?.name ?? "";
  }

  /** "dor#3 lr#700": the words that name a cell to brink trace. */
  traceWords(index) {
    const named = this.axes.filter((axis) => axis.name);
    return named.map((axis, k) => `${axis.name}#${index[k] * axis.stride}`).join(" ");
  }

  /** "x0 = 4": what is fixed. */
  fixedWords() {
    return Object.entries(this.spec.fixed ?? {}).map(([name, value]) => {
      const words = typeof value === "number" ? short(value) : value;
      return `${name} = ${Array.isArray(value) ? `(${value.map((v) => short(v)).join(", ")})` : words}`;
    });
  }
}

function pairNames({ x, y }) {
  return Array.from(x, (value, i) => `(${short(value)}, ${short(y[i])})`);
}

/** The vertical axis of a picture of one row. */
function lineAxis() {
  return new Axis({ name: "", values: [0], scale: "list", label: "", names: [""] });
}
