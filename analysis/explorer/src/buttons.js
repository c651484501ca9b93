// SPDX-License-Identifier: MIT
// What the page's buttons, menus and keys do.
import { isDark } from "./theme.js";

const $ = (id) => document.getElementById(id);

export function connectButtons(page) {
  $("field").addEventListener("change", () => page.colour($("field").value));
  $("reset").addEventListener("click", () => {
    page.view?.reset();
    page.changed();
  });
  $("theme").addEventListener("click", () => {
    page.state.theme = isDark(page.state.theme) ? "light" : "dark";
    page.retheme();
  });
  $("png").addEventListener("click", () => page.box && page.savePng());
  $("link").addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href);
    $("link").textContent = "Copied";
    setTimeout(() => {
      $("link").textContent = "Link";
    }, 1200);
  });
  $("file").addEventListener("change", () => page.openFiles($("file").files));
  $("touch").addEventListener("keydown", (event) => {
    const { places } = page.cursor;
    if (event.key === "Enter" && places) page.pickPlaces(places, event.shiftKey);
  });
}
