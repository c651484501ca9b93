// SPDX-License-Identifier: MIT
// The cell under the crosshair, of the grid or between its cells, and its values in words.
import { valuesAt } from "./cells.js";
import { short } from "./format.js";
import { drawHover } from "./legend.js";

const NEAR_PIXELS = 7; // so near to the centre of a cell of the grid, that cell is meant
const SMALL_PIXELS = 24; // and anywhere in one that is no larger

export class Cursor {
  /** page: what is shown; root: the list of values. */
  constructor(page, root) {
    Object.assign(this, { page, root, places: null });
  }

  /** Row and column of the crosshair, as places. */
  get at() {
    return this.page.sweep.placeOf(this.places);
  }

  /** Places of the cell at a point: of the grid, or of the finer blocks where they are shown. */
  placesAt(part) {
    const { sweep, view, refiner, slice } = this.page;
    const { horizontal, vertical } = sweep;
    const at = view.place(part.x, part.y);
    const [column, row] = [horizontal.cellAt(at.x), vertical.cellAt(at.y)];
    if (column < 0 || row < 0) return null;
    const fine = refiner?.at(at.x, at.y);
    if (!fine || this.isNear(at, column, row)) return sweep.index(slice, row, column);
    const whole = (axis, place) => (axis.divisible ? place : Math.round(place));
    return sweep.index(slice, whole(vertical, fine.place.y), whole(horizontal, fine.place.x));
  }

  /** Is a point within a few pixels of the centre of a cell of the grid? */
  isNear(at, column, row) {
    const { view, box, sweep } = this.page;
    const across = ((at.x - column) / (view.x1 - view.x0)) * box.width;
    const up = ((at.y - row) / (view.y1 - view.y0)) * box.height;
    const { horizontal, vertical } = sweep;
    const sizes = [box.width / (view.x1 - view.x0), box.height / (view.y1 - view.y0)];
    const large = [horizontal, vertical].some(
      (axis, k) => axis.divisible && sizes[k] > SMALL_PIXELS,
    );
    if (!large) return true;
    const distance = Math.hypot(horizontal.divisible ? across : 0, vertical.divisible ? up : 0);
    return distance < NEAR_PIXELS;
  }

  hover(part) {
    this.part = part;
    this.places = part ? this.placesAt(part) : null;
    this.describe();
  }

  /** Moves by cells of the grid, from the middle of the view if it is nowhere. */
  step(dx, dy) {
    const { sweep, view, slice } = this.page;
    const { horizontal, vertical } = sweep;
    const middle = view.place(0.5, 0.5);
    const [row, column] = this.places ? this.at : [middle.y, middle.x];
    const clamp = (axis, place) => Math.min(axis.num - 1, Math.max(0, Math.round(place)));
    this.places = sweep.index(slice, clamp(vertical, row + dy), clamp(horizontal, column + dx));
    this.describe();
  }

  describe() {
    const { places } = this;
    const { sweep, status, values, field, refiner } = this.page;
    if (!places) {
      drawHover(this.root, []);
      return;
    }
    const between = valuesAt(sweep, places);
    const entries = sweep.axes
      .map((axis, k) => [axis, places[k]])
      .filter(([axis]) => axis.name)
      .map(([axis, place]) => [
        axis.name,
        Number.isInteger(place) ? axis.words(place) : short(between[axis.name], 7),
      ]);
    const [row, column] = this.at;
    if (places.every(Number.isInteger)) {
      const at = row * sweep.horizontal.num + column;
      entries.push(["verdict", sweep.statusName(status[at])]);
      if (field !== "status") entries.push([field, sweep.words(field, values[at])]);
      this.describeStored(places, entries);
    } else {
      const fine = refiner?.at(column, row);
      if (fine) {
        entries.push(["verdict, computed", sweep.statusName(fine.block.status[fine.at])]);
        const record = Object.fromEntries(
          Array.from(fine.block.fields, ([name, all]) => [name, all[fine.at]]),
        );
        for (const [name, value] of Object.entries(record)) entries.push([name, short(value)]);
        entries.push(...sweep.flagWords(record, between));
      }
    }
    drawHover(this.root, entries);
  }

  /** The other stored values follow when they have been read. */
  describeStored(places, entries) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(async () => {
      const { sweep, field } = this.page;
      const record = await sweep.source.cell(places);
      if (places !== this.places) return;
      const flags = record.status === 0 ? [] : sweep.flagWords(record, sweep.values(places));
      const more = Object.entries(record).map(([name, value]) => [name, short(value)]);
      const rest = [...more, ...flags].filter(([name]) => name !== "status" && name !== field);
      drawHover(this.root, [...entries, ...rest]);
    }, 60);
  }
}
