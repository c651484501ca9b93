// SPDX-License-Identifier: MIT
// A worker that reads a dropped brink file where it lies: HDF5 in WebAssembly, slice by slice.
import * as h5wasm from "h5wasm";

const MOUNT = "/dropped";
const ATTRIBUTES = "title model commit version kernel_version spec spec_hash lr_unit".split(" ");
const BLOCK_BYTES = 32e6; // read at a time
let file = null;

function attribute(object, name) {
  const value = object.attrs[name]?.value;
  return ArrayBuffer.isView(value) && value.length === 1 ? value[0] : value;
}

function same(a, b) {
  return a.length === b.length && a.every((x, i) => Number(x) === Number(b[i]));
}

/** A small dataset of the root as plain numbers, or null. */
function column(name) {
  const dataset = file.get(name);
  return dataset ? Float64Array.from(dataset.value, Number) : null;
}

function refuseForeign(name) {
  if (attribute(file, "brink_format") !== "sweep") throw new Error(`${name}: not a brink sweep`);
  const schema = Number(attribute(file, "schema_version"));
  if (schema !== 1) throw new Error(`${name}: schema ${schema}, this page knows 1`);
  if (!file.get("status")) throw new Error(`${name}: damaged brink file: no status`);
}

/** What the page must know of a file before it reads cells; as analysis/explore.py writes it. */
function describe(name) {
  refuseForeign(name);
  const attributes = {};
  for (const key of ATTRIBUTES) attributes[key] = String(attribute(file, key) ?? "");
  const status = file.get("status");
  const shape = status.shape.map(Number);
  const spec = JSON.parse(attributes.spec);
  const axes = Object.keys(spec.axes ?? {}).map((axis, k) => ({
    name: axis,
    values: column(axis),
    scale: spec.axes[axis].scale ?? (spec.axes[axis].values ? "list" : "linear"),
    names: spec.axes[axis].values?.every((v) => typeof v === "string")
      ? spec.axes[axis].values
      : null,
    meaning: String(attribute(file.get(axis), "long_name") ?? axis),
    stride: 1,
    size: shape[k],
  }));
  const fields = [];
  for (const key of file.keys()) {
    const dataset = file.get(key);
    if (key === "status" || dataset?.type !== "Dataset") continue;
    if (!same(dataset.shape, shape) || axes.some((axis) => axis.name === key)) continue;
    fields.push({ name: key, meaning: String(attribute(dataset, "long_name") ?? key) });
  }
  const names = String(attribute(status, "flag_meanings")).split(" ");
  const values = status.attrs.flag_values.value;
  const pairs = file.get("init_x0") ? { x: column("init_x0"), y: column("init_y0") } : null;
  const statuses = names.map((word, i) => ({ value: Number(values[i] ?? values), name: word }));
  return { name, attributes, shape, axes, fields, statuses, pairs };
}

/** The shards that an index names and that were not dropped along with it. */
function absentShards(name, names) {
  const sources = file.get("status").metadata.virtual_sources ?? [];
  const shards = [...new Set(sources.map((source) => source.file_name))];
  const absent = shards.filter((shard) => !names.includes(shard));
  if (shards.length && absent.length === shards.length)
    throw new Error(
      `${name}: views of ${shards.length} shards, which hold its cells: drop them with it ` +
        `(${shards[0]}, ...), or make one file of all with brink pack ${name} -o whole.h5`,
    );
  return absent;
}

/** The file that the others are shards of. */
function mainOf(files) {
  return files.find(({ name }) => !/\.shard-\d+-of-\d+\.h5$/.test(name)) ?? files[0];
}

async function open({ files }) {
  const dropped = mainOf(files);
  const { FS } = await h5wasm.ready;
  file?.close();
  if (FS.analyzePath(MOUNT).exists) FS.unmount(MOUNT);
  else FS.mkdir(MOUNT);
  FS.mount(
    FS.filesystems.WORKERFS,
    { blobs: files.map((data) => ({ name: data.name, data })) },
    MOUNT,
  );
  try {
    file = new h5wasm.File(`${MOUNT}/${dropped.name}`, "r");
  } catch (error) {
    throw new Error(`${dropped.name}: not an HDF5 file, or damaged (${error.message ?? error})`);
  }
  if (file.file_id < 0n) throw new Error(`${dropped.name}: not an HDF5 file`);
  const names = files.map(({ name }) => name);
  return { ...describe(dropped.name), absent: absentShards(dropped.name, names) };
}

/** All cells of a picture of two axes, [vertical or -1, horizontal], the others at `slice`. */
function plane({ field, slice, picture: [up, across] }) {
  const dataset = file.get(field);
  const shape = dataset.shape.map(Number);
  const rest = slice.map((i) => [i, i + 1]).values();
  const ranges = shape.map((size, k) => (k === up || k === across ? [0, size] : rest.next().value));
  const [rows, columns] = [shape[up] ?? 1, shape[across]];
  if (up < 0) return dataset.slice(ranges);
  const step = Math.max(1, Math.floor(BLOCK_BYTES / (8 * columns)));
  let all = null;
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    ranges[up] = [row, row + count];
    const part = dataset.slice(ranges);
    all ??= new part.constructor(rows * columns);
    if (up < across) all.set(part, row * columns);
    else
      for (let i = 0, from = 0; i < columns; i++)
        for (let j = row; j < row + count; j++) all[j * columns + i] = part[from++];
  }
  return all;
}

/** All stored fields of one cell. */
function cell({ index, fields }) {
  const record = {};
  for (const field of ["status", ...fields])
    record[field] = Number(file.get(field).slice(index.map((i) => [i, i + 1]))[0]);
  return record;
}

/** The curves that a sweep over networks keeps of some cells, for the cell at `index`. */
function curves({ index }) {
  const group = file.get("curves");
  if (group?.type !== "Group") return null;
  const found = {};
  for (const key of group.keys()) {
    const dataset = group.get(key);
    if (dataset?.type !== "Dataset") continue;
    const shape = dataset.shape.map(Number);
    if (shape.length === 1) found[key] = Array.from(dataset.value, Number);
    else if (shape.length === index.length + 1)
      found[key] = Array.from(
        dataset.slice([...index.map((i) => [i, i + 1]), [0, shape.at(-1)]]),
        Number,
      );
  }
  return found;
}

const jobs = { open, plane, cell, curves };

self.onmessage = async ({ data }) => {
  const { id, job, ...rest } = data;
  try {
    const result = await jobs[job](rest);
    self.postMessage({ id, result }, ArrayBuffer.isView(result) ? [result.buffer] : []);
  } catch (error) {
    self.postMessage({ id, error: String(error.message ?? error) });
  }
};
