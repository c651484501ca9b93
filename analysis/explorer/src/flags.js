// SPDX-License-Identifier: MIT
// Flags derived from the measures of a cell, by the rules of analysis/brink_io.py (its FLAGS).
import { dorOf } from "./theory.js";

// What a start that was drawn at random (`seed`) can be told from.
const START_MEASURES = ["loss_start", "edge_start", "flow_ratio", "lr_actual"];

/** (s0 <= 0) of a drawn start from measures of it; F_b only. */
function drawnNegative(record, dor) {
  const { loss_start: loss, edge_start: edge, flow_ratio: ratio, lr_actual: rate } = record;
  if (START_MEASURES.some((name) => record[name] === undefined)) return false;
  const power = dor / 2;
  const difference = Math.sqrt(Math.max((ratio / (rate * power ** 2)) ** 2 - 4, 0));
  // The loss (1 - s^b)^2 leaves two values of s; the sharpness of the right one is the stored one.
  const misfit = (s) => {
    const excess = 1 - s * Math.abs(s) ** (power - 1);
    const slope = -2 * power * Math.abs(s) ** (power - 1) * excess;
    const curve =
      2 * power ** 2 * Math.abs(s) ** (2 * power - 2) -
      2 * power * (power - 1) * Math.sign(s) * Math.abs(s) ** (power - 2) * excess;
    const sharpness =
      (Math.hypot(difference, 2 * s) * curve) / 2 +
      Math.hypot((difference * curve) / 2, slope + s * curve);
    return Math.abs(sharpness - (2 * edge) / rate);
  };
  const [far, near] = [1 + Math.sqrt(loss), 1 - Math.sqrt(loss)];
  const below = Math.sign(near) * Math.abs(near) ** (1 / power);
  return below <= 0 && misfit(below) < misfit(far ** (1 / power));
}

/** [s0 <= 0, x0 = -y0] of the start that parameters name; s0 = x0 y0. */
function startOf(values, record, dor) {
  const [x, y] = values.init ?? [values.x0, values.y0];
  const { s0, D0, radius, angle } = values;
  if (x !== undefined) return [(x <= 0 && y >= 0) || (x >= 0 && y <= 0), x === -y];
  if (s0 !== undefined) return [s0 <= 0, s0 < 0 && D0 === 0]; // a drawn D0 is never 0
  if (radius === undefined) return [drawnNegative(record, dor), false];
  const turn = ((angle % 180) + 180) % 180; // s0 = radius^2 sin(2 angle) / 2
  return [turn >= 90 || turn === 0, turn === 135];
}

/** Does gradient flow from this start reach a minimum, so that h_GF means something? */
function flowArrives(record, values) {
  const dor = dorOf(values);
  const [negative, antidiagonal] = startOf(values, record, dor);
  return !((dor >= 6 && negative) || antidiagonal);
}

function peakedAndFell(record) {
  return record.loss_peak > 1.01 && record.loss_end < record.loss_start;
}

const BALANCED = {
  needs: ["balance"],
  meaning: "the imbalance at most half of what it was",
  holds: ({ balance }) => Math.abs(balance) <= 0.5,
};
const MONOTONE = {
  needs: ["loss_rises"],
  meaning: "no step raised the loss",
  holds: (record) => record.loss_rises === 0,
};
const FLAGS = {
  eos: {
    needs: ["flow_ratio", "edge_end"],
    meaning: "edge of stability: 0 ≤ 1 − edge_end ≤ 0.05 where gradient flow ends unstable",
    holds(record, values) {
      const gap = 1 - record.edge_end;
      return record.flow_ratio > 1 && gap >= 0 && gap <= 0.05 && flowArrives(record, values);
    },
  },
  balanced: BALANCED,
  catapult: {
    needs: ["loss_peak", "loss_start", "loss_end", "edge_end", "flow_ratio"],
    meaning: "loss peaked, fell, and ended flatter than gradient flow would",
    holds: (record, values) =>
      peakedAndFell(record) && record.edge_end < record.flow_ratio && flowArrives(record, values),
  },
  monotone: MONOTONE,
};
// Of networks, where gradient flow has no known end: the start is the yardstick.
const NETWORK_FLAGS = {
  eos: {
    needs: ["edge_end"],
    meaning: "edge of stability: edge_end within 0.05 of 1",
    holds: (record) => Math.abs(record.edge_end - 1) <= 0.05,
  },
  balanced: BALANCED,
  catapult: {
    needs: ["loss_peak", "loss_start", "loss_end", "sharpness_start", "sharpness_end"],
    meaning: "loss peaked, fell below its start, and ended flatter",
    holds: (record) => peakedAndFell(record) && record.sharpness_end < record.sharpness_start,
  },
  monotone: MONOTONE,
};

/** The flags whose measures are stored: {name: {needs, meaning, holds(record, values)}}. */
export function flagsOf(model, stored) {
  const known = model === "network" ? NETWORK_FLAGS : FLAGS;
  const found = Object.entries(known).filter(([, { needs }]) =>
    needs.every((name) => stored.includes(name)),
  );
  // Drawn starts are told from measures, too; those that are stored.
  const more = model === "network" ? [] : START_MEASURES.filter((name) => stored.includes(name));
  return Object.fromEntries(
    found.map(([name, flag]) => [
      name,
      { ...flag, reads: [...new Set([...flag.needs, ...(flag.holds.length > 1 ? more : [])])] },
    ]),
  );
}

/**
 * A flag of all cells of a picture, 0 or 1. planes: {measure: values}; values: the parameters that
 * are the same for all; row and column: {name, values} of the picture's axes.
 */
export function flagPlane(flag, planes, values, row, column) {
  const found = new Uint8Array(row.values.length * column.values.length);
  const parameters = { ...values };
  const record = {};
  const columns = flag.reads.map((name) => planes[name]);
  for (let j = 0, at = 0; j < row.values.length; j++) {
    parameters[row.name] = row.values[j];
    for (let i = 0; i < column.values.length; i++, at++) {
      parameters[column.name] = column.values[i];
      for (let k = 0; k < columns.length; k++) record[flag.reads[k]] = columns[k][at];
      found[at] = flag.holds(record, parameters) ? 1 : 0;
    }
  }
  return found;
}
