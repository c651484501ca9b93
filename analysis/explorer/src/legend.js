// SPDX-License-Identifier: MIT
// The controls beside the diagram: verdicts with toggles, fields, sliders, theory, colour bar.
import { scaleTicks, STATUS_WORDS } from "./colour.js";
import { el } from "./dom.js";
import { share } from "./format.js";
import { FONT } from "./overlay.js";
import { THEORY } from "./theory.js";

/** One line a verdict that occurs, most frequent first; `counts` by value. */
export function drawLegend(root, statuses, counts, hidden, change) {
  const total = counts.reduce((a, b) => a + b, 0);
  const present = statuses
    .filter(({ value }) => counts[value])
    .sort((a, b) => counts[b.value] - counts[a.value]);
  root.replaceChildren(
    ...present.map(({ value, name, colour }) => {
      const box = el("input", { type: "checkbox", checked: !hidden.has(name), id: `show-${name}` });
      box.disabled = name === "pending";
      box.addEventListener("change", () => change(name, box.checked));
      const pending = name === "pending";
      const swatch = el("span", {
        className: pending ? "swatch pending" : "swatch",
        style: pending ? "" : `background:${colour}`,
      });
      const words = STATUS_WORDS[name] ?? name.replaceAll("_", " ");
      const part = el("span", { className: "share", textContent: share(counts[value], total) });
      return el("label", {}, [box, swatch, words, part]);
    }),
  );
}

/** What cells can be coloured by; `flags`: {name: {meaning}}. */
export function drawFields(select, fields, flags, chosen) {
  const option = ({ name, meaning }) =>
    el("option", { value: name, textContent: name, title: meaning });
  const derived = Object.entries(flags).map(([name, { meaning }]) => option({ name, meaning }));
  select.replaceChildren(
    el("option", { value: "status", textContent: "verdict" }),
    ...(derived.length ? [el("optgroup", { label: "derived: yes or no" }, derived)] : []),
    el("optgroup", { label: "stored" }, fields.map(option)),
  );
  select.value = chosen;
}

/** Which two axes are the picture, where there are more; the taken one changes places. */
export function drawPicture(root, { axes, picture }, change) {
  root.hidden = axes.length < 3;
  const select = (id, side, words) => {
    const options = axes.map(({ name }, k) =>
      el("option", { value: String(k), textContent: name }),
    );
    const chosen = el("select", { id, ariaLabel: words, title: words }, options);
    chosen.value = String(picture[side]);
    chosen.addEventListener("change", () => {
      const next = [...picture];
      const number = Number(chosen.value);
      if (next[1 - side] === number) next[1 - side] = next[side];
      next[side] = number;
      change(...next);
    });
    return chosen;
  };
  root.replaceChildren(
    "Axes",
    select("across", 1, "horizontal axis"),
    "by",
    select("up", 0, "vertical axis"),
  );
}

/** A slider for each axis that is not of the picture. */
export function drawSliders(root, axes, slice, change) {
  root.replaceChildren(
    ...axes.map((axis, k) => {
      const words = el("output", { textContent: axis.words(slice[k]) });
      const range = el("input", { type: "range", min: "0", max: String(axis.num - 1) });
      range.value = String(slice[k]);
      range.addEventListener("input", () => {
        words.textContent = axis.words(Number(range.value));
        change(k, Number(range.value));
      });
      return el("label", {}, [axis.label, words, range]);
    }),
  );
}

export function drawTheory(root, curves, shown, change) {
  root.replaceChildren(
    ...curves.map(({ id }) => {
      const box = el("input", { type: "checkbox", checked: shown.has(id), id: `theory-${id}` });
      box.addEventListener("change", () => change(id, box.checked));
      const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      line.setAttribute("width", "28");
      line.setAttribute("height", "8");
      line.innerHTML = `<path d="M0 4H28" stroke="currentColor" stroke-width="1.6" stroke-dasharray="${THEORY[id].dash}"/>`;
      return el("label", {}, [box, line, THEORY[id].label]);
    }),
  );
}

/** The colour bar of a field, with the values at some places of it. */
export function drawBar(canvas, palette, scale, text) {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  for (let i = 0; i < width; i++) {
    const at = 4 * (1 + Math.round((254 * i) / width));
    context.fillStyle = `rgb(${palette.slice(at, at + 3).join(" ")})`;
    context.fillRect(i, 0, 1.5, 14);
  }
  context.font = FONT;
  context.fillStyle = text;
  context.textBaseline = "top";
  for (const { part, align, words } of scaleTicks(scale)) {
    context.textAlign = align;
    context.fillText(words, part * width, 20);
  }
}

/** Names and values of the cell under the crosshair. */
export function drawHover(root, entries) {
  root.replaceChildren(
    ...entries.flatMap(([name, value]) => [
      el("dt", { textContent: name }),
      el("dd", { textContent: value }),
    ]),
  );
}
