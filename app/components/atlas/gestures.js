// What a person does on the canvas, in its CSS pixels: one finger or button aims, or draws while that is its mode;
// shift, another button or two fingers move the map, the wheel and two fingers zoom, a press without a move is a click.

const STILL = 4; // pixels a click may wander

// act: {aim(x, y), click(x, y, touch), hover(x, y), leave(), pan(dx, dy), zoom(x, y, factor), moving(yes), key(event),
// drawing(), draw(x, y), drawn(whole)}; drawing: whether a press draws; drawn: the line ended, or was cut off.
export function listen(canvas, act, signal) {
  const on = (event, handle, options) => canvas.addEventListener(event, handle, { signal, ...options });
  const down = new Map(); // pointerId -> [x, y]
  let gesture = null; // "aim", "draw", "pan", "pinch" or, after a pinch, "rest" until all fingers are up
  let from = null; // where a press began, until it moves

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  on("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    from = null;
    if (gesture === "draw") act.drawn(false);
    if (down.size > 1) gesture = "pinch";
    else if (event.button !== 0 || event.shiftKey) gesture = "pan";
    else if (act.drawing()) {
      gesture = "draw";
      act.draw(...place(event));
    } else {
      gesture = "aim";
      from = place(event);
    }
    act.moving(gesture === "pan" || gesture === "pinch");
    act.leave();
  });

  on("pointermove", (event) => {
    const [x, y] = place(event);
    const before = down.get(event.pointerId);
    if (!before) return act.hover(x, y);
    down.set(event.pointerId, [x, y]);
    if (gesture === "pan") act.pan(x - before[0], y - before[1]);
    if (gesture === "draw") act.draw(x, y);
    if (gesture === "pinch") pinch(event.pointerId, before, [x, y]);
    if (gesture !== "aim") return;
    if (from && Math.hypot(x - from[0], y - from[1]) < STILL) return;
    from = null;
    act.aim(x, y);
  });

  const lift = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (event.type === "pointerup" && from) act.click(...from, event.pointerType !== "mouse");
    if (gesture === "draw") act.drawn(event.type === "pointerup");
    from = null;
    gesture = down.size ? "rest" : null;
    act.moving(false);
  };
  on("pointerup", lift);
  on("pointercancel", lift);
  on("pointerleave", (event) => event.pointerType === "mouse" && act.leave()); // a finger that is lifted leaves, too
  on("contextmenu", (event) => event.preventDefault());
  on("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    act.zoom(...place(event), Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)));
  }, { passive: false });
  on("keydown", (event) => act.key(event));

  // One of two fingers has moved; the other holds still.
  function pinch(id, before, after) {
    const other = [...down].find(([one]) => one !== id)?.[1];
    if (!other) return;
    const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    act.pan((after[0] - before[0]) / 2, (after[1] - before[1]) / 2);
    act.zoom((after[0] + other[0]) / 2, (after[1] + other[1]) / 2, apart(after) / apart(before));
  }
}
