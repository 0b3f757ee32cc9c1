// What a VAE does not know of the start's image x: draws z = mean + sigma * e, e ~ N(0, I), from its q(z | x), decoded.

import { element } from "../../js/dom.js";
import { normals } from "../starts.js";
import { Strip, TILES } from "../strip.js";

export class Posterior {
  static id = "posterior";
  static title = "Posterior";
  static fits = ({ posterior }) => posterior;

  constructor(root, explorer) {
    Object.assign(this, { explorer, seed: 0 });
    this.words = element("span", "note");
    this.again = element("button", "", "Draw again");
    this.again.type = "button";
    this.again.title = "Other draws: Shift+D";
    this.again.addEventListener("click", () => this.drawAgain());
    this.bar = element("div", "bar draws");
    this.bar.append(this.words, this.again);
    this.strip = new Strip((tile) => explorer.jump(this.draws[tile]));
    root.append(this.bar, this.strip.root);
  }

  open(space) {
    this.strip.open(space);
    this.drawn = null;
  }

  show() {
    const { sigma, home, decode, gauge } = this.explorer;
    this.strip.root.hidden = this.again.hidden = !sigma;
    this.words.textContent = sigma
      ? "The mean of q(z | x) of the start's image, and ten draws from it: what the encoder leaves open."
      : "q(z | x) belongs to an image x: start from a test image or from your own picture.";
    if (!sigma || this.drawn === sigma) return;
    this.drawn = sigma;
    this.draws = Array.from({ length: TILES }, (_, tile) => this.draw(home, sigma, tile));
    this.draws.forEach((z, tile) => {
      this.strip.draw(tile, decode(z), gauge.outside(z));
      this.strip.name(tile, tile ? `Go to draw ${tile}` : "Go to the mean");
      this.strip.note(tile, tile ? String(tile) : "mean");
    });
  }

  draw(mean, sigma, tile) {
    const e = normals(this.seed * TILES + tile, mean.length);
    return tile ? mean.map((value, i) => value + sigma[i] * e[i]) : mean.slice();
  }

  drawAgain() {
    this.seed++;
    this.drawn = null;
    this.explorer.refresh();
    this.explorer.rest();
  }

  key(name) {
    if (name !== "Shift+D") return false;
    this.drawAgain();
    return true;
  }

  hide() {}

  state() {
    return this.seed ? String(this.seed) : null;
  }

  restore(text) {
    if (!/^\d{1,6}$/.test(text)) return false;
    Object.assign(this, { seed: Number(text), drawn: null });
    return true;
  }
}
