// The slider in hand, walked from one end to the other while all else stays: eleven decoded tiles.

import { makePainter } from "../js/pixels.js";
import { brief } from "./numbers.js";

const TILES = 11;

export class Strip {
  // pick(dimension, value): a tile was chosen.
  constructor(root, pick) {
    this.title = root.querySelector("h2");
    this.marker = root.querySelector(".marker");
    this.tiles = Array.from({ length: TILES }, (_, tile) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => pick(this.dimension.index, this.value(tile)));
      return button;
    });
    root.querySelector(".tiles").replaceChildren(...this.tiles);
  }

  shape([height, width], span) {
    this.paint = this.tiles.map((tile) => makePainter(tile.firstChild, height, width, span));
  }

  // dimension: {index, low, high}, the one to walk.
  show(dimension) {
    this.dimension = dimension;
    const { index, low, high } = dimension;
    this.title.textContent = `z${index} from ${brief(low, 1)} to ${brief(high, 1)}`;
    this.tiles.forEach((tile, i) => { tile.ariaLabel = `Set z${index} to ${brief(this.value(i))}`; });
  }

  value(tile) {
    const { low, high } = this.dimension;
    return low + (tile / (TILES - 1)) * (high - low);
  }

  // z: the code, left as it was found; decode: z -> pixels.
  draw(z, decode) {
    const { index } = this.dimension;
    const value = z[index];
    this.paint.forEach((paint, tile) => {
      z[index] = this.value(tile);
      paint(decode(z));
    });
    z[index] = value;
    this.mark(value);
  }

  mark(value) {
    const { low, high } = this.dimension;
    this.marker.style.setProperty("--at", Math.min(1, Math.max(0, (value - low) / (high - low))));
  }
}
