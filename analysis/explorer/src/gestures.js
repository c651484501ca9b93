// SPDX-License-Identifier: MIT
// Mouse, touch and keyboard on the diagram, as pans, zooms, hovers and picks.

const CLICK_PIXELS = 5;
const KEYS = {
  ArrowLeft: (view) => view.pan(-0.15, 0),
  ArrowRight: (view) => view.pan(0.15, 0),
  ArrowUp: (view) => view.pan(0, 0.15),
  ArrowDown: (view) => view.pan(0, -0.15),
  "+": (view) => view.zoom(1.4, 1.4),
  "=": (view) => view.zoom(1.4, 1.4),
  "-": (view) => view.zoom(1 / 1.4, 1 / 1.4),
  0: (view) => view.reset(),
};

/** on: {change(), hover(part or null), pick(part, add), step(dx, dy)}; parts count from below left. */
export function listen(element, view, on) {
  const pointers = new Map();
  let moved = 0;
  const part = (event) => {
    const box = element.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) / box.width,
      y: 1 - (event.clientY - box.top) / box.height,
    };
  };

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, part(event));
    if (pointers.size === 1) moved = 0;
  });

  element.addEventListener("pointermove", (event) => {
    const now = part(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      on.hover(now);
      return;
    }
    const box = element.getBoundingClientRect();
    moved += Math.hypot((now.x - before.x) * box.width, (now.y - before.y) * box.height);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (moved < CLICK_PIXELS) return;
    if (other) pinch(view(), before, now, other);
    else view().pan(before.x - now.x, before.y - now.y);
    on.change();
  });

  const release = (event) => {
    const alone = pointers.size === 1;
    if (!pointers.delete(event.pointerId)) return;
    if (event.type === "pointerup" && alone && moved < CLICK_PIXELS)
      on.pick(part(event), event.shiftKey || event.ctrlKey || event.metaKey);
    if (pointers.size) moved = CLICK_PIXELS;
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("pointerleave", () => on.hover(null));

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const delta = event.deltaY || event.deltaX; // some systems turn shift + wheel sideways
      const factor = Math.exp(-Math.max(-60, Math.min(60, delta)) * 0.008);
      const at = part(event);
      view().zoom(event.altKey ? 1 : factor, event.shiftKey ? 1 : factor, at.x, at.y);
      on.change();
    },
    { passive: false },
  );

  element.addEventListener("dblclick", (event) => {
    const at = part(event);
    view().zoom(2, 2, at.x, at.y);
    on.change();
  });

  element.addEventListener("keydown", (event) => {
    const step = { a: [-1, 0], d: [1, 0], w: [0, 1], s: [0, -1] }[event.key];
    if (step) on.step(...step);
    else if (KEYS[event.key]) KEYS[event.key](view());
    else return;
    event.preventDefault();
    on.change();
  });
}

/** Two fingers: the point between them moves with them, and the distance scales each direction. */
function pinch(view, before, now, other) {
  const apart = (p, q) => Math.hypot(p.x - q.x, p.y - q.y);
  const factor = Math.max(
    0.5,
    Math.min(2, apart(now, other) / Math.max(1e-3, apart(before, other))),
  );
  view.zoom(factor, factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
  view.pan((before.x - now.x) / 2, (before.y - now.y) / 2);
}

/** Files that are dropped anywhere on the page. */
export function listenDrops(open) {
  const over = (on) => (event) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", on);
  };
  addEventListener("dragover", over(true));
  addEventListener("dragleave", over(false));
  addEventListener("drop", (event) => {
    over(false)(event);
    open(event.dataTransfer.files);
  });
}
