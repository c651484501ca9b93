// SPDX-License-Identifier: MIT
// Of jobs that overtake each other only the newest counts.

export class Newest {
  /** Begins a job; the function that is returned says whether no other has begun since. */
  begin() {
    const turn = {};
    this.turn = turn;
    return () => this.turn === turn;
  }
}
