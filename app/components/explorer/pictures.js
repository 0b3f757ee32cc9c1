// Pictures to start from that are no test images: training images, and one's own. They stay in the browser, for the
// life of the tab, and survive a page switch.

import { startName } from "./starts.js";

const KEPT = 300; // pictures at most: the oldest ones go

// pictures: "fashion_mnist/own-3" -> {image, label}; drawn: how many of one's own there have been
const album = (globalThis.latentExplorerPictures ??= { pictures: new Map(), drawn: 0 });

// picture: {image: bytes as the dataset stores them, label: its class, or undefined}
export function keepPicture(dataset, start, picture) {
  const { pictures } = album;
  pictures.set(`${dataset}/${startName(start)}`, picture);
  if (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
}

export function keptPicture(dataset, start) {
  return album.pictures.get(`${dataset}/${startName(start)}`);
}

// A start for another picture of one's own: each has its name, so that undo finds the one before.
export function nextOwn() {
  return { kind: "own", number: ++album.drawn };
}
