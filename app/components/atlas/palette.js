// Ten class colours for a light and for a dark ground. Found by search: every pair is at least 0.1 apart
// in OKLab for normal sight and under simulated protanopia and deuteranopia, and every colour stands at
// 2:1 (light) or 4:1 (dark) from the ground. Neighbours in the list, and the clothes that mingle on the
// map (shirts, shoes), are far apart.

const LIGHT = [
  "#7eb5da", "#308600", "#923341", "#a863d9", "#9fa901", "#d75965", "#2b6182", "#149698", "#daa688", "#633bbb",
];
const DARK = [
  "#a1d8ff", "#54a833", "#b75460", "#cb86ff", "#c1cc43", "#fe7c85", "#4c81a4", "#48b9ba", "#fec9aa", "#815ee0",
];

export function classColours(onDark) {
  return onDark ? DARK : LIGHT;
}

// "#rrggbb" or "rgb(r, g, b)" -> 0xAABBGGRR, opaque, as the bytes of an ImageData lie in a Uint32Array.
export function packed(colour) {
  const hex = /^#(..)(..)(..)/.exec(colour);
  const [r, g, b] = hex ? hex.slice(1).map((pair) => parseInt(pair, 16)) : colour.match(/[\d.]+/g).map(Number);
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}

export function isDark(colour) {
  const abgr = packed(colour);
  return 0.299 * (abgr & 255) + 0.587 * ((abgr >> 8) & 255) + 0.114 * ((abgr >> 16) & 255) < 128;
}
