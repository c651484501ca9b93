// SPDX-License-Identifier: MIT
// What the build packs into the page: the kernel and the workers' code, deflated.
import { inflate } from "./sweep.js";

// KERNEL_WASM, KERNEL_WORKER and H5_WORKER are text that build.mjs puts in.

async function workerUrl(packed) {
  const code = await inflate(packed, "deflate");
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}

export async function kernelModule() {
  return WebAssembly.compile(await inflate(KERNEL_WASM, "deflate"));
}

/** A function that opens kernel workers. */
export async function kernelWorkers() {
  const url = await workerUrl(KERNEL_WORKER);
  return () => new Worker(url);
}

export async function h5Worker() {
  return new Worker(await workerUrl(H5_WORKER));
}
