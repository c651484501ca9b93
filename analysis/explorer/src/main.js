// SPDX-License-Identifier: MIT
// The page: opens a sweep, keeps what is shown, and draws when something changed.
import { connectButtons } from "./buttons.js";
import { CELLS_MAX, newCell, replayCell, valuesAt } from "./cells.js";
import { CELL_COLOURS, fieldPalette, quantise, rgb, scaleOf, statusPalette } from "./colour.js";
import { Cursor } from "./cursor.js";
import { CurvePlots } from "./curves.js";
import { Diagram } from "./diagram.js";
import { listen, listenDrops } from "./gestures.js";
import { Kernel } from "./kernel.js";
import * as legend from "./legend.js";
import { Newest } from "./newest.js";
import { margins, Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { decode, encode } from "./permalink.js";
import { download, picturePng } from "./png.js";
import { Pool } from "./pool.js";
import { Refiner } from "./refine.js";
import { h5Worker, kernelModule, kernelWorkers } from "./resources.js";
import { EmbeddedSource, FileSource, Sweep } from "./sweep.js";
import { applyTheme, inkOf, onSystemTheme } from "./theme.js";
import { theoryCurves, THEORY } from "./theory.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
// Cells a side that a pixel averages, at rest and while it moves: some GPUs are software.
const SAMPLES_STILL = 4;
const SAMPLES_MOVING = 1;
const unit = (hex) => rgb(hex).map((c) => c / 255);

class Page {
  constructor() {
    this.diagram = new Diagram($("cells-canvas"));
    this.over = $("over-canvas").getContext("2d");
    this.panel = new Panel($("panel"), {
      remove: (cell) => this.remove(cell),
      lossOf: (cell) => this.kernel.loss(valuesAt(this.sweep, cell.places)),
    });
    this.curvePlots = new CurvePlots($("curves"));
    this.cursor = new Cursor(this, $("hover"));
    this.state = decode(location.hash);
    this.hidden = new Set(this.state.hidden);
    this.theory = new Set(this.state.theory);
    this.cells = [];
    this.curves = [];
    // What is asked for last is shown, whichever comes first: statuses, and values to colour by.
    this.planes = new Newest();
    this.colours = new Newest();
    this.reading = false; // statuses, of another picture or slice
    applyTheme(this.state.theme);
    connectButtons(this);
    listenDrops((files) => this.openFiles(files));
    listen($("touch"), () => this.view, {
      change: () => this.moved(),
      hover: (part) => {
        if (!this.sweep) return;
        this.cursor.hover(part);
        this.draw();
      },
      pick: (part, add) => this.pick(part, add),
      step: (dx, dy) => this.cursor.step(dx, dy),
    });
    new ResizeObserver(() => this.box && this.resize()).observe($("stage"));
    onSystemTheme(() => this.retheme());
    addEventListener("hashchange", () => this.followLink());
  }

  fail(error) {
    console.warn(error);
    this.say(error.message ?? String(error));
  }

  say(words) {
    $("message").textContent = words;
    $("message").hidden = false;
  }

  // ---- opening

  async start() {
    this.module = await kernelModule();
    this.openWorker = await kernelWorkers();
    const embedded = $("sweep");
    if (!embedded) {
      document.body.classList.add("empty");
      return;
    }
    const description = JSON.parse(embedded.textContent);
    await this.open(description, new EmbeddedSource(description), this.state);
  }

  /** A result, or one that is views of shards with these. */
  async openFiles(files) {
    if (!files.length) return;
    $("message").hidden = true;
    this.busy(`reading ${files[0].name}`);
    try {
      const source = new FileSource(await h5Worker());
      const description = await source.open([...files]);
      await this.open(description, source, decode(""));
      if (description.absent.length)
        this.say(
          `Cells of these shards are not shown, drop them, too: ${description.absent.join(", ")}`,
        );
    } catch (error) {
      this.fail(error);
    }
    this.busy("");
  }

  async open(description, source, state) {
    const sweep = new Sweep(description, source);
    this.box = null; // until its picture is read, nothing is drawn
    const picture = sweep.pictureOf(state.axes);
    if (picture) sweep.setPicture(...picture);
    this.sweep?.source.close();
    this.pool?.close();
    Object.assign(this, { sweep, state, field: "status", kernel: null, curves: [], cells: [] });
    this.hidden = new Set(state.hidden);
    this.theory = new Set(state.theory);
    this.slice = sweep.others.map((axis, k) => Math.min(state.slice[k] ?? 0, axis.num - 1));
    this.startKernel();
    document.body.classList.remove("empty");
    this.facts(description);
    legend.drawFields($("field"), sweep.fields, sweep.flags, "status");
    const known = sweep.fields.some(({ name }) => name === state.field) || sweep.flags[state.field];
    this.asked = known ? state.field : "status";
    if (!(await this.showPicture(state.view))) return;
    for (const places of state.cells) await this.pickPlaces(places, true);
    document.body.dataset.ready = sweep.name;
  }

  /**
   * Shows the picture of the axes that are chosen; `view`: a part of it, or null. False if another
   * was asked for meanwhile.
   */
  async showPicture(view) {
    const { sweep, slice } = this;
    this.view = new View(sweep.horizontal, sweep.vertical);
    if (view) this.view.set(view);
    legend.drawPicture($("picture"), sweep, (up, across) => this.setPicture(up, across));
    legend.drawSliders($("sliders"), sweep.others, slice, (k, i) => this.reslice(k, i));
    this.box = null;
    if (!(await this.readPlane())) return false;
    await this.colour(this.asked);
    if (sweep !== this.sweep || this.reading) return false;
    this.resize();
    this.drawTheoryBox();
    return true;
  }

  /** Other axes: those that leave the picture stay at their first cell. */
  async setPicture(up, across) {
    const index = this.sweep.index(this.slice, 0, 0);
    this.sweep.setPicture(up, across);
    this.slice = this.sweep.sliceOf(index);
    await this.showPicture(null);
  }

  startKernel() {
    this.pool = null;
    this.refiner = null;
    if (!this.sweep.replays) return;
    const specText = this.sweep.attributes.spec;
    this.kernel = new Kernel(this.module);
    this.kernel.begin(specText);
    const begin = { job: "begin", module: this.module, specText };
    const size = Math.max(1, Math.min(8, (navigator.hardwareConcurrency || 2) - 1));
    this.pool = new Pool(this.openWorker, begin, size);
    this.refiner = new Refiner(this.pool, (key) => this.showBlock(key));
    this.refiner.dropped = (key) => this.diagram.removeFine(key);
  }

  facts({ name, reduced }) {
    const { attributes } = this.sweep;
    $("title").textContent = attributes.title || name;
    document.title = `${attributes.title || name} · brink`;
    this.note = this.sweep.facts(reduced);
    // The page shows two lines of it, and all when pointed at.
    $("facts").textContent = this.note.join(" · ");
    $("facts").title = this.note.join("\n");
  }

  busy(words) {
    $("busy").textContent = words;
    $("busy").hidden = !words;
  }

  // ---- the picture

  /** Reads the statuses of the picture; false if another was asked for meanwhile. */
  async readPlane() {
    const { horizontal, vertical } = this.sweep;
    const isNewest = this.planes.begin();
    this.colours.begin(); // values that are under way are of another picture
    this.reading = true;
    const status = await this.sweep.plane("status", this.slice);
    if (!isNewest()) return false;
    this.reading = false;
    this.status = new Uint8Array(status.buffer, status.byteOffset, status.length);
    this.counts = new Array(256).fill(0);
    for (const value of this.status) this.counts[value]++;
    this.diagram.clearFine();
    this.refiner?.clear();
    this.diagram.setGrid(horizontal.num, vertical.num, this.status);
    this.drawLegend();
    this.curves = [];
    if (this.pool || this.sweep.replays) this.readTheory();
    return true;
  }

  async readTheory() {
    const starts = (cells) => this.pool.run({ job: "starts", cells }, -1, "theory");
    const { sweep, slice } = this;
    const { picture } = sweep;
    try {
      const curves = await theoryCurves(sweep, slice, starts);
      if (sweep !== this.sweep || picture !== sweep.picture) return;
      if (slice.join() !== this.slice.join()) return;
      this.curves = curves.filter(({ points }) => points.some((point) => point));
      this.drawTheoryBox();
      this.draw();
    } catch (error) {
      console.warn(`theory: ${error.message}`);
    }
  }

  drawTheoryBox() {
    $("theory-box").hidden = this.curves.length === 0;
    legend.drawTheory($("theory"), this.curves, this.theory, (id, on) => {
      this.theory[on ? "add" : "delete"](id);
      this.changed();
    });
  }

  drawLegend() {
    legend.drawLegend($("legend"), this.sweep.statuses, this.counts, this.hidden, (name, on) => {
      this.hidden[on ? "delete" : "add"](name);
      this.changed();
    });
  }

  async colour(field) {
    this.asked = field;
    $("field").value = field;
    if (this.reading) return; // its statuses first; the field follows them
    const isNewest = this.colours.begin();
    if (field !== "status") {
      this.busy(`reading ${field}`);
      const values = await this.sweep.plane(field, this.slice);
      if (!isNewest()) return;
      this.values = values;
      this.scale = scaleOf(field, values);
      this.diagram.setField(quantise(values, this.scale));
    }
    this.busy("");
    this.field = field;
    $("bar").hidden = field === "status";
    for (const key of [...this.diagram.fine.keys()]) this.showBlock(key);
    this.palettes();
    this.changed();
  }

  palettes() {
    const ink = inkOf(this.state.theme);
    this.diagram.setPalette("status", statusPalette(this.sweep.statuses, ink.hidden));
    if (this.field === "status") return;
    this.palette = fieldPalette(this.scale, ink.none);
    this.diagram.setPalette("field", this.palette);
    legend.drawBar($("bar-canvas"), this.palette, this.scale, ink.text);
  }

  /** Gives the diagram a block of finer cells. */
  showBlock(key) {
    const block = this.refiner?.kept.get(key);
    if (!block) return;
    const { field: name, slice } = this;
    const values = name === "status" ? null : this.sweep.blockPlane(block, name, slice);
    const field = values ? quantise(values, this.scale) : block.status;
    this.diagram.setFine(key, { ...block, field });
    this.draw();
  }

  async reslice(axis, cell) {
    this.slice = this.slice.with(axis, cell);
    if (!(await this.readPlane())) return;
    await this.colour(this.asked);
    this.refine();
  }

  // ---- drawing

  resize() {
    const stage = $("stage");
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    const ratio = devicePixelRatio;
    Object.assign($("over-canvas"), { width: width * ratio, height: height * ratio });
    const room = margins(width, this.sweep.vertical, this.over);
    this.box = {
      left: Math.round(room.left),
      top: room.top,
      width: Math.round(width - room.left - room.right),
      height: Math.round(height - room.top - room.bottom),
    };
    for (const id of ["cells-canvas", "touch"])
      for (const side of ["left", "top", "width", "height"])
        $(id).style[side] = `${this.box[side]}px`;
    $("cells-canvas").width = Math.max(1, Math.round(this.box.width * ratio));
    $("cells-canvas").height = Math.max(1, Math.round(this.box.height * ratio));
    this.changed();
    this.showCells();
  }

  /** The view moved: draw coarsely at once, finely when it rests. */
  moved() {
    this.moving = true;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.moving = false;
      if (this.cursor.part) this.cursor.hover(this.cursor.part);
      this.changed();
    }, 160);
    this.draw();
  }

  /** What is shown changed for good: remember it in the address, and refine. */
  changed() {
    if (!this.box) return;
    history.replaceState(null, "", `#${encode(this.shown())}`);
    this.refine();
    this.draw();
  }

  shown() {
    const { x0, x1, y0, y1 } = this.view;
    const whole = this.view.whole;
    const isWhole = x0 === whole.x0 && x1 === whole.x1 && y0 === whole.y0 && y1 === whole.y1;
    return {
      field: this.asked,
      axes: this.sweep.axesWords(),
      slice: this.slice,
      view: isWhole ? null : { x0, x1, y0, y1 },
      hidden: [...this.hidden],
      theory: [...this.theory],
      cells: this.cells.map(({ places }) => places),
      theme: this.state.theme,
    };
  }

  refine() {
    const names = this.sweep.fields.map(({ name }) => name);
    const { view, box, sweep, slice } = this;
    this.refiner?.update(view, box.width, box.height, sweep, slice, names);
  }

  draw() {
    if (this.drawing || !this.box) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      if (this.box) this.drawNow(); // another picture may have been asked for since
    });
  }

  drawNow() {
    const ink = inkOf(this.state.theme);
    let shown = 0;
    for (const { value, name } of this.sweep.statuses)
      if (!this.hidden.has(name)) shown |= 1 << value;
    Object.assign(this.diagram.look, {
      byStatus: this.field === "status",
      shown,
      ground: unit(ink.hidden),
      hatch: unit(ink.hatch),
      outside: unit(ink.outside),
    });
    const fine = (this.refiner?.visible ?? []).filter((key) => this.diagram.fine.has(key));
    this.diagram.draw(this.view, this.moving ? SAMPLES_MOVING : SAMPLES_STILL, fine);
    this.drawOver(ink);
  }

  drawOver(ink, withCursor = true) {
    const { over, box, view, sweep } = this;
    over.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    over.clearRect(0, 0, over.canvas.width, over.canvas.height);
    const overlay = new Overlay(over, box, view, ink);
    overlay.columns = sweep.horizontal;
    overlay.frame(sweep.horizontal, sweep.vertical);
    const lines = this.curves.filter(({ id }) => this.theory.has(id));
    overlay.curves(lines.map(({ id, points }) => ({ points, dash: THEORY[id].dash })));
    for (const { places, colour } of this.cells) {
      const [y, x] = sweep.placeOf(places);
      const here = sweep.sliceOf(places).join() === this.slice.join();
      if (here) overlay.mark({ x, y }, colour, places === this.cells.at(-1).places);
    }
    if (withCursor && this.cursor.places) {
      const [y, x] = this.cursor.at;
      overlay.crosshair({ x, y });
    }
  }

  // ---- picked cells

  pick(part, add) {
    const places = this.sweep && this.cursor.placesAt(part);
    if (places) this.pickPlaces(places, add);
  }

  async pickPlaces(places, add) {
    const { sweep } = this;
    if (places.length !== sweep.axes.length) return;
    if (!add) this.cells = [];
    if (this.cells.some((cell) => String(cell.places) === String(places))) return;
    this.cells = this.cells.slice(-(CELLS_MAX - 1));
    const used = new Set(this.cells.map(({ colour }) => colour));
    const cell = newCell(
      sweep,
      places,
      CELL_COLOURS.find((colour) => !used.has(colour)),
    );
    this.cells.push(cell);
    this.changed();
    try {
      await replayCell(sweep, cell, this.pool);
    } catch (error) {
      cell.failure = error.message;
    }
    if (this.cells.includes(cell)) this.showCells();
  }

  remove(cell) {
    this.cells = this.cells.filter((other) => other !== cell);
    this.showCells();
    this.changed();
  }

  showCells() {
    const ink = inkOf(this.state.theme);
    this.panel.show(this.cells, ink);
    this.curvePlots.show(
      this.cells.filter(({ curves }) => curves),
      ink,
    );
  }

  // ---- looks

  retheme() {
    applyTheme(this.state.theme);
    if (!this.sweep) return;
    this.palettes();
    this.showCells();
    this.changed();
  }

  picture() {
    const ink = inkOf(this.state.theme);
    this.drawOver(ink, false);
    return picturePng({
      cells: $("cells-canvas"),
      over: $("over-canvas"),
      box: this.box,
      title: this.sweep.attributes.title,
      note: this.note,
      statuses: this.sweep.statuses,
      counts: this.counts,
      hidden: this.hidden,
      field: this.field,
      scale: this.scale,
      palette: this.palette,
      ink,
    });
  }

  savePng() {
    download(this.picture(), this.sweep.name.replace(/(\.h5)?$/, ".png"));
    this.draw();
  }

  async followLink() {
    if (!this.sweep) return;
    const { description } = this.sweep.source;
    this.state = decode(location.hash);
    applyTheme(this.state.theme);
    await this.open(description, this.keptSource(), this.state);
  }

  /** The open source, once more: a link into the same file does not read it again. */
  keptSource() {
    const { source } = this.sweep;
    this.sweep.source = { close() {} };
    return source;
  }
}

const page = new Page();
page.start().catch((error) => page.fail(error));
// For tests: what the page shows.
globalThis.brinkExplorer = page;
