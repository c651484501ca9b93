// SPDX-License-Identifier: MIT
// The trajectories of the picked cells: verdicts and bits, four plots, a scrubber, a trace line.
import { el } from "./dom.js";
import { count, short } from "./format.js";
import { PathPlot, ReturnPlot } from "./paths.js";
import { stepPlot, wantsLog } from "./plots.js";

/** What the page says of a replayed cell against the file. */
export function bitsWords({ record, different, integral, stored, otherKernel }) {
  if (!record) return ["over budget", "too long to replay here: run the line below"];
  if (!integral) return ["between", "computed here, between the cells of the file"];
  if (!stored || stored.status === 0) return ["between", "not computed yet in the file"];
  if (!different.length) return ["same", "ends in the same bits as stored"];
  const why = otherKernel ? " (the file is of another version of the arithmetic)" : "";
  return ["differs", `ends in other bits than stored: ${different.join(", ")}${why}`];
}

export class Panel {
  /** root: the section; on: {remove(cell), lossOf(cell)}. */
  constructor(root, on) {
    Object.assign(this, { root, on, cells: [], step: 0, plots: [] });
    this.list = root.querySelector("#cells");
    this.area = root.querySelector("#plots");
    this.scrubber = root.querySelector("#scrubber");
    this.words = root.querySelector("#step-words");
    this.scrubber.addEventListener("input", () => this.scrub(Number(this.scrubber.value)));
    this.logStep = root.querySelector("#log-step");
    this.logStep.addEventListener("change", () => this.show(this.cells, this.ink));
    root.querySelector("#play").addEventListener("click", () => this.play());
  }

  show(cells, ink) {
    Object.assign(this, { cells, ink });
    this.root.hidden = cells.length === 0;
    this.list.replaceChildren(...cells.map((cell) => this.card(cell)));
    const traced = cells.filter(({ trace }) => trace);
    this.traced = traced;
    this.area.hidden = traced.length === 0;
    this.root.querySelector("#scrub").hidden = traced.length === 0;
    for (const plot of this.plots) plot.destroy?.();
    this.plots = [];
    if (traced.length) this.draw(traced);
  }

  card(cell) {
    const { label, colour, record, command, failure } = cell;
    const status = record ? cell.status.name : "";
    const [kind, words] = failure ? ["differs", failure] : cell.bits;
    const remove = el("button", { className: "plain", title: "remove", textContent: "×" });
    remove.addEventListener("click", () => this.on.remove(cell));
    const copy = el("button", { className: "plain", title: "copy", textContent: "copy" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command);
      copy.textContent = "copied";
    });
    const verdict = el("span", { className: "verdict", textContent: status });
    verdict.style.setProperty("--colour", record ? cell.status.colour : "#888");
    const head = el("div", { className: "card-head" }, [
      el("span", { className: "ring", style: `border-color:${colour}` }),
      el("strong", { textContent: label }),
      verdict,
      remove,
    ]);
    const steps = record ? `${count(record.steps)} steps · ` : "";
    return el("article", { className: "card" }, [
      head,
      el("p", { className: `bits ${kind}`, textContent: steps + words }),
      el("div", { className: "command" }, [el("code", { textContent: command }), copy]),
      this.facts(cell),
    ]);
  }

  facts({ record }) {
    const list = el("dl", { className: "facts" });
    for (const name of ["edge_end", "balance", "loss_end", "period", "lyapunov"]) {
      if (!record || !Number.isFinite(record[name]) || (name === "period" && !record.period))
        continue;
      list.append(
        el("dt", { textContent: name }),
        el("dd", { textContent: short(record[name], 4) }),
      );
    }
    return list;
  }

  draw(cells) {
    const { ink } = this;
    const last = Math.max(...cells.map(({ trace }) => trace.step.at(-1)));
    this.scrubber.max = String(last);
    this.step = last;
    const logStep = this.logStep.checked;
    const shared = {
      cells,
      ink,
      logStep,
      stepOf: () => this.step,
      onStep: (step) => this.scrub(step),
    };
    const guideOf = ({ trace }) => 2 / trace.rate;
    const least = Math.min(...cells.map(guideOf).filter(Number.isFinite));
    this.plots = [
      stepPlot(this.area.querySelector("#loss"), {
        ...shared,
        label: "loss above its minimum",
        valuesOf: (trace) => trace.loss,
        log: true,
      }),
      stepPlot(this.area.querySelector("#sharpness"), {
        ...shared,
        label: "sharpness; dashed 2/h",
        valuesOf: (trace) => trace.sharpness,
        guideOf,
        log: cells.some(({ trace }) => wantsLog(trace.sharpness, least)),
      }),
      new PathPlot(this.area.querySelector("#path"), cells, this.on.lossOf(cells.at(-1)), ink),
      new ReturnPlot(this.area.querySelector("#return"), cells, ink),
    ];
    this.scrub(last);
  }

  scrub(step) {
    this.step = step;
    this.scrubber.value = String(step);
    this.words.textContent = `step ${count(step)}`;
    const [loss, sharpness, path, map] = this.plots;
    if (!map) return;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      loss.redraw(false);
      sharpness.redraw(false);
      path.draw(step);
      map.draw(step);
    });
  }

  /** Runs through the steps in about eight seconds, from the start if at the end. */
  play() {
    const last = Number(this.scrubber.max);
    this.playing = !this.playing;
    let step = this.step >= last ? 0 : this.step;
    const next = () => {
      if (!this.playing) return;
      this.scrub(Math.min(last, Math.round(step)));
      step += Math.max(last / 480, 0.1);
      if (this.step >= last) this.playing = false;
      else requestAnimationFrame(next);
    };
    next();
  }
}
