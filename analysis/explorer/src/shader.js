// SPDX-License-Identifier: MIT
// The shaders of the diagram: a layer of cells in a rectangle of places, averaged over a pixel.

export const VERTEX = `#version 300 es
uniform vec4 part;  // of the canvas that the layer covers: left, right, bottom, top, 0 .. 1
uniform vec4 cells; // of the layer at those edges, from cell base
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  place = mix(cells.xz, cells.yw, corner);
  gl_Position = vec4(mix(part.xz, part.yw, corner) * 2.0 - 1.0, 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
in vec2 place;            // in cells of the layer, from base: floats tell deep zooms apart
uniform ivec2 base;
uniform ivec2 size;       // cells of the layer
uniform vec2 pixel;       // cells of the layer in a pixel
uniform sampler2D status; // one byte a cell
uniform sampler2D field;  // one byte a cell
uniform sampler2D statusPalette;
uniform sampler2D fieldPalette;
uniform bool byStatus;
uniform int shown;        // bit v: cells of status v are shown
uniform vec3 ground;      // colour of hidden cells
uniform vec3 hatch;       // of the lines on cells that are not computed yet
uniform float solid;      // 0: cells not computed yet are transparent
uniform float samplesMax;
out vec4 colour;

vec4 cell(vec2 at) {
  ivec2 index = clamp(ivec2(floor(at)) + base, ivec2(0), size - 1);
  int verdict = int(texelFetch(status, index, 0).r * 255.0 + 0.5);
  if (verdict == 0) {
    vec2 p = gl_FragCoord.xy;
    float line = step(5.5, mod(p.x + p.y, 8.0));
    return vec4(mix(ground, hatch, line * 0.6), 1.0) * solid;
  }
  if ((shown >> verdict & 1) == 0) return vec4(ground, 1.0);
  if (byStatus) return texelFetch(statusPalette, ivec2(verdict, 0), 0);
  int value = int(texelFetch(field, index, 0).r * 255.0 + 0.5);
  return texelFetch(fieldPalette, ivec2(value, 0), 0);
}

void main() {
  vec2 count = clamp(ceil(pixel), 1.0, samplesMax);
  vec4 sum = vec4(0.0);
  for (float j = 0.0; j < count.y; j++)
    for (float i = 0.0; i < count.x; i++)
      sum += cell(place + pixel * ((vec2(i, j) + 0.5) / count - 0.5) * step(1.5, count));
  colour = sum / (count.x * count.y);
}`;
