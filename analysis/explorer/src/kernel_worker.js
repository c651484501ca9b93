// SPDX-License-Identifier: MIT
// A worker that computes cells: whole traces, blocks of finer cells, and the starts of rows.
import { differences, Kernel } from "./kernel.js";

let kernel = null;

/** A cell as the page wants it: its record, how it compares with the stored one, and its states. */
function replay({ values, stored, budget }) {
  const record = kernel.cell(values, budget);
  if (!record) return { record: null };
  const kernelVersion = kernel.c.kernel_version();
  const different = stored ? differences(stored, record) : null;
  return { record, trace: kernel.trace(values, record.steps), different, kernelVersion };
}

/** A block of cells: rows and columns are lists of parameter values. */
function block({ fixed, rowName, rows, columnName, columns, names, budget }) {
  const count = rows.length * columns.length;
  const fields = names.map(() => new Float64Array(count));
  const status = new Uint8Array(count);
  kernel.fix(fixed);
  for (let j = 0, at = 0; j < rows.length; j++)
    for (let i = 0; i < columns.length; i++, at++) {
      const values = { [columnName]: columns[i] };
      if (rowName) values[rowName] = rows[j];
      const record = kernel.cell(values, budget);
      status[at] = record ? record.status : 0;
      names.forEach((name, k) => {
        fields[k][at] = record ? record[name] : Number.NaN;
      });
    }
  return { status, fields };
}

const jobs = {
  begin({ module, specText }) {
    kernel = new Kernel(module);
    kernel.begin(specText);
    return kernel.fields.map((field) => field.name);
  },
  replay,
  block,
  starts: ({ cells }) => cells.map((values) => kernel.start(values)),
};

self.onmessage = ({ data }) => {
  const { id, job, ...rest } = data;
  try {
    self.postMessage({ id, result: jobs[job](rest) });
  } catch (error) {
    self.postMessage({ id, error: String(error.message ?? error) });
  }
};
