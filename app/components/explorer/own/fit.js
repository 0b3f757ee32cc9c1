// A picture from outside, made as the images of a dataset are made: light on black, in its place, in its size.

import { resample } from "./resample.js";

const INK = 0.1; // what differs from the background by less is background

// How a dataset's images lie in their field: `fill` is the part of it that the longer side of the ink takes, `by`
// what stands at its middle. MNIST (LeCun et al. 1998): 20 of 28 pixels, by the centre of mass, the ink at full
// strength; Fashion-MNIST (Xiao et al. 2017): all of the field, by the bounding box.
const PLACES = {
  mnist: { by: "mass", fill: 20 / 28, stretch: true },
  fashion_mnist: { by: "box", fill: 1, stretch: false },
};

// Whether the dataset's images are light things on black, so that inverting and centring mean something.
export function onBlack(dataset) {
  return dataset in PLACES;
}

// Whether most of the picture's border is bright: its things are dark, and it is to be inverted.
export function brightBorder(picture) {
  return borderMedian(picture) > 0.5;
}

// picture: {grey in [0, 1], width, height}; choice: {invert, centre}; shape: [height, width] of the dataset's
// images; -> Float32Array in [0, 1].
export function fitPicture(picture, choice, dataset, [height, width]) {
  if (!onBlack(dataset)) return resample(picture, middle(picture, width, height), width, height);
  const ink = inkOf(picture, choice.invert, PLACES[dataset].stretch);
  return resample(ink, (choice.centre && around(ink, PLACES[dataset], width, height)) || whole(ink, width, height), width, height);
}

// The bytes that a dataset stores for a picture in [0, 1]. Where its pixels are not in [0, 1], a picture is less its
// own mean, one byte a grey level, and the byte that stands for 0 is its mean.
export function asBytes(grey, [low, high]) {
  const zero = (-low * 255) / (high - low);
  const shift = low === 0 ? 0 : zero - (255 * grey.reduce((sum, value) => sum + value, 0)) / grey.length;
  return Uint8Array.from(grey, (value) => Math.round(Math.min(255, Math.max(0, 255 * value + shift))));
}

// Light on black: the background, which most of the border shows, becomes 0; with `stretch` the brightest becomes 1.
function inkOf(picture, invert, stretch) {
  const turned = { ...picture, grey: invert ? picture.grey.map((value) => 1 - value) : picture.grey };
  const background = Math.min(borderMedian(turned), 1 - INK);
  let top = 1;
  if (stretch) top = Math.max(background + INK, turned.grey.reduce((most, value) => Math.max(most, value), 0));
  return { ...turned, grey: turned.grey.map((value) => Math.max(0, (value - background) / (top - background))) };
}

// The region that puts the ink in its place, or null where there is none.
function around({ grey, width, height }, { by, fill }, columns, rows) {
  let left = width, right = 0, top = height, bottom = 0, mass = 0, x = 0, y = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = grey[row * width + column];
      if (value < INK) continue;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
      mass += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
    }
  }
  if (!mass) return null;
  const pitch = Math.max((right - left) / columns, (bottom - top) / rows) / fill;
  return by === "mass"
    ? region(x / mass, y / mass, pitch, columns, rows)
    : region((left + right) / 2, (top + bottom) / 2, pitch, columns, rows);
}

// All of the picture, with black beside it where its shape is another.
function whole({ width, height }, columns, rows) {
  return region(width / 2, height / 2, Math.max(width / columns, height / rows), columns, rows);
}

// The largest part of the picture that has the field's shape, from its middle.
function middle({ width, height }, columns, rows) {
  return region(width / 2, height / 2, Math.min(width / columns, height / rows), columns, rows);
}

// x, y: the middle; pitch: picture pixels for one pixel of the field.
function region(x, y, pitch, columns, rows) {
  const across = (pitch * columns) / 2, down = (pitch * rows) / 2;
  return { left: x - across, top: y - down, right: x + across, bottom: y + down };
}

function borderMedian({ grey, width, height }) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(grey[x], grey[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(grey[y * width], grey[(y + 1) * width - 1]);
  return border.sort((a, b) => a - b)[border.length >> 1];
}
