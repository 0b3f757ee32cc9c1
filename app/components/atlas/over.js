// The upper canvas: the cursor, the codes that it blends, the hovered point, and the lasso.

const CURSOR = 9, POINT = 6; // CSS pixels, radii

// -> paint(look). look: {view, ratio, ink, ground, points, near, cursor, hovered, corners}; near: the neighbours and
// weights of the blend or undefined; hovered: a point or null; corners: of the lasso, in the plane.
export function makeOver(canvas) {
  const context = canvas.getContext("2d");

  return function paint({ view, ratio, ink, ground, points, near, cursor, hovered, corners }) {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const screen = (index) => view.toScreen(points[2 * index], points[2 * index + 1]);
    near?.index.forEach((index, i) => ring(...screen(index), 5, 1.5, ink, 0.25 + 0.75 * near.weight[i]));
    circled(...view.toScreen(cursor.x, cursor.y), CURSOR, 5);
    if (hovered !== null) circled(...screen(hovered), POINT, 4);
    if (corners.length) line(corners.map(([x, y]) => view.toScreen(x, y)));

    function circled(x, y, radius, halo) {
      ring(x, y, radius, halo, ground);
      ring(x, y, radius, 2, ink);
    }

    function line(path) {
      context.globalAlpha = 1;
      context.beginPath();
      path.forEach(([x, y]) => context.lineTo(x, y));
      context.closePath();
      for (const [width, stroke, dash] of [[4, ground, []], [1.75, ink, [5, 4]]]) {
        context.lineWidth = width;
        context.strokeStyle = stroke;
        context.setLineDash(dash);
        context.stroke();
      }
      context.setLineDash([]);
    }
  };

  function ring(x, y, radius, width, stroke, alpha = 1) {
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}
