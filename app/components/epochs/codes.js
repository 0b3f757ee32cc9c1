// The 2-D map of a run's test codes at an epoch; its points glide to the next epoch's places.

import { drawPoints } from "../atlas/points.js";
import { classColours, isDark, packed } from "../atlas/palette.js";
import { fitted, makeGlide, rangeAlong } from "./glide.js";

const GLIDE = 125; // milliseconds: an epoch's time while playing
const EDGE = 8; // CSS pixels around the points
const DOT = 1.5; // a point's radius in CSS pixels

// -> show({points, labels}), which begins a journey; draw(time), which says whether it goes on.
export function makeCodes(canvas) {
  const glide = makeGlide(matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : GLIDE);
  let shown = null;

  return {
    show(frame, time) {
      if (frame === shown) return;
      shown = frame;
      glide.moveTo(fitted(frame.points), time);
    },
    draw(time) {
      if (!shown || !resized()) return false;
      paint(glide.at(time));
      return glide.moving(time);
    },
  };

  // As many canvas pixels as the screen has; false while it is not on the screen.
  function resized() {
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    return side > 0;
  }

  function paint(points) {
    const style = getComputedStyle(canvas), side = canvas.width, ratio = devicePixelRatio;
    const ground = style.getPropertyValue("--st-background-color");
    const context = canvas.getContext("2d", { alpha: false });
    const image = context.createImageData(side, side);
    const pixels = new Uint32Array(image.data.buffer).fill(packed(ground));
    const place = { x: side / 2, y: side / 2, scale: side - 2 * EDGE * ratio };
    const colours = Uint32Array.from(classColours(isDark(ground)), packed);
    const groups = shown.labels.map((label) => label % colours.length);
    drawPoints(pixels, side, side, { points, groups, colours, among: groups.keys(), place, radius: DOT * ratio, alpha: 0.8 });
    context.putImageData(image, 0, 0);
    paintWalk(context, points, place, ratio, [ground, style.getPropertyValue("--st-text-color")]);
  }

  // Where the strip goes: from the leftmost point to the rightmost, on the level of the image it starts from.
  function paintWalk(context, points, { x, y, scale }, ratio, [ground, ink]) {
    const [left, right] = rangeAlong(points, 0).map((along) => x + along * scale);
    const level = y - points[1] * scale;
    for (const [colour, width] of [[ground, 4], [ink, 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * ratio;
      context.beginPath();
      context.moveTo(left, level);
      context.lineTo(right, level);
      context.stroke();
      context.beginPath();
      context.arc(x + points[0] * scale, level, 5 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}
