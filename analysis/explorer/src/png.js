// SPDX-License-Identifier: MIT
// The diagram as a PNG: cells, axes, title, and a legend or colour bar below.
import { scaleTicks, STATUS_WORDS } from "./colour.js";

const LINE = 22;

function legendEntries(statuses, counts, hidden) {
  return statuses
    .filter(({ value, name }) => counts[value] && !hidden.has(name))
    .map(({ name, colour }) => ({
      colour: name === "pending" ? "#d8d8d4" : colour,
      words: STATUS_WORDS[name] ?? name.replaceAll("_", " "),
    }));
}

/** Rows of entries that fit a width, as [{x, row, ...entry}]. */
function layOut(context, entries, width) {
  let [x, row] = [0, 0];
  return entries.map((entry) => {
    const size = context.measureText(entry.words).width + 40;
    if (x > 0 && x + size > width) [x, row] = [0, row + 1];
    const place = { ...entry, x, row };
    x += size;
    return place;
  });
}

/** As many of the words, the first first, as fit a line. */
export function fitting(context, words, width) {
  for (let count = words.length; count > 0; count--) {
    const line = words.slice(0, count).join(" · ") + (count < words.length ? " · …" : "");
    if (count === 1 || context.measureText(line).width <= width) return line;
  }
  return "";
}

/** picture: {cells, over, box, title, note, statuses, counts, hidden, field, scale, palette, ink}. */
export function picturePng(picture) {
  const { cells, over, box, title, note, field, scale, palette, ink } = picture;
  const ratio = over.width / over.clientWidth;
  const width = over.clientWidth;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const setFont = (weight, size) => {
    context.font = `${weight} ${size}px system-ui, sans-serif`;
  };
  setFont("normal", 13);
  const entries = field === "status" ? picture : null;
  const places = entries
    ? layOut(context, legendEntries(picture.statuses, picture.counts, picture.hidden), width - 80)
    : [];
  const rows = entries ? 1 + Math.max(0, ...places.map(({ row }) => row)) : 2;
  const top = 34;
  const height = top + over.clientHeight + rows * LINE + 34;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, width, height);
  context.drawImage(cells, box.left, top + box.top, box.width, box.height);
  context.drawImage(over, 0, top, width, over.clientHeight);
  context.fillStyle = ink.text;
  setFont("bold", 15);
  context.fillText(title, 12, 22, width - 24);
  const below = top + over.clientHeight + 16;
  setFont("normal", 13);
  for (const { x, row, colour, words } of places) {
    context.fillStyle = colour;
    context.fillRect(box.left + x, below + row * LINE - 11, 14, 14);
    context.fillStyle = ink.text;
    context.fillText(words, box.left + x + 20, below + row * LINE);
  }
  if (!entries) drawScale(context, box, below, field, scale, palette, ink);
  setFont("normal", 10);
  context.fillStyle = ink.faint;
  context.fillText(fitting(context, note, width - 24), 12, height - 8);
  return canvas;
}

function drawScale(context, box, below, field, scale, palette, ink) {
  const width = box.width * 0.6;
  for (let i = 0; i < width; i++) {
    const at = 4 * (1 + Math.round((254 * i) / width));
    context.fillStyle = `rgb(${palette.slice(at, at + 3).join(" ")})`;
    context.fillRect(box.left + i, below - 10, 1.5, 12);
  }
  context.fillStyle = ink.text;
  for (const { part, words } of scaleTicks(scale))
    context.fillText(words, box.left + part * width, below + 18);
  context.fillText(field, box.left + width + 60, below);
}

export function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
