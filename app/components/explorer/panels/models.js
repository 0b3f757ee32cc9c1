// Every model of this dataset side by side: what each makes of the start's image, and of the picture decoded now. Codes
// of different models mean different things, so it is the picture that goes from one to the other.

import { tensorsOf } from "../../js/blobs.js";
import { element } from "../../js/dom.js";
import { makePainter } from "../../js/pixels.js";
import { makeStack } from "../../js/stack.js";
import { brief } from "../numbers.js";
import { squaredError } from "../picture.js";

const BUDGET = 8; // ms of a frame; models that do not fit go into the next one

export class Models {
  static id = "models";
  static title = "Models";

  constructor(root, explorer) {
    root.classList.add("tall");
    this.explorer = explorer;
    this.cards = element("div", "cards");
    root.append(element("p", "note", "Left, the start's image encoded and decoded by every model; right, the same for the picture "
      + "decoded now. SSE: the squared error to what went in, summed over the pixels."), this.cards);
  }

  // The server says which models there are, and sends their weights, once the panel is in sight.
  open(space) {
    Object.assign(this, { space, models: [], key: null });
    this.cards.replaceChildren();
  }

  hear(answers) {
    const { space } = this, models = answers?.models ?? [], key = models.join();
    if (!models.length || key === this.key) return;
    this.key = key;
    this.source = new Card(space, "As it is", "what goes in");
    this.models = models.map(([run, title, version]) => ({ run, version, card: new Card(space, title, run === space.run ? "this model" : ""), stacks: null }));
    this.cards.replaceChildren(this.source.root, ...this.models.map(({ card }) => card.root));
    for (const model of this.models) {
      tensorsOf(`weights/${model.run}/${model.version}`).then((file) => {
        if (this.space !== space) return;
        model.stacks = { encode: makeStack(file, "encoder").forward, decode: makeStack(file, "decoder").forward };
        this.drawn = null;
        this.explorer.refresh();
      });
    }
    this.explorer.refresh();
  }

  show(z) {
    if (!this.models.length) return;
    const { decode, picture } = this.explorer;
    const now = decode(z).slice();
    const same = this.drawn && this.drawn.real === picture.real && now.every((value, i) => value === this.drawn.now[i]);
    if (!same) {
      this.source.left(picture.real);
      this.source.right(now);
      this.drawn = { real: picture.real, now };
      this.left = new Set(this.models.filter(({ stacks }) => stacks));
      // a model that was left out last time comes first
      this.queue = [...(this.queue ?? []).filter((model) => this.left.has(model)), ...this.left].filter((model, at, all) => all.indexOf(model) === at);
    }
    this.work();
  }

  work() {
    const until = performance.now() + BUDGET, { real, now } = this.drawn;
    while (this.queue.length && performance.now() < until) {
      const { card, stacks: { encode, decode } } = this.queue.shift();
      if (card.real !== real) {
        card.real = real;
        card.left(real && decode(encode(real)), real);
      }
      card.right(decode(encode(now)), now);
    }
    if (this.queue.length) this.explorer.refresh();
    else this.praise();
  }

  // Bold for the smallest error of each kind.
  praise() {
    for (const side of ["first", "second"]) {
      const errors = this.models.map(({ card }) => card[side].error ?? Infinity), least = Math.min(...errors);
      this.models.forEach(({ card }, at) => card[side].figure.classList.toggle("best", Number.isFinite(least) && errors[at] === least));
    }
  }

  hide() {}
}

// A model: its name, and under it two pictures with their errors.
class Card {
  constructor(space, title, detail) {
    this.root = element("article", "card");
    this.root.append(element("h2", "", title), element("span", "note", detail));
    const pair = element("div", "pair");
    [this.first, this.second] = [this.side(space, `${title}: the start's image`), this.side(space, `${title}: the picture decoded now`)];
    pair.append(this.first.figure, this.second.figure);
    this.root.append(pair);
  }

  side({ shape, span }, label) {
    const figure = element("figure"), canvas = element("canvas"), caption = element("figcaption");
    canvas.role = "img";
    canvas.ariaLabel = label;
    figure.append(canvas, caption);
    return { figure, caption, paint: makePainter(canvas, ...shape, span), error: null };
  }

  left(pixels, target) {
    this.first.figure.classList.toggle("without", !pixels); // a start without an image
    if (pixels) this.fill(this.first, pixels, target);
    else this.first.error = null;
  }

  right(pixels, target) {
    this.fill(this.second, pixels, target);
  }

  fill(side, pixels, target) {
    side.paint(pixels);
    if (!target) return;
    side.error = squaredError(pixels, target);
    side.caption.textContent = `SSE ${brief(side.error)}`;
  }
}
