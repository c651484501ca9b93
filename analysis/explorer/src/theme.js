// SPDX-License-Identifier: MIT
// Light and dark: as the system says until the reader chooses.
import { rgb } from "./colour.js";

const LIGHT = {
  text: "#1a1a1a",
  faint: "#5d5d5d",
  line: "#8b8b87",
  grid: "#e4e4e0",
  cross: "#00000066",
  halo: "#ffffffcc",
  ground: "#ffffff",
  outside: "#ffffff",
  hidden: "#ececea",
  hatch: "#b9b9b4",
  none: "#dcdcd8",
  low: rgb("#ffffff"),
  high: rgb("#9fb3c8"),
};
const DARK = {
  text: "#ececea",
  faint: "#a5a5a0",
  line: "#72767b",
  grid: "#35383c",
  cross: "#ffffff77",
  halo: "#000000bb",
  ground: "#17181a",
  outside: "#17181a",
  hidden: "#2b2d30",
  hatch: "#55585c",
  none: "#3a3d40",
  low: rgb("#1c1e21"),
  high: rgb("#4a6580"),
};

const system = matchMedia("(prefers-color-scheme: dark)");

export function isDark(chosen) {
  return chosen ? chosen === "dark" : system.matches;
}

export function inkOf(chosen) {
  return isDark(chosen) ? DARK : LIGHT;
}

export function applyTheme(chosen) {
  document.documentElement.dataset.theme = isDark(chosen) ? "dark" : "light";
}

export function onSystemTheme(change) {
  system.addEventListener("change", change);
}
