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

  // The slider in hand, from end to end.
  show(z) {
    const { axes, decode, held, gauge } = this.explorer, walk = z.slice();
    if (held !== this.dimension) this.walk(held);
    for (let tile = 0; tile < TILES; tile++) {
      axes.write(walk, held.index, this.value(tile));
      this.strip.draw(tile, decode(walk), gauge.outside(walk));
    }
    this.mark(axes.read(z, held.index));
  }

  // dimension: {index, name, low, high}, the one to walk.
  walk(dimension) {
    this.dimension = dimension;
    const { name, low, high } = dimension;
    this.title.textContent = `${name} from ${brief(low, 1)} to ${brief(high, 1)}`;
    for (let tile = 0; tile < TILES; tile++) this.strip.name(tile, `Set ${name} to ${brief(this.value(tile))}`);
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
    const { axes, held } = this.explorer;
    return held === axes.dimensions[0] ? null : String(held.index);
  }

  restore(text) {
    const dimension = this.explorer.axes.dimensions.find(({ index }) => String(index) === text);
    if (dimension) this.explorer.take(dimension.index);
    return Boolean(dimension);
  }
}
