// What the colour of a dot says: its image's class, or a number on a ramp.

import { classColours, packed } from "./palette.js";

const STEPS = 256; // colours of a ramp
const TAIL = 0.01; // share of the points at either end of a ramp that have its last colour

// A ramp is a straight line in OKLab, so that equal steps look equal; from blue to yellow and with its lightness, so
// that it reads without red-green sight, too. What is more stands out more from the ground. Ends: [L, a, b].
const ENDS = {
  light: [[0.76, 0.01, 0.135], [0.33, -0.01, -0.14]],
  dark: [[0.5, -0.02, -0.15], [0.93, -0.02, 0.14]],
};

// -> Uint32Array (STEPS) of 0xAABBGGRR
export function ramp(onDark) {
  const [from, to] = onDark ? ENDS.dark : ENDS.light;
  return Uint32Array.from({ length: STEPS }, (_, i) => fromOklab(from.map((value, j) => value + ((to[j] - value) * i) / (STEPS - 1))));
}

// Björn Ottosson's OKLab as an opaque sRGB colour; what is outside of sRGB is clipped.
function fromOklab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const byte = (x) => Math.round(255 * Math.min(1, Math.max(0, x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055)));
  const red = byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

// Where each value lies on a ramp: {groups: Uint8Array of its step, low, high: the values at the ramp's ends}.
export function onRamp(values) {
  const sorted = Float32Array.from(values).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const low = at(TAIL), high = at(1 - TAIL), reach = high - low || 1;
  const step = (value) => Math.max(0, Math.min(STEPS - 1, Math.round(((value - low) / reach) * (STEPS - 1))));
  return { groups: Uint8Array.from(values, step), low, high };
}

// What a person can choose: {id, title, unit}. order: the code's dimensions, the most important first.
export function choices(order, pixels) {
  return [
    { id: "class", title: "Class", unit: "" },
    { id: "sse", title: "Error (SSE)", unit: `reconstruction error: squared, summed over ${pixels} pixels` },
    ...order.map((j) => ({ id: `z${j}`, title: `Dimension z${j}`, unit: `value of z${j}, no unit` })),
  ];
}

// The colour's number of each point, and what colours there are: {groups, low, high, colours(onDark) -> Uint32Array}.
// low and high are there only on a ramp.
export function colouring(by, { labels, sse, codes, d }, classes) {
  if (by === "class") {
    const colours = (onDark) => {
      const palette = classColours(onDark).map(packed);
      return Uint32Array.from({ length: classes }, (_, group) => palette[group % palette.length]);
    };
    return { groups: labels, colours };
  }
  const j = Number(by.slice(1));
  return { ...onRamp(by === "sse" ? sse : Float32Array.from(labels, (_, i) => codes[i * d + j])), colours: ramp };
}
