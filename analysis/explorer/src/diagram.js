// SPDX-License-Identifier: MIT
// The cells of a picture on a WebGL canvas: layers of one byte a cell, coloured by the GPU.
import { FRAGMENT, VERTEX } from "./shader.js";

const TEXTURE_MAX = 4096;

function compile(gl, type, source) {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
    throw new Error(gl.getShaderInfoLog(shader));
  return shader;
}

/**
 * What of a layer (`count` cells from `low` to `high`) a view sees along one side: the part of the
 * canvas, the cells at its ends counted from `base`, and how many cells the whole view would hold.
 */
export function visiblePart(from, to, low, high, count) {
  const ends = [Math.max(from, low), Math.min(to, high)];
  if (!(ends[1] > ends[0])) return null;
  const unit = count / (high - low);
  const base = Math.floor((ends[0] - low) * unit);
  const cells = ends.map((place) => (place - low) * unit - base);
  const part = ends.map((place) => (place - from) / (to - from));
  return { part, cells, base, inView: (to - from) * unit };
}

export class Diagram {
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("this browser has no WebGL 2, which the diagram needs");
    Object.assign(this, { canvas, gl, layers: [], fine: new Map() });
    this.look = { byStatus: true, shown: -1, ground: [1, 1, 1], hatch: [0.7, 0.7, 0.7] };
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => location.reload());
    this.program = gl.createProgram();
    gl.attachShader(this.program, compile(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(this.program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(this.program);
    gl.useProgram(this.program);
    this.uniforms = {};
    const count = gl.getProgramParameter(this.program, gl.ACTIVE_UNIFORMS);
    for (let i = 0; i < count; i++) {
      const { name } = gl.getActiveUniform(this.program, i);
      this.uniforms[name] = gl.getUniformLocation(this.program, name);
    }
    ["status", "field", "statusPalette", "fieldPalette"].forEach((name, unit) => {
      gl.uniform1i(this.uniforms[name], unit);
    });
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.palettes = { status: this.texture(), field: this.texture() };
  }

  texture() {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
      gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    return texture;
  }

  /** Fills a texture with a part of `bytes`, rows of `stride` cells. */
  upload(texture, bytes, width, height, stride = width, skip = [0, 0]) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, skip[0]);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, skip[1]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
    for (const key of [gl.UNPACK_ROW_LENGTH, gl.UNPACK_SKIP_PIXELS, gl.UNPACK_SKIP_ROWS])
      gl.pixelStorei(key, 0);
  }

  /** kind: "status" or "field"; 256 RGBA colours. */
  setPalette(kind, colours) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.palettes[kind]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
  }

  /** The picture of the grid: columns * rows status bytes, in as many textures as it takes. */
  setGrid(columns, rows, status) {
    for (const layer of this.layers) this.dropLayer(layer);
    this.layers = [];
    for (let row = 0; row < rows; row += TEXTURE_MAX)
      for (let column = 0; column < columns; column += TEXTURE_MAX) {
        const width = Math.min(TEXTURE_MAX, columns - column);
        const height = Math.min(TEXTURE_MAX, rows - row);
        const extent = [column - 0.5, column + width - 0.5, row - 0.5, row + height - 0.5];
        const layer = { width, height, extent, skip: [column, row], stride: columns };
        this.fillLayer(layer, "status", status);
        this.layers.push(layer);
      }
  }

  setField(field) {
    for (const layer of this.layers) this.fillLayer(layer, "field", field);
  }

  fillLayer(layer, kind, bytes) {
    layer[kind] ??= this.texture();
    this.upload(layer[kind], bytes, layer.width, layer.height, layer.stride, layer.skip);
  }

  dropLayer({ status, field }) {
    for (const texture of [status, field]) if (texture) this.gl.deleteTexture(texture);
  }

  /** A block of finer cells over a part of the picture; drawn in the order they come. */
  setFine(key, { width, height, extent, status, field }) {
    this.removeFine(key);
    const layer = { width, height, extent, stride: width, skip: [0, 0] };
    this.fillLayer(layer, "status", status);
    this.fillLayer(layer, "field", field);
    this.fine.set(key, layer);
  }

  removeFine(key) {
    const layer = this.fine.get(key);
    if (layer) this.dropLayer(layer);
    this.fine.delete(key);
  }

  clearFine() {
    for (const key of [...this.fine.keys()]) this.removeFine(key);
  }

  /** Draws the part of a layer that is in view. */
  drawLayer(layer, view, solid) {
    const { gl, uniforms, canvas } = this;
    const [x, y] = [
      visiblePart(view.x0, view.x1, layer.extent[0], layer.extent[1], layer.width),
      visiblePart(view.y0, view.y1, layer.extent[2], layer.extent[3], layer.height),
    ];
    if (!x || !y) return;
    [layer.status, layer.field ?? layer.status].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform4f(uniforms.part, ...x.part, ...y.part);
    gl.uniform4f(uniforms.cells, ...x.cells, ...y.cells);
    gl.uniform2i(uniforms.base, x.base, y.base);
    gl.uniform2i(uniforms.size, layer.width, layer.height);
    gl.uniform2f(uniforms.pixel, x.inView / canvas.width, y.inView / canvas.height);
    gl.uniform1f(uniforms.solid, solid);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** samples: how many cells a side a pixel averages at most. `only`: these fine blocks. */
  draw(view, samples, only) {
    const { gl, uniforms, look } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...look.outside, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.program);
    gl.uniform1i(uniforms.byStatus, look.byStatus ? 1 : 0);
    gl.uniform1i(uniforms.shown, look.shown);
    gl.uniform3f(uniforms.ground, ...look.ground);
    gl.uniform3f(uniforms.hatch, ...look.hatch);
    gl.uniform1f(uniforms.samplesMax, samples);
    [this.palettes.status, this.palettes.field].forEach((palette, i) => {
      gl.activeTexture(gl.TEXTURE2 + i);
      gl.bindTexture(gl.TEXTURE_2D, palette);
    });
    for (const layer of this.layers) this.drawLayer(layer, view, 1);
    for (const key of only) this.drawLayer(this.fine.get(key), view, 0);
    gl.activeTexture(gl.TEXTURE0);
  }
}
