// Which part of the plane the canvas shows: zoom about a point, pan, and both directions of coordinates.
// The plane's y grows upwards, the screen's downwards. Screen lengths are CSS pixels.

const MARGIN = 18; // keeps the outermost points whole
const MOST = 64; // times

export function makeView(bounds) {
  const home = { x: bounds.left + bounds.width / 2, y: bounds.bottom + bounds.height / 2, zoom: 1 };
  const view = { ...home, width: 1, height: 1 };

  // screen pixels a unit of the plane
  view.scale = () => {
    const across = Math.max(1, view.width - 2 * MARGIN) / (bounds.width || 1);
    const up = Math.max(1, view.height - 2 * MARGIN) / (bounds.height || 1);
    return view.zoom * Math.min(across, up);
  };
  view.toScreen = (x, y) => {
    const s = view.scale();
    return [view.width / 2 + (x - view.x) * s, view.height / 2 - (y - view.y) * s];
  };
  view.toPlane = (sx, sy) => {
    const s = view.scale();
    return [view.x + (sx - view.width / 2) / s, view.y - (sy - view.height / 2) / s];
  };
  view.pan = (dx, dy) => {
    const s = view.scale();
    view.x = clamp(view.x - dx / s, bounds.left, bounds.left + bounds.width);
    view.y = clamp(view.y + dy / s, bounds.bottom, bounds.bottom + bounds.height);
  };
  // What lies under (sx, sy) stays there, until the whole is shown again.
  view.zoomAt = (sx, sy, factor) => {
    const [x, y] = view.toPlane(sx, sy);
    view.zoom = clamp(view.zoom * factor, 1, MOST);
    if (view.zoom === 1) return view.reset();
    const [nx, ny] = view.toScreen(x, y);
    view.pan(sx - nx, sy - ny);
  };
  // A place of the plane in the middle, as far as that is allowed.
  view.show = (x, y, zoom) => {
    view.zoom = clamp(zoom, 1, MOST);
    view.x = clamp(x, bounds.left, bounds.left + bounds.width);
    view.y = clamp(y, bounds.bottom, bounds.bottom + bounds.height);
  };
  view.reset = () => Object.assign(view, home);
  view.moved = () => view.zoom !== 1 || view.x !== home.x || view.y !== home.y;
  // Pan just enough to bring a point of the plane at least `edge` pixels inside.
  view.reveal = (x, y, edge = 40) => {
    const [sx, sy] = view.toScreen(x, y);
    view.pan(clamp(sx, edge, view.width - edge) - sx, clamp(sy, edge, view.height - edge) - sy);
  };
  return view;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
