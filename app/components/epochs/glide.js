// Points on their way from one epoch's places to the next one's, and the square that they are shown in.

// The points (x and y in turn) moved and scaled alike in both directions, so that they just fill a square of side 1
// about 0: an epoch's codes may lie far wider apart than the last one's.
export function fitted(points) {
  const [left, right] = rangeAlong(points, 0), [bottom, top] = rangeAlong(points, 1);
  const x = (left + right) / 2, y = (bottom + top) / 2, side = Math.max(right - left, top - bottom) || 1;
  return points.map((value, i) => (value - (i % 2 ? y : x)) / side);
}

// The least and the greatest x (axis 0) or y (axis 1) of points.
export function rangeAlong(points, axis) {
  let low = Infinity, high = -Infinity;
  for (let i = axis; i < points.length; i += 2) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  return [low, high];
}

// Each journey takes `duration` milliseconds at an even pace, from wherever the points are.
export function makeGlide(duration) {
  let from = null, to = null, began = 0;
  let now = new Float32Array(0);

  return {
    moveTo(points, time) {
      const jump = !to || points.length !== to.length || duration === 0;
      from = jump ? points : at(time).slice();
      to = points;
      began = jump ? time - duration : time;
    },
    at,
    moving: (time) => to !== null && time - began < duration,
  };

  function at(time) {
    if (now.length !== to.length) now = new Float32Array(to.length);
    const share = duration ? Math.min(1, Math.max(0, (time - began) / duration)) : 1;
    for (let i = 0; i < now.length; i++) now[i] = from[i] + (to[i] - from[i]) * share;
    return now;
  }
}
