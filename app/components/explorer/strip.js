// A row of decoded tiles, each with a code of its own; those that have left the data are underlined.

import { element } from "../js/dom.js";
import { makePainter } from "../js/pixels.js";

export const TILES = 11;

export class Strip {
  // choose(tile): one was clicked.
  constructor(choose) {
    this.root = element("div", "tiles");
    this.tiles = Array.from({ length: TILES }, (_, tile) => {
      const button = element("button");
      button.type = "button";
      button.append(element("canvas"));
      button.addEventListener("click", () => choose(tile));
      return button;
    });
    this.root.append(...this.tiles);
  }

  open({ shape: [height, width], span }) {
    this.paint = this.tiles.map((tile) => makePainter(tile.firstChild, height, width, span));
  }

  // pixels: the decoded picture; outside: whether its code has left the data.
  draw(tile, pixels, outside) {
    this.paint[tile](pixels);
    this.tiles[tile].classList.toggle("outside", outside);
  }

  name(tile, words) {
    this.tiles[tile].ariaLabel = this.tiles[tile].title = words;
  }

  // A word under it; empty for none.
  note(tile, words) {
    const button = this.tiles[tile];
    if (button.children.length < 2) button.append(element("span", "step"));
    button.lastChild.textContent = words;
  }
}
