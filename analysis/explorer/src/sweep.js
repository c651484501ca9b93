// SPDX-License-Identifier: MIT
// A sweep as the page sees it: its axes and fields, and a source that reads planes and cells.
import { Axis, axisLabel } from "./axes.js";
import { withColours } from "./colour.js";
import { flagPlane, flagsOf } from "./flags.js";
import { count, short } from "./format.js";

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

  /** All cells of a picture of two axes, [vertical or -1, horizontal], the others at `slice`. */
  async plane(field, slice, [up, across]) {
    const { shape } = this.description;
    const array = await this.array(field);
    const strides = shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1));
    const others = strides.filter((_, k) => k !== up && k !== across);
    const first = others.reduce((at, stride, k) => at + stride * slice[k], 0);
    const [rows, columns] = [shape[up] ?? 1, shape[across] ?? 1];
    const [stepUp, stepAcross] = [strides[up] ?? columns, strides[across] ?? 1];
    if (stepAcross === 1 && stepUp === columns)
      return array.subarray(first, first + rows * columns);
    const found = new array.constructor(rows * columns);
    for (let j = 0, to = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) found[to++] = array[first + j * stepUp + i * stepAcross];
    return found;
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

/** Reads dropped files through the HDF5 worker. */
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

  /** files: the dropped file, and its shards if it is a view of some. */
  async open(files) {
    this.description = await this.ask({ job: "open", files });
    return this.description;
  }

  plane(field, slice, picture) {
    return this.ask({ job: "plane", field, slice, picture });
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
    Object.assign(this, { name, attributes, fields, pairs, source });
    this.statuses = withColours(statuses);
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
    this.flags = flagsOf(
      attributes.model,
      fields.map((field) => field.name),
    );
    this.setPicture(this.axes.length - 2, this.axes.length - 1);
  }

  /** Makes two axes, by number, the picture; `up` is -1 where there is only one. */
  setPicture(up, across) {
    this.picture = [up, across];
    this.horizontal = this.axes[across];
    this.vertical = this.axes[up] ?? lineAxis();
    this.others = this.axes.filter((_, k) => k !== up && k !== across);
  }

  /** The numbers of two axes by name, or null where these are no picture. */
  pictureOf(names) {
    const found = names.map((name) => this.axes.findIndex((axis) => axis.name === name));
    const [up, across] = found;
    return found.length === 2 && up !== across && up >= 0 && across >= 0 ? found : null;
  }

  /** The names of the picture's axes, where they are not the last two. */
  axesWords() {
    const last = this.axes.length - 1;
    const usual = this.picture[0] === last - 1 && this.picture[1] === last;
    return usual ? [] : this.picture.map((k) => this.axes[k].name);
  }

  /** A stored field or a flag, of all cells of the picture. */
  async plane(name, slice) {
    const flag = this.flags[name];
    if (!flag) return this.source.plane(name, slice, this.picture);
    const planes = {};
    for (const measure of flag.reads)
      planes[measure] = await this.source.plane(measure, slice, this.picture);
    const along = (axis) => Array.from(axis.values, (_, cell) => this.value(axis, cell));
    const [rows, columns] = [this.vertical, this.horizontal].map(along);
    return this.flagOver(flag, planes, slice, rows, columns);
  }

  /** The same of a block of finer cells. */
  blockPlane(block, name, slice) {
    const flag = this.flags[name];
    if (!flag) return block.fields.get(name);
    const planes = Object.fromEntries(block.fields);
    return this.flagOver(flag, planes, slice, block.rows, block.columns);
  }

  flagOver(flag, planes, slice, rows, columns) {
    const { vertical, horizontal, others } = this;
    const shared = { ...this.spec.fixed };
    others.forEach((axis, k) => {
      shared[axis.name] = this.value(axis, slice[k]);
    });
    const row = { name: vertical.name, values: rows };
    return flagPlane(flag, planes, shared, row, { name: horizontal.name, values: columns });
  }

  /** [name, "yes" or "no"] of the flags of one cell; values: its parameters. */
  flagWords(record, values) {
    const parameters = { ...this.spec.fixed, ...values };
    return Object.entries(this.flags).map(([name, flag]) => [
      name,
      this.words(name, flag.holds(record, parameters) ? 1 : 0),
    ]);
  }

  /** A field or a flag of a cell in words. */
  words(name, value) {
    return this.flags[name] ? ["no", "yes"][value] : short(value);
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
    const [up, across] = this.picture;
    const rest = slice.values();
    return this.axes.map((_, k) => (k === up ? row : k === across ? column : rest.next().value));
  }

  /** [row, column] in the picture of [place of each axis]. */
  placeOf(places) {
    const [up, across] = this.picture;
    return [up < 0 ? 0 : places[up], places[across]];
  }

  /** What the sliders say of [place of each axis]. */
  sliceOf(places) {
    return places.filter((_, k) => !this.picture.includes(k));
  }

  /** {value, name, colour} of a verdict. */
  status(value) {
    return this.statuses.find((status) => status.value === value) ?? { value, name: "" };
  }

  statusName(value) {
    return this.status(value).name;
  }

  /** "dor#3 lr#700": the words that name a cell to brink trace. */
  traceWords(index) {
    const named = this.axes.filter((axis) => axis.name);
    return named.map((axis, k) => `${axis.name}#${index[k] * axis.stride}`).join(" ");
  }

  /** What the file is, the most telling first; what is fixed may be much, and comes last. */
  facts(reduced) {
    const { model, version, commit, lr_unit: unit } = this.attributes;
    return [
      this.name,
      this.axes.map((axis) => `${axis.name} ${count(axis.size)}`).join(" × "),
      ...(reduced ? ["reduced: every cell shown is one of the file; drop the file for all"] : []),
      ...(this.replays ? [] : [`model ${model}: no replay, stored values only`]),
      `brink ${version} (${commit})`,
      `lr_unit ${unit}`,
      ...this.fixedWords(),
    ];
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
