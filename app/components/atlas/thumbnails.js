// Pictures in place of dots, where there is room for them.

const BORDER = 2; // CSS pixels of a dot's colour round its picture

// Which points get a picture: each that would overlap none before it. That depends on `apart` alone, the distance in
// the plane that pictures keep, so that panning changes nothing. -> {pictured, rest}: both Int32Array.
export function spreadOut(points, among, apart) {
  const cells = new Map(); // "column, row" -> the points with a picture there
  const key = (column, row) => column * 1048576 + row;
  const free = (x, y, column, row) => {
    for (let c = column - 1; c <= column + 1; c++) {
      for (let r = row - 1; r <= row + 1; r++) {
        for (const i of cells.get(key(c, r)) ?? []) {
          if (Math.abs(points[2 * i] - x) < apart && Math.abs(points[2 * i + 1] - y) < apart) return false;
        }
      }
    }
    return true;
  };
  const pictured = [], rest = [];
  for (const i of among) {
    const x = points[2 * i], y = points[2 * i + 1];
    const column = Math.floor(x / apart), row = Math.floor(y / apart);
    if (free(x, y, column, row)) {
      pictured.push(i);
      const cell = cells.get(key(column, row));
      if (cell) cell.push(i);
      else cells.set(key(column, row), [i]);
    } else rest.push(i);
  }
  return { pictured: Int32Array.from(pictured), rest: Int32Array.from(rest) };
}

// The grey pictures of the points `among`, in their colours' frames. pixels, place, groups and colours as in points.js;
// side: [height, width] of an image; size: device pixels of the picture's longer side; ratio: device pixels a CSS pixel.
export function drawPictures(pixels, width, height, { points, groups, colours, among, place, images, side, size, ratio }) {
  const rows = Math.round((size * side[0]) / Math.max(...side)), columns = Math.round((size * side[1]) / Math.max(...side));
  const border = Math.max(1, Math.round(BORDER * ratio));
  const from = (count, all) => Int32Array.from({ length: count }, (_, at) => Math.floor(((at + 0.5) * all) / count));
  const fromRow = from(rows, side[0]), fromColumn = from(columns, side[1]);
  for (const i of among) {
    const left = Math.round(place.x + points[2 * i] * place.scale - columns / 2);
    const top = Math.round(place.y - points[2 * i + 1] * place.scale - rows / 2);
    if (left + columns + border <= 0 || top + rows + border <= 0 || left - border >= width || top - border >= height) continue;
    const colour = colours[groups[i]], image = i * side[0] * side[1];
    for (let y = Math.max(-border, -top); y < Math.min(rows + border, height - top); y++) {
      const start = (top + y) * width + left, inside = y >= 0 && y < rows, line = image + fromRow[inside ? y : 0] * side[1];
      for (let x = Math.max(-border, -left); x < Math.min(columns + border, width - left); x++) {
        const picture = inside && x >= 0 && x < columns;
        pixels[start + x] = picture ? 0xff000000 | (images[line + fromColumn[x]] * 0x010101) : colour;
      }
    }
  }
}
