// The dots of the map, blended by hand into one image: 10,000 translucent dots in a few milliseconds,
// where as many canvas calls would take a frame.

const PHASES = 4; // a dot sits on a quarter of a pixel, so that it glides

// pixels: Uint32Array (width * height), already filled with the ground colour. points: the layout, in
// the plane. groups: Uint8Array, the colour's number of each point. colours: Uint32Array of 0xAABBGGRR.
// place: {x, y, scale} with screen = x + px * scale, y - py * scale, in device pixels.
// alpha: of a dot, 0 to 1. among: the numbers of the points to draw, in this order.
export function drawPoints(pixels, width, height, { points, groups, colours, among, place, radius, alpha }) {
  const dots = discs(radius);
  const reach = dots.reach, size = dots.size;
  const weight = Math.round(alpha * 256);
  for (const i of among) {
    const x = place.x + points[2 * i] * place.scale - reach;
    const y = place.y - points[2 * i + 1] * place.scale - reach;
    const left = Math.floor(x), top = Math.floor(y);
    if (left + size <= 0 || top + size <= 0 || left >= width || top >= height) continue;
    const disc = dots.at(x - left, y - top);
    blend(pixels, width, height, left, top, size, disc, colours[groups[i]], weight);
  }
}

function blend(pixels, width, height, left, top, size, disc, colour, weight) {
  const redBlue = colour & 0xff00ff, green = colour & 0x00ff00;
  const firstRow = Math.max(0, -top), lastRow = Math.min(size, height - top);
  const firstColumn = Math.max(0, -left), lastColumn = Math.min(size, width - left);
  for (let row = firstRow; row < lastRow; row++) {
    let at = (top + row) * width + left + firstColumn;
    let from = row * size + firstColumn;
    for (let column = firstColumn; column < lastColumn; column++, at++, from++) {
      const a = (disc[from] * weight) >> 8;
      if (a === 0) continue;
      const under = pixels[at];
      const rb = under & 0xff00ff, g = under & 0x00ff00;
      pixels[at] =
        0xff000000 |
        ((rb + (Math.imul(redBlue - rb, a) >> 8)) & 0xff00ff) |
        ((g + (Math.imul(green - g, a) >> 8)) & 0x00ff00);
    }
  }
}

// Smooth discs of a radius for every quarter-pixel offset, each size * size of 0..256.
const made = new Map();
export function discs(radius) {
  const key = Math.round(radius * 20);
  if (!made.has(key)) {
    if (made.size > 64) made.clear();
    made.set(key, makeDiscs(key / 20));
  }
  return made.get(key);
}

function makeDiscs(radius) {
  const reach = Math.ceil(radius + 0.5), size = 2 * reach + 1;
  const phases = [];
  for (let phase = 0; phase < PHASES * PHASES; phase++) {
    const cx = reach + (phase % PHASES) / PHASES, cy = reach + Math.floor(phase / PHASES) / PHASES;
    const disc = new Uint16Array(size * size);
    for (let i = 0; i < disc.length; i++) {
      const distance = Math.hypot((i % size) + 0.5 - cx, Math.floor(i / size) + 0.5 - cy);
      disc[i] = Math.round(256 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
    }
    phases.push(disc);
  }
  const step = (offset) => Math.min(PHASES - 1, Math.floor(offset * PHASES));
  return { reach, size, at: (dx, dy) => phases[step(dy) * PHASES + step(dx)] };
}
