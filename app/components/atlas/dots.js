// The lower canvas: the dots, and from some zoom on pictures in place of those that have room for one.

import { drawPoints } from "./points.js";
import { drawPictures, spreadOut } from "./thumbnails.js";

const DOT = 2.3; // CSS pixels: the radius of one of 10,000 dots when all are shown
const PICTURES_FROM = 4; // times
const PICTURE = 28; // CSS pixels
const APART = 8; // CSS pixels from picture to picture

export function picturesAt(view) {
  return view.zoom >= PICTURES_FROM ? PICTURE : 0;
}

// -> paint(look): look.front is drawn over look.back, which is faint. ground: 0xAABBGGRR.
export function makeDots(canvas) {
  let sheet = null; // its pixels: megabytes, made once a size
  let spread = {}; // the last choice of pictures, and what it was made of

  return function paint({ map, view, ratio, ground, groups, colours, front, back }) {
    const { width, height } = canvas;
    if (!width || !height) return;
    sheet = sized(sheet, canvas);
    sheet.pixels.fill(ground);
    const [x, y] = view.toScreen(0, 0);
    const place = { x: x * ratio, y: y * ratio, scale: view.scale() * ratio };
    const look = { points: map.points, groups, colours, place, radius: radiusAt(view, map) * ratio };
    drawPoints(sheet.pixels, width, height, { ...look, among: back, alpha: 0.1 });
    const { pictured, rest } = picturesAt(view) ? choose(map.points, front, view) : { pictured: [], rest: front };
    drawPoints(sheet.pixels, width, height, { ...look, among: rest, alpha: back.length ? 0.9 : 0.78 });
    if (pictured.length) {
      const { images, side } = map;
      drawPictures(sheet.pixels, width, height, { ...look, among: pictured, images, side, size: PICTURE * ratio, ratio });
    }
    sheet.context.putImageData(sheet.image, 0, 0);
  };

  function choose(points, among, view) {
    const scale = view.scale();
    if (spread.scale !== scale || spread.among !== among) spread = { scale, among, ...spreadOut(points, among, (PICTURE + APART) / scale) };
    return spread;
  }
}

function radiusAt(view, map) {
  const crowd = (10000 / map.labels.length) ** 0.25;
  return Math.min(7, DOT * Math.min(2, crowd) * view.zoom ** 0.4);
}

function sized(sheet, canvas) {
  if (sheet?.image.width === canvas.width && sheet?.image.height === canvas.height) return sheet;
  const context = canvas.getContext("2d", { alpha: false });
  const image = context.createImageData(canvas.width, canvas.height);
  return { context, image, pixels: new Uint32Array(image.data.buffer) };
}
