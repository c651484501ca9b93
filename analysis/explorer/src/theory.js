// SPDX-License-Identifier: MIT
// Theory curves: rates of each row or column from its start, or contours of stored measures.

export const THEORY = {
  flow: { label: "h = h_GF: gradient flow's minimum is marginal", dash: [] },
  edge: { label: "h · sharpness₀ / 2 = 1: the start is at the edge", dash: [6, 3] },
  minimum: { label: "h = 1/F″(1): no stable minimum beyond", dash: [2, 3] },
  proof: { label: "h = √2/M: never diverges below (dor ≤ 1)", dash: [8, 3, 2, 3] },
};

/** Rates h of the curves for the start of a row, from Kernel.start. */
export function ratesOf({ x, y, sharpness, curvature }, dor) {
  const imbalance = (x - y) * (x + y);
  return {
    flow: 2 / (curvature * Math.hypot(imbalance, 2)),
    edge: 2 / sharpness,
    minimum: 1 / curvature,
    proof: dor <= 1 ? Math.SQRT1_2 / curvature : Number.NaN, // M = 2 F''(1)
  };
}

/** The degree of regularity that parameters name. */
export function dorOf(values) {
  return values.dor ?? values.a ?? 2 * values.b;
}

/** Points of a curve over the cells of `axis`: steps between the cells of a list, else a line. */
export function polyline(axis, cells, places, transpose) {
  const points = [];
  cells.forEach((cell, i) => {
    const place = places[i];
    if (!Number.isFinite(place)) points.push(null);
    else if (axis.divisible) points.push([place, cell]);
    else points.push(null, [place, cell - 0.5], [place, cell + 0.5], null);
  });
  return transpose ? points.map((point) => point && [point[1], point[0]]) : points;
}

/** The cells to compute starts of: all, or `most` spread evenly. */
export function spread(num, most) {
  if (num <= most) return Array.from({ length: num }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (num - 1)) / (most - 1)));
}

/** The contour values = 1 of a field as pieces [[x, y], [x, y], null, ...] in places. */
export function contour(values, columns, rows, most = 256) {
  const step = Math.max(1, Math.ceil(Math.max(columns, rows) / most));
  const at = (i, j) => Math.log(values[j * columns + i]);
  const points = [];
  for (let j = 0; j + step < rows; j += step)
    for (let i = 0; i + step < columns; i += step) {
      const corners = [
        [i, j],
        [i + step, j],
        [i + step, j + step],
        [i, j + step],
      ];
      const heights = corners.map(([a, b]) => at(a, b));
      if (!heights.every(Number.isFinite)) continue;
      const cuts = [];
      for (let k = 0; k < 4; k++) {
        const [p, q] = [corners[k], corners[(k + 1) % 4]];
        const [a, b] = [heights[k], heights[(k + 1) % 4]];
        if (a < 0 === b < 0) continue;
        const part = a / (a - b);
        cuts.push([p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) points.push(cuts[k], cuts[k + 1], null);
    }
  return points;
}

/** The curves of a picture one of whose axes is the learning rate: [{id, points, dash}]. */
async function rateCurves(sweep, slice, starts) {
  const transpose = sweep.vertical.name === "lr";
  const [rateAxis, rowAxis] = transpose
    ? [sweep.vertical, sweep.horizontal]
    : [sweep.horizontal, sweep.vertical];
  const cells = spread(rowAxis.num, 384);
  const parameters = cells.map((cell) => {
    const index = transpose ? sweep.index(slice, 0, cell) : sweep.index(slice, cell, 0);
    return { ...sweep.values(index), lr: 1 };
  });
  const found = await starts(parameters);
  const rates = found.map((start, i) => {
    const dor = dorOf({ ...sweep.spec.fixed, ...parameters[i] });
    return start && Object.assign(ratesOf(start, dor), { unit: start.rate });
  });
  return Object.keys(THEORY).map((id) => {
    const places = rates.map((rate) =>
      rate ? rateAxis.placeOf(rate[id] / rate.unit) : Number.NaN,
    );
    return { id, points: polyline(rowAxis, cells, places, transpose) };
  });
}

/** Theory curves of the picture. starts: asks a worker for Kernel.start of many cells. */
export async function theoryCurves(sweep, slice, starts) {
  if (!sweep.replays) return [];
  if ([sweep.vertical, sweep.horizontal].some((axis) => axis.name === "lr"))
    return rateCurves(sweep, slice, starts);
  const stored = { flow: "flow_ratio", edge: "edge_start" };
  const curves = [];
  for (const [id, field] of Object.entries(stored)) {
    if (!sweep.fields.some(({ name }) => name === field)) continue;
    const values = await sweep.plane(field, slice);
    curves.push({ id, points: contour(values, sweep.horizontal.num, sweep.vertical.num) });
  }
  return curves;
}
