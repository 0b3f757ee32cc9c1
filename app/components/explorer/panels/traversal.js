// The slider in hand, walked from one end to the other while all else stays: eleven decoded tiles.

import { element } from "../../js/dom.js";
import { brief } from "../numbers.js";
import { Strip, TILES } from "../strip.js";

export class Traversal {
  static id = "traversal";
  static title = "Traversal";

  constructor(root, explorer) {
    root.classList.add("strip");
    this.explorer = explorer;
    this.title = element("h2");
    this.strip = new Strip((tile) => explorer.set(this.dimension.index, this.value(tile)));
    this.marker = element("div", "marker");
    this.marker.append(element("i"));
    root.append(this.title, this.strip.root, this.marker);
  }

  open(space) {
    this.strip.open(space);
    this.dimension = null;
  }

  // The slider in hand, from end to end; z is left as it was found.
  show(z) {
    const { decode, held, gauge } = this.explorer;
    if (held !== this.dimension) this.walk(held);
    const { index } = held, value = z[index];
    for (let tile = 0; tile < TILES; tile++) {
      z[index] = this.value(tile);
      this.strip.draw(tile, decode(z), gauge.outside(z));
    }
    z[index] = value;
    this.mark(value);
  }

  // dimension: {index, low, high}, the one to walk.
  walk(dimension) {
    this.dimension = dimension;
    const { index, low, high } = dimension;
    this.title.textContent = `z${index} from ${brief(low, 1)} to ${brief(high, 1)}`;
    for (let tile = 0; tile < TILES; tile++) this.strip.name(tile, `Set z${index} to ${brief(this.value(tile))}`);
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

  // The slider in hand, where it is not the first.
  state() {
    const { held, space } = this.explorer;
    return held === space.dimensions[0] ? null : String(held.index);
  }

  restore(text) {
    const dimension = this.explorer.space.dimensions.find(({ index }) => String(index) === text);
    if (dimension) this.explorer.take(dimension.index);
    return Boolean(dimension);
  }
}
