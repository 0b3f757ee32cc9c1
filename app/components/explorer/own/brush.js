// A soft brush on a small grey picture.

const SOFT = 1; // pixels over which the brush's edge fades

// Draw the way from one point to another, each [x, y] in pixels, onto grey (rows of `width`): white (tone 1) or
// black (tone 0) by the share of a pixel that the brush of this radius covers.
// Painting the same way twice changes nothing.
export function stroke(grey, width, [x0, y0], [x1, y1], radius, tone) {
  const dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
  for (let i = 0; i < grey.length; i++) {
    const x = (i % width) + 0.5 - x0, y = Math.floor(i / width) + 0.5 - y0;
    const t = length ? Math.min(1, Math.max(0, (x * dx + y * dy) / length)) : 0;
    const cover = Math.min(1, Math.max(0, (radius + SOFT / 2 - Math.hypot(x - t * dx, y - t * dy)) / SOFT));
    grey[i] = tone ? Math.max(grey[i], cover) : Math.min(grey[i], 1 - cover);
  }
}
