// The images that lie nearest: to the code among the codes, to the decoded picture among the pictures. Test images are
// searched here, codes in every frame; pictures, and the training images on the server, when a movement ends.

import { element } from "../../js/dom.js";
import { encodeCode } from "../../js/link.js";
import { nearestRows, searchRows } from "../../js/neighbours.js";
import { makePainter } from "../../js/pixels.js";
import { toBytes } from "../../js/span.js";
import { brief } from "../numbers.js";
import { keepPicture } from "../pictures.js";

const SHOWN = 8;
const PART = 400_000; // pixels looked at in one go, a millisecond or so
const AGAIN = 700; // ms until the server is asked whether it is ready

export class Neighbours {
  static id = "neighbours";
  static title = "Neighbours";

  constructor(root, explorer) {
    root.classList.add("near", "tall");
    this.explorer = explorer;
    const row = (title) => new Row(root, title, (start) => { explorer.begin(start); explorer.rest(); });
    this.rows = {
      codes: row("Nearest codes"), pictures: row("Nearest pictures"),
      trainCodes: row("Nearest codes in training"), trainPictures: row("Nearest pictures in training"),
    };
    root.append(element("p", "note", "Codes: distance ‖z − z′‖, in units of the code. Pictures: SSE to the decoded picture, "
      + "the squared error summed over the pixels. Pictures and training images follow when a movement ends."));
  }

  open(space) {
    this.hide();
    Object.assign(this, { space, asked: null });
    for (const row of Object.values(this.rows)) row.open(space);
    this.rows.codes.say(`of ${space.count.toLocaleString("en")} test images`);
    this.rows.pictures.say(`of ${space.count.toLocaleString("en")} test images`);
    this.rows.trainCodes.say("");
    this.rows.trainPictures.say("");
  }

  show(z) {
    const { codes, images } = this.explorer;
    if (!codes || !images) return;
    const { index, squared } = nearestRows(codes, z, SHOWN);
    this.rows.codes.show(index.map((number, at) => this.testImage(number, Math.sqrt(squared[at]))));
    if (!this.settled) this.rest();
    for (const name of ["pictures", "trainCodes", "trainPictures"]) this.rows[name].root.classList.toggle("stale", !this.at(z));
  }

  // Whether z is the code that was searched for.
  at(z) {
    return this.settled !== null && z.every((value, i) => value === this.settled[i]);
  }

  // The searches that take longer than a frame may.
  rest() {
    const { decode, images, z, space } = this.explorer;
    if (!decode || !images || space !== this.space || this.at(z)) return;
    this.stop();
    this.settled = z.slice();
    this.searchPictures(decode(z).slice());
    this.asked = { run: space.run, z: encodeCode(z) };
    this.explorer.ask(this.asked);
    this.explorer.refresh();
  }

  // A part at a time, so that a new movement never waits.
  searchPictures(pixels) {
    const { span, shape } = this.space, [low, high] = span;
    const search = searchRows(this.explorer.images, toBytes(pixels, span), SHOWN), part = Math.ceil(PART / (shape[0] * shape[1]));
    const go = () => {
      if (!search.advance(part)) { this.searching = setTimeout(go); return; }
      const unit = ((high - low) / 255) ** 2; // of a squared byte
      this.rows.pictures.show(search.index.map((number, at) => this.testImage(number, search.squared[at] * unit)));
    };
    go();
  }

  testImage(number, distance) {
    const { images, labels } = this.explorer, pixels = this.space.shape[0] * this.space.shape[1];
    return { start: { kind: "test", number }, label: labels[number], distance, image: images.subarray(number * pixels, (number + 1) * pixels) };
  }

  // answers.training: {run, z, count, codes, pictures}, rows of [number, label, distance, image in base64]; null while
  // the codes are being made; {problem} where there are none.
  hear(answers) {
    const training = answers?.training, { trainCodes, trainPictures } = this.rows;
    if (!training || !this.asked || training.run !== this.asked.run || training.z !== this.asked.z) return;
    if (training.problem) return trainCodes.say(training.problem);
    if (training.pictures) this.showTraining(trainPictures, training.pictures, training.count);
    if (training.codes) return this.showTraining(trainCodes, training.codes, training.count);
    trainCodes.say("The codes of the training images are being made …");
    this.asking = setTimeout(() => this.explorer.ask({ ...this.asked, again: Date.now() }), AGAIN);
  }

  showTraining(row, found, count) {
    row.say(`of the ${count.toLocaleString("en")} images it was trained on`);
    row.show(found.map(([number, label, distance, text]) => {
      const start = { kind: "train", number }, image = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      keepPicture(this.space.images, start, { image, label });
      return { start, label, distance, image };
    }));
  }

  hide() {
    this.stop();
    this.settled = null;
  }

  stop() {
    clearTimeout(this.searching);
    clearTimeout(this.asking);
  }
}

// Pictures side by side, nearest first, each with its class and its distance.
class Row {
  // begin(start): a picture was chosen.
  constructor(parent, title, begin) {
    this.root = element("section");
    this.words = element("span", "note");
    const heading = element("h2", "", `${title} `);
    heading.append(this.words);
    this.tiles = element("div", "tiles");
    this.root.append(heading, this.tiles);
    parent.append(this.root);
    this.begin = begin;
  }

  open(space) {
    this.space = space;
    this.tiles.replaceChildren();
    this.shown = [];
  }

  say(words) {
    this.words.textContent = words;
  }

  // found: [{start, label, distance, image}]
  show(found) {
    while (this.shown.length < found.length) this.shown.push(this.tile());
    this.shown.forEach((tile, at) => {
      tile.button.hidden = at >= found.length;
      if (at < found.length) this.fill(tile, found[at]);
    });
  }

  tile() {
    const button = element("button"), canvas = element("canvas"), name = element("span", "name"), distance = element("span", "distance");
    button.type = "button";
    button.append(canvas, name, distance);
    this.tiles.append(button);
    const tile = { button, name, distance, paint: makePainter(canvas, ...this.space.shape, this.space.span), start: null };
    button.addEventListener("click", () => this.begin(tile.start));
    return tile;
  }

  fill(tile, { start, label, distance, image }) {
    tile.distance.textContent = brief(distance);
    if (tile.start?.number === start.number) return;
    tile.start = start;
    const which = `${start.kind === "test" ? "test" : "training"} image ${start.number}`;
    tile.name.textContent = this.space.classes[label] ?? `${start.number}`;
    tile.button.title = `Start from ${which}`;
    tile.paint(image);
  }
}
