// SPDX-License-Identifier: MIT
// What the page shows, as words behind the # of its address: readable, short, and forgiving.

const EXACT = (x) => String(Number(x.toPrecision(12)));

/** state: {field, axes, slice, view, hidden, theory, cells, theme}. */
export function encode({ field, axes, slice, view, hidden, theory, cells, theme }) {
  const words = new URLSearchParams();
  if (field !== "status") words.set("field", field);
  if (axes.length) words.set("axes", axes.join("."));
  if (slice.some((i) => i > 0)) words.set("slice", slice.join("."));
  if (view) words.set("view", [view.x0, view.x1, view.y0, view.y1].map(EXACT).join(","));
  if (hidden.length) words.set("hide", hidden.join("."));
  if (theory.length) words.set("theory", theory.join("."));
  if (cells.length) words.set("cells", cells.map((place) => place.map(EXACT).join("_")).join("~"));
  if (theme) words.set("theme", theme);
  return words.toString().replaceAll("%2C", ",").replaceAll("%7E", "~");
}

function numbers(text, separator) {
  return text ? text.split(separator).map(Number) : [];
}

/** The inverse; what cannot be understood is left out. */
export function decode(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const view = numbers(words.get("view"), ",");
  const theme = words.get("theme");
  return {
    field: words.get("field") ?? "status",
    axes: words.get("axes")?.split(".") ?? [],
    slice: numbers(words.get("slice"), ".").filter((i) => Number.isInteger(i) && i >= 0),
    view:
      view.length === 4 && view.every(Number.isFinite)
        ? { x0: view[0], x1: view[1], y0: view[2], y1: view[3] }
        : null,
    hidden: words.get("hide")?.split(".") ?? [],
    theory: words.get("theory")?.split(".") ?? [],
    cells: (words.get("cells")?.split("~") ?? [])
      .map((place) => numbers(place, "_"))
      .filter((place) => place.length > 0 && place.every(Number.isFinite)),
    theme: ["light", "dark"].includes(theme) ? theme : null,
  };
}
