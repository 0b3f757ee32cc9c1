// Chooses the start: its kind, and then one of a row of pictures.

import { makePainter } from "../js/pixels.js";
import { keptPicture } from "./pictures.js";
import { hasSamples, startCode } from "./starts.js";

const ROW = 8; // pictures to choose from
const SEEDS = 10000;

export class Picker {
  // begin(start): a start was chosen.
  constructor(root, begin) {
    const find = (selector) => root.querySelector(selector);
    this.kinds = [...root.querySelectorAll("[name=kind]")];
    this.kindName = find(".sample-name");
    this.image = find(".image");
    this.class = find(".class");
    this.index = find(".index");
    this.pictures = find(".pictures");
    this.another = find(".another");
    this.note = find(".note");
    this.begin = begin;
    this.last = {}; // the number last chosen of each kind
    this.row = []; // the numbers on offer
    for (const kind of this.kinds) kind.addEventListener("change", () => this.choose(kind.value));
    this.class.addEventListener("change", () => this.test(this.labels.indexOf(Number(this.class.value))));
    this.index.addEventListener("change", () => this.test(Number(this.index.value)));
    this.another.addEventListener("click", () => this.shuffle());
  }

  choose(kind) {
    this.begin({ kind, number: this.last[kind] });
  }

  // space: the run's, as the server describes it.
  show(space) {
    if (space.images !== this.space?.images) this.last = { test: 0, mean: space.means.findIndex(Boolean), sample: 0, zero: 0, own: 0 };
    Object.assign(this, { space, decode: null, images: null, labels: null, row: [] });
    this.class.disabled = true;
    this.index.max = space.count - 1;
    this.class.replaceChildren(...labelsWithMean(space).map((label) => new Option(space.classes[label], label)));
    this.kindName.textContent = sampleName(space);
    this.kindName.parentElement.hidden = !hasSamples(space);
  }

  // The test images with their labels, bytes, once they are here.
  supplyImages(images, labels) {
    Object.assign(this, { images, labels, row: [] });
    this.class.disabled = false;
    if (this.start) this.set(this.start);
  }

  // z -> pixels, once the weights are here.
  supplyDecoder(decode) {
    this.decode = decode;
    this.draw();
  }

  // Show that exploring starts there; label: a test image's, where the images are still on their way.
  set(start, label) {
    const moved = this.start?.kind !== start.kind || !this.row.includes(start.number);
    this.start = start;
    this.last[start.kind] = start.number;
    for (const kind of this.kinds) kind.checked = kind.value === start.kind;
    this.image.hidden = start.kind !== "test";
    this.another.hidden = start.kind !== "test" && start.kind !== "sample";
    this.note.textContent = this.explain(start);
    if (start.kind === "test") {
      this.index.value = start.number;
      this.class.value = label ?? this.labels?.[start.number];
    }
    if (moved) this.offer(this.numbers(start));
    for (const button of this.pictures.children) button.ariaPressed = Number(button.value) === start.number;
  }

  explain(start) {
    if (start.kind === "sample") return source(this.space);
    if (start.kind === "zero") return "Every dimension at 0.";
    if (start.kind === "train") return "A training image; its code is the encoder's.";
    if (start.kind !== "own") return "";
    return keptPicture(this.space.images, start)
      ? "Your picture stays in this browser; a link carries its code."
      : "Your picture is not in the link: this starts from its code, or from zero.";
  }

  // What to offer beside a start: the next images of its class, every class, the next seeds.
  numbers({ kind, number }) {
    if (kind === "mean") return labelsWithMean(this.space);
    if (kind === "sample") return Array.from({ length: ROW }, (_, i) => number + i);
    if (kind !== "test") return [];
    if (!this.labels) return [number];
    const row = [];
    for (let i = 0; i < this.labels.length && row.length < ROW; i++) {
      const at = (number + i) % this.labels.length;
      if (this.labels[at] === this.labels[number]) row.push(at);
    }
    return row;
  }

  shuffle() {
    const { kind, number } = this.start;
    const random = (below) => Math.floor(Math.random() * below);
    if (kind === "sample") return this.begin({ kind, number: random(SEEDS) });
    if (!this.labels) return;
    const pool = [...this.labels.keys()].filter((at) => this.labels[at] === this.labels[number]);
    const row = new Set();
    while (row.size < Math.min(ROW, pool.length)) row.add(pool[random(pool.length)]);
    this.offer([...row]);
    this.begin({ kind, number: this.row[0] });
  }

  test(number) {
    if (!Number.isFinite(number)) return;
    this.begin({ kind: "test", number: Math.min(this.space.count - 1, Math.max(0, Math.round(number))) });
  }

  offer(row) {
    this.row = row;
    const { kind } = this.start;
    this.pictures.classList.toggle("named", kind === "mean");
    this.pictures.replaceChildren(...row.map((number) => this.picture({ kind, number })));
    this.draw();
  }

  picture(start) {
    const button = document.createElement("button");
    button.type = "button";
    button.value = start.number;
    button.ariaLabel = button.title = describe(start, this.space, this.labels?.[start.number]).join(", ");
    button.append(document.createElement("canvas"));
    if (start.kind === "mean") button.append(this.space.classes[start.number]);
    button.addEventListener("click", () => this.begin(start));
    return button;
  }

  draw() {
    const { shape: [height, width], span } = this.space;
    this.row.forEach((number, at) => {
      const { kind } = this.start;
      if (kind === "test" ? !this.images : !this.decode) return;
      const paint = makePainter(this.pictures.children[at].firstChild, height, width, span);
      if (kind === "test") paint(this.images, number * height * width);
      else paint(this.decode(startCode({ kind, number }, this.space, null)));
    });
  }
}

// The classes that have test images: the others have no mean.
function labelsWithMean({ means }) {
  return [...means.keys()].filter((label) => means[label]);
}

// A start in words, such as ["Ankle boot", "test image 0"]; label: a test image's, where it is known.
export function describe({ kind, number }, space, label) {
  if (kind === "test" || kind === "train") return [space.classes[label] ?? "Image", `${kind === "test" ? "test" : "training"} image ${number}`];
  if (kind === "mean") return [space.classes[number], "class mean"];
  if (kind === "sample") return [`${sampleName(space)} ${number}`, source(space)];
  if (kind === "own") return ["Your picture", keptPicture(space.images, { kind, number }) ? "drawn or brought" : "not in the link"];
  return ["Zero", "every dimension at 0"];
}

function sampleName(space) {
  return space.prior ? "Prior sample" : "Sample";
}

// What a sample is drawn from.
function source(space) {
  return space.prior ? "z ∼ N(0, I)" : "from a Gaussian fitted to the test codes";
}
