// SPDX-License-Identifier: MIT
// Workers that run one job at a time each; jobs wait in a queue, the most urgent first.

export class Pool {
  /** open: makes a worker. begin: a message that every worker gets first. */
  constructor(open, begin, size) {
    this.open = open;
    this.begin = begin;
    this.queue = [];
    this.next = 1;
    this.members = Array.from({ length: size }, () => this.start());
  }

  start() {
    const member = { worker: this.open(), job: null };
    member.worker.onmessage = ({ data }) => this.finish(member, data);
    member.worker.onerror = (event) => {
      event.preventDefault?.();
      this.replace(member, event.message || "the worker failed");
    };
    this.give(member, { message: this.begin, resolve: () => {}, reject: console.error });
    return member;
  }

  give(member, job) {
    member.job = job;
    member.worker.postMessage({ ...job.message, id: this.next++ });
  }

  finish(member, { result, error }) {
    const { job } = member;
    member.job = null;
    if (error) job.reject(new Error(error));
    else job.resolve(result);
    this.feed();
  }

  /** Ends a worker with its job and puts another in its place. */
  replace(member, reason) {
    member.worker.terminate();
    member.job?.reject(new Error(reason));
    this.members[this.members.indexOf(member)] = this.start();
  }

  feed() {
    for (const member of this.members)
      if (!member.job && this.queue.length) this.give(member, this.queue.shift());
  }

  /** The promise of a job's result; a lower `rank` goes first, `kind` is for cancel. */
  run(message, rank = 0, kind = "") {
    return new Promise((resolve, reject) => {
      const job = { message, rank, kind, resolve, reject };
      const behind = this.queue.findIndex((other) => other.rank > rank);
      this.queue.splice(behind < 0 ? this.queue.length : behind, 0, job);
      this.feed();
    });
  }

  /** Drops the waiting jobs of a kind; their promises stay open for ever. */
  cancel(kind) {
    this.queue = this.queue.filter((job) => job.kind !== kind);
  }

  close() {
    for (const { worker } of this.members) worker.terminate();
    this.queue = [];
  }
}
