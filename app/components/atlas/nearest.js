// The k nearest points of a flat layout, exactly, by a uniform grid of cells over its bounding box.

// points: Float32Array (x0, y0, x1, y1, ...). Returns search(x, y, k) -> {count, index, squared}: the
// nearest `count` = min(k, n) points, nearest first, with their squared distances. The answer's arrays
// are longer than that where an earlier search asked for more, and the next search writes over them.
export function makeNearest(points, perCell = 2) {
  const n = points.length / 2;
  const bounds = boundsOf(points);
  const side = Math.max(bounds.width, bounds.height) || 1;
  const cells = Math.max(1, Math.ceil(Math.sqrt(n / perCell)));
  const pitch = side / cells;
  const column = (x) => Math.min(cells - 1, Math.max(0, Math.floor((x - bounds.left) / pitch)));
  const row = (y) => Math.min(cells - 1, Math.max(0, Math.floor((y - bounds.bottom) / pitch)));

  // a counting sort: the points of cell c are order[start[c]] ... order[start[c + 1] - 1]
  const start = new Int32Array(cells * cells + 1);
  const cellOf = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    cellOf[i] = row(points[2 * i + 1]) * cells + column(points[2 * i]);
    start[cellOf[i] + 1]++;
  }
  for (let c = 0; c < cells * cells; c++) start[c + 1] += start[c];
  const fill = start.slice();
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[fill[cellOf[i]]++] = i;

  const found = { count: 0, wanted: 0, index: new Int32Array(0), squared: new Float64Array(0) };

  return function search(x, y, k) {
    const { wanted, squared } = begin(found, Math.min(k, n));
    const cx = column(x), cy = row(y);
    for (let ring = 0; ring < cells; ring++) {
      for (let gy = Math.max(0, cy - ring); gy <= Math.min(cells - 1, cy + ring); gy++) {
        const whole = Math.abs(gy - cy) === ring; // the ring's top and bottom rows; of the others, two cells
        for (let gx = cx - ring; gx <= cx + ring; gx += whole || ring === 0 ? 1 : 2 * ring) {
          if (gx >= 0 && gx < cells) visit(gy * cells + gx);
        }
      }
      if (found.count === wanted && squared[found.count - 1] <= unseen(ring) ** 2) break;
    }
    return found;

    function visit(cell) {
      for (let at = start[cell]; at < start[cell + 1]; at++) {
        const i = order[at];
        const dx = points[2 * i] - x, dy = points[2 * i + 1] - y;
        insert(found, i, dx * dx + dy * dy);
      }
    }

    // no point outside the rings up to this one is nearer than this
    function unseen(ring) {
      let gap = Infinity;
      if (cx - ring > 0) gap = Math.min(gap, x - (bounds.left + (cx - ring) * pitch));
      if (cx + ring < cells - 1) gap = Math.min(gap, bounds.left + (cx + ring + 1) * pitch - x);
      if (cy - ring > 0) gap = Math.min(gap, y - (bounds.bottom + (cy - ring) * pitch));
      if (cy + ring < cells - 1) gap = Math.min(gap, bounds.bottom + (cy + ring + 1) * pitch - y);
      return gap;
    }
  };
}

export function boundsOf(points) {
  let left = Infinity, right = -Infinity, bottom = Infinity, top = -Infinity;
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    bottom = Math.min(bottom, points[i + 1]);
    top = Math.max(top, points[i + 1]);
  }
  return { left, bottom, width: right - left, height: top - bottom };
}

function begin(found, k) {
  if (found.index.length < k) {
    found.index = new Int32Array(k);
    found.squared = new Float64Array(k);
  }
  found.wanted = k;
  found.count = 0;
  return found;
}

// Keep the nearest, sorted.
function insert(found, i, distance) {
  const { wanted, index, squared } = found;
  let at = found.count;
  if (at === wanted) {
    if (at === 0 || distance >= squared[at - 1]) return;
    at--;
  } else {
    found.count++;
  }
  for (; at > 0 && squared[at - 1] > distance; at--) {
    index[at] = index[at - 1];
    squared[at] = squared[at - 1];
  }
  index[at] = i;
  squared[at] = distance;
}
