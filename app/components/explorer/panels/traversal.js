// The slider in hand, walked from one end to the other while all else stays: eleven decoded tiles.

import { makePainter } from "../../js/pixels.js";
import { brief } from "../numbers.js";

const TILES = 11;

export class Traversal {
  static id = "traversal";
  static title = "Traversal";

  constructor(root, explorer) {
    root.classList.add("strip");
    root.innerHTML = `<h2></h2><div class="tiles"></div><div class="marker"><i></i></div>`;
    this.explorer = explorer;
    this.title = root.querySelector("h2");
    this.marker = root.querySelector(".marker");
    this.tiles = Array.from({ length: TILES }, (_, tile) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => explorer.set(this.dimension.index, this.value(tile)));
      return button;
    });
    root.querySelector(".tiles").replaceChildren(...this.tiles);
  }

  open({ shape: [height, width], span }) {
    this.paint = this.tiles.map((tile) => makePainter(tile.firstChild, height, width, span));
    this.dimension = null;
  }

  // The slider in hand, from end to end; z is left as it was found.
  show(z) {
    const { decode, held, gauge } = this.explorer;
    if (held !== this.dimension) this.walk(held);
    const { index } = held, value = z[index];
    this.paint.forEach((paint, tile) => {
      z[index] = this.value(tile);
      paint(decode(z));
      this.tiles[tile].classList.toggle("outside", gauge.outside(z));
    });
    z[index] = value;
    this.mark(value);
  }

  // dimension: {index, low, high}, the one to walk.
  walk(dimension) {
    this.dimension = dimension;
    const { index, low, high } = dimension;
    this.title.textContent = `z${index} from ${brief(low, 1)} to ${brief(high, 1)}`;
    this.tiles.forEach((tile, i) => { tile.ariaLabel = `Set z${index} to ${brief(this.value(i))}`; });
  }

  hide() {}

  value(tile) {
    const { low, high } = this.dimension;
    return low + (tile / (TILES - 1)) * (high - low);
  }

  mark(value) {
    const { low, high } = this.dimension;
    this.marker.style.setProperty("--at", Math.min(1, Math.max(0, (value - low) / (high - low))));
  }
}
