// SPDX-License-Identifier: MIT
// Elements in one line.

export function el(tag, properties = {}, children = []) {
  const { style, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (style) element.style.cssText = style;
  element.append(...children);
  return element;
}
