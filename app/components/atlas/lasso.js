// A closed line drawn round some points.

const STEP = 3; // pixels: a corner nearer to the last one says nothing new

// The points of `among` inside the polygon, by the even-odd rule. points: the layout; corners: [[x, y], ..] in the plane.
export function enclosed(points, among, corners) {
  if (corners.length < 3) return new Int32Array(0);
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  const left = Math.min(...xs), right = Math.max(...xs), bottom = Math.min(...ys), top = Math.max(...ys);
  return among.filter((i) => {
    const x = points[2 * i], y = points[2 * i + 1];
    return x >= left && x <= right && y >= bottom && y <= top && isInside(x, y, corners);
  });
}

function isInside(x, y, corners) {
  let inside = false;
  let [px, py] = corners.at(-1);
  for (const [qx, qy] of corners) {
    if (py > y !== qy > y && x < px + ((y - py) / (qy - py)) * (qx - px)) inside = !inside;
    [px, py] = [qx, qy];
  }
  return inside;
}

// The line while it is drawn, in the plane, so that it stays round its points when the view moves.
export function makeLasso() {
  let corners = [];
  return {
    corners: () => corners,
    clear() { corners = []; },
    // Add a corner; whether it was far enough from the last. scale: pixels a unit of the plane.
    add(x, y, scale) {
      const last = corners.at(-1);
      const far = !last || Math.hypot(x - last[0], y - last[1]) * scale >= STEP;
      if (far) corners.push([x, y]);
      return far;
    },
  };
}

// How many of the points have each label, the most first: [[label, count], ..].
export function counts(indices, labels) {
  const found = new Map();
  for (const i of indices) found.set(labels[i], (found.get(labels[i]) ?? 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

export function mean(indices, values) {
  let sum = 0, count = 0;
  for (const i of indices) {
    sum += values[i];
    count++;
  }
  return sum / count;
}
