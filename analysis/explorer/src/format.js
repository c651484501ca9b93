// SPDX-License-Identifier: MIT
// Numbers in words.

const SUPERSCRIPT = { "-": "⁻" };
"0123456789".split("").forEach((digit, i) => {
  SUPERSCRIPT[digit] = "⁰¹²³⁴⁵⁶⁷⁸⁹"[i];
});

/** 10 to a whole power as people write it: 10⁻⁴. */
export function powerOfTen(power) {
  return `10${[...String(power)].map((c) => SUPERSCRIPT[c]).join("")}`;
}

/** A number of up to `digits` figures that reads easily: 0.25, 4, 1.2e−5. */
export function short(value, digits = 6) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text = String(Number(value.toPrecision(digits)));
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    text = value
      .toExponential(digits - 1)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  }
  return text.replace(/-/g, "−");
}

export function tickLabel(value, decimals, log = false) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (log) {
    const power = Math.round(Math.log10(size));
    return power >= -2 && power <= 3 ? short(value) : powerOfTen(power);
  }
  if (size >= 1e6 || size < 1e-5) return short(value, 8);
  return value.toFixed(Math.min(12, decimals)).replace("-", "−");
}

/** 16777216 -> "16 777 216", with thin spaces. */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A share that never rounds to none or to all. */
export function share(part, whole) {
  const percent = whole ? (100 * part) / whole : 0;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  if (percent > 99.9 && percent < 100) return ">99.9 %";
  return `${percent.toFixed(1)} %`;
}
