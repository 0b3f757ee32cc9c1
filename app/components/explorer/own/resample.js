// Part of a grey picture at another size: a triangle filter, as wide as an output pixel where it shrinks
// (antialiasing), linear interpolation where it enlarges. Pillow's BILINEAR `resize` with `box` does the same.

// picture: {grey, width, height}; region: {left, top, right, bottom} in its pixels, which may reach beyond it;
// -> Float32Array (height * width); 0 where there is no picture.
export function resample(picture, { left, top, right, bottom }, width, height) {
  const columns = weigh(picture.width, left, right, width), rows = weigh(picture.height, top, bottom, height);
  const narrow = new Float64Array(picture.height * width);
  for (let y = 0; y < picture.height; y++) {
    columns.forEach(({ first, weights }, x) => {
      let sum = 0;
      weights.forEach((weight, i) => { sum += weight * picture.grey[y * picture.width + first + i]; });
      narrow[y * width + x] = sum;
    });
  }
  const made = new Float32Array(height * width);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      weights.forEach((weight, i) => { sum += weight * narrow[(first + i) * width + x]; });
      made[y * width + x] = sum;
    }
  });
  return made;
}

// For each of `count` output pixels along one side: the first input pixel it is made of, and the weights.
function weigh(size, from, to, count) {
  const scale = (to - from) / count, support = Math.max(1, scale);
  return Array.from({ length: count }, (_, out) => {
    const centre = from + (out + 0.5) * scale;
    const first = Math.max(0, Math.round(centre - support)), end = Math.min(size, Math.round(centre + support));
    const weights = [];
    for (let i = first; i < end; i++) weights.push(Math.max(0, 1 - Math.abs((i + 0.5 - centre) / support)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: total > 0 ? weights.map((weight) => weight / total) : [] };
  });
}
