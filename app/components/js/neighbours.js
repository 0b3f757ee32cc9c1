// The k rows of a table that lie nearest to a point, exactly: every row is looked at, and left as soon as it is
// farther than the k-th nearest so far.

const STRIDE = 16; // numbers between two looks at whether a row is too far already

// rows: (n, d) in one array; target: d numbers. -> {index, squared, advance(count)}: the rows found so far, nearest
// first, and the sums of their squared differences. advance looks at `count` more rows, or all: true at the end.
export function searchRows(rows, target, k) {
  const d = target.length, n = rows.length / d;
  const index = [], squared = [];
  let row = 0;

  function keep(distance) {
    let at = squared.length < k ? squared.length : k - 1;
    for (; at > 0 && squared[at - 1] > distance; at--) {
      index[at] = index[at - 1];
      squared[at] = squared[at - 1];
    }
    index[at] = row;
    squared[at] = distance;
  }

  function advance(count = n) {
    for (const end = Math.min(n, row + count); row < end; row++) {
      const limit = squared.length < k ? Infinity : squared[k - 1];
      let sum = 0;
      for (let j = 0, from = row * d; j < d && sum < limit;) {
        for (const stop = Math.min(d, j + STRIDE); j < stop; j++) sum += (rows[from + j] - target[j]) ** 2;
      }
      if (sum < limit) keep(sum);
    }
    return row === n;
  }

  return { index, squared, advance };
}

// The same at once: {index, squared}.
export function nearestRows(rows, target, k) {
  const search = searchRows(rows, target, k);
  search.advance();
  return search;
}
