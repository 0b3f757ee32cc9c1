// From a code A to a code B, straight or along the arc: eleven tiles, a player in the large picture, and the same way
// through other models, which encode the pictures at A and B themselves.

import { tensorsOf } from "../../js/blobs.js";
import { element } from "../../js/dom.js";
import { decodeCode, encodeCode } from "../../js/link.js";
import { lerp, slerp } from "../../js/paths.js";
import { makePainter } from "../../js/pixels.js";
import { isOutside, shareNearer } from "../../js/plausible.js";
import { toPixels } from "../../js/span.js";
import { makeStack } from "../../js/stack.js";
import { Player } from "../player.js";
import { isStart, parseStart, startCode } from "../starts.js";
import { Strip, TILES } from "../strip.js";

const WAYS = { lerp, slerp };

export class Interpolate {
  static id = "interpolate";
  static title = "Interpolate";

  constructor(root, explorer) {
    root.classList.add("ways");
    root.innerHTML = `
      <div class="ends">
        ${["A", "B"].map((end) => `<div class="end" role="group" aria-label="${end}">
          <b>${end}</b> <canvas role="img" aria-label="The picture at ${end}"></canvas>
          <button type="button" title="Let ${end} be the code that is decoded now: Shift+${end}">${end} = here</button>
          <label>or image <input class="number" type="number" min="0" step="1" aria-label="${end}: number of a test image"></label>
        </div>`).join("")}
        <label>Way <select class="way"><option value="lerp">straight (lerp)</option><option value="slerp">arc (slerp)</option></select></label>
        <button type="button" class="play" aria-pressed="false" title="Play or stop: Shift+P">Play</button>
        <button type="button" class="others" aria-expanded="false" hidden>Other models</button>
        <div class="beside" role="group" aria-label="Other models" hidden></div>
      </div>
      <div class="rows"></div>
      <input class="along" type="range" min="0" max="1" step="any" value="0" aria-label="Position between A and B">
      <p class="note">Under each step: how many per cent of the model's test codes lie nearer to their centre; – where these are too few to tell.</p>`;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, {
      root, explorer, way: find(".way"), along: find(".along"), others: find(".others"), beside: find(".beside"),
      boxes: [...root.querySelectorAll(".end")], chosen: new Set(), models: [], clouds: new Map(), ends: [null, null],
    });
    this.way.addEventListener("change", () => this.changed());
    this.player = new Player(find(".play"), {
      go: (t) => this.go(t), moved: () => explorer.z.some((value, i) => value !== this.last[i]), rest: () => explorer.rest(),
    });
    this.along.addEventListener("input", () => { this.player.stop(); this.go(this.along.valueAsNumber); });
    this.along.addEventListener("change", () => explorer.rest());
    this.others.addEventListener("click", () => this.offer(this.beside.hidden));
    this.boxes.forEach((box, end) => {
      box.querySelector("button").addEventListener("click", () => this.here(end));
      box.querySelector("input").addEventListener("change", ({ target }) => this.image(end, target.valueAsNumber));
    });
  }

  // Ends that mean something in this run too stay.
  open(space) {
    this.player.stop();
    const same = space.images === this.space?.images;
    this.ends = this.ends.map((end) => same && end && isStart(end, space) ? end : null);
    Object.assign(this, { space, asked: "", shown: null });
    for (const box of this.boxes) box.querySelector("input").max = space.count - 1;
    this.paint = this.boxes.map((box) => makePainter(box.querySelector("canvas"), ...space.shape, space.span));
    this.enable(false);
    this.list([]);
  }

  // There is a way once codes and images are here.
  enable(ready) {
    this.player.button.disabled = this.along.disabled = !ready;
  }

  // An end is written as in the link: the name of a start, or a code.
  codeOf(end) {
    return isStart(end, this.space) ? startCode(parseStart(end), this.space, this.explorer.codes) : decodeCode(end);
  }

  // What other models see there: the test image itself, else what this model decodes.
  pictureOf(end) {
    const { images, decode } = this.explorer, { shape: [height, width], span } = this.space;
    if (!end.startsWith("test-")) return decode(this.codeOf(end)).slice();
    const { number } = parseStart(end), pixels = height * width;
    return toPixels(images.subarray(number * pixels, (number + 1) * pixels), span);
  }

  // Until the person chooses: from the start's test image to the first one of another class.
  complete() {
    const { start, labels } = this.explorer;
    this.ends[0] ??= `test-${start.kind === "test" ? start.number : 0}`;
    this.ends[1] ??= `test-${Math.max(0, labels.findIndex((label) => label !== labels[parseStart(this.ends[0]).number]))}`;
  }

  here(end) {
    const { start, z } = this.explorer.place();
    this.ends[end] = z ?? (isStart(start, this.space) ? start : encodeCode(this.explorer.z));
    this.changed();
  }

  image(end, number) {
    if (Number.isFinite(number)) this.ends[end] = `test-${Math.min(this.space.count - 1, Math.max(0, Math.round(number)))}`;
    this.changed();
  }

  changed() {
    this.shown = null;
    this.explorer.refresh();
    this.explorer.rest();
  }

  // The strips change with the ends and the way alone; one row a frame.
  show() {
    const { codes, images } = this.explorer;
    if (!codes || !images) return;
    this.ask();
    this.complete();
    const key = [this.way.value, ...this.ends].join();
    if (this.shown !== key) this.showEnds();
    this.shown = key;
    const row = this.rows.find((one) => one.model?.().cloud !== undefined && one.drawn !== key);
    if (!row) return;
    row.drawn = key;
    this.draw(row);
    this.explorer.refresh();
  }

  showEnds() {
    this.enable(true);
    this.pictures = this.ends.map((end) => this.pictureOf(end));
    this.boxes.forEach((box, at) => {
      this.paint[at](this.pictures[at]);
      box.querySelector("input").value = this.ends[at].startsWith("test-") ? parseStart(this.ends[at]).number : "";
    });
  }

  draw(row) {
    const { decode, cloud } = row.model(), [a, b] = this.endsIn(row);
    for (let tile = 0; tile < TILES; tile++) {
      const t = tile / (TILES - 1), z = WAYS[this.way.value](a, b, t), share = shareNearer(cloud, z);
      const nearer = share === null ? null : Math.round(100 * share);
      row.strip.draw(tile, decode(z), isOutside(cloud, z));
      row.strip.name(tile, `${row.run ? `Open in ${row.title}` : "Go"}, ${Math.round(100 * t)} % of the way; ${nearer === null ? "too few test codes to tell more" : `beyond ${nearer} % of the test codes`}`);
      row.strip.note(tile, nearer === null ? "–" : String(nearer));
    }
  }

  // A and B as codes of a row's model.
  endsIn(row) {
    return row.run ? this.pictures.map((x) => row.model().encode(x).slice()) : this.ends.map((end) => this.codeOf(end));
  }

  // The rows: this model's, and one for each chosen model. run: null in the first one.
  list(models) {
    this.models = models;
    this.chosen.delete(this.space.run);
    const beside = models.filter(([run]) => run !== this.space.run);
    this.others.hidden = !beside.length;
    this.beside.replaceChildren(...beside.map(([run, title]) => this.check(run, title)));
    const { explorer } = this, own = this.row(null, "This model");
    own.model = () => ({ decode: explorer.decode, cloud: this.space.cloud });
    this.rows = [own, ...beside.filter(([run]) => this.chosen.has(run)).map(([run, title, version]) => this.load(this.row(run, title, version)))];
    this.root.querySelector(".rows").replaceChildren(...this.rows.flatMap(({ heading, strip }) => [heading, strip.root]));
    this.stand();
    this.explorer.refresh();
  }

  row(run, title, version) {
    const strip = new Strip((tile) => this.visit(this.rows.find((row) => row.strip === strip), tile / (TILES - 1)));
    strip.open(this.space);
    return { run, title, version, heading: element("h2", "", title), strip, model: null, drawn: null };
  }

  check(run, title) {
    const label = element("label", "switch"), box = element("input");
    box.type = "checkbox";
    box.checked = this.chosen.has(run);
    box.addEventListener("change", () => {
      this.chosen[box.checked ? "add" : "delete"](run);
      this.list(this.models);
      [...this.beside.querySelectorAll("input")].find((one) => one.value === run).focus();
      this.explorer.rest();
    });
    box.value = run;
    label.append(box, ` ${title}`);
    return label;
  }

  offer(open) {
    this.beside.hidden = !open;
    this.others.ariaExpanded = String(open);
    this.stand();
    this.others.scrollIntoView({ block: "nearest" });
  }

  // A panel that is tall must not stand over the sliders.
  stand() {
    this.root.classList.toggle("tall", this.rows.length > 1 || !this.beside.hidden);
  }

  // The server sends the weights and clouds of the models that it is asked for.
  ask() {
    const wanted = [...this.chosen].join();
    if (wanted && wanted !== this.asked) this.explorer.ask({ beside: [...this.chosen] });
    this.asked = wanted;
  }

  load(row) {
    const { space } = this;
    tensorsOf(`weights/${row.run}/${row.version}`).then((file) => {
      if (this.space !== space) return;
      const stacks = { encode: makeStack(file, "encoder").forward, decode: makeStack(file, "decoder").forward };
      row.model = () => ({ ...stacks, cloud: this.clouds.get(row.run) });
      this.explorer.refresh();
    });
    return row;
  }

  // answers: models, [[run, title, version]], those of the dataset; clouds, [[run, cloud]], of those that were asked for.
  hear(answers) {
    const { models = [], clouds = [] } = answers ?? {};
    for (const [run, cloud] of clouds) this.clouds.set(run, cloud);
    this.explorer.refresh();
    if (models.join() !== this.models.join() && models.length) this.list(models);
  }

  // A tile: this model's is gone to, another model is opened there.
  visit(row, t) {
    this.player.stop();
    if (!row.run) {
      this.go(t);
      this.explorer.rest();
      return;
    }
    const [a, b] = this.endsIn(row);
    this.explorer.turn({ ...this.explorer.place(), run: row.run, z: encodeCode(WAYS[this.way.value](a, b, t)), view: null });
  }

  go(t) {
    this.along.value = t;
    this.along.style.setProperty("--at", t);
    this.last = WAYS[this.way.value](...this.ends.map((end) => this.codeOf(end)), t);
    this.explorer.glide(this.last);
  }

  key(name) {
    const use = { "Shift+A": () => this.here(0), "Shift+B": () => this.here(1), "Shift+P": () => this.player.toggle() }[name];
    use?.();
    return Boolean(use);
  }

  hide() {
    this.player.end();
  }

  state() {
    return this.ends.every(Boolean) ? [this.way.value, ...this.ends, ...this.chosen].join(".") : null;
  }

  restore(text) {
    const [way, ...rest] = text.split("."), ends = rest.slice(0, 2), d = this.space.dimensions.length;
    const fits = (end) => isStart(end, this.space) || decodeCode(end)?.length === d;
    if (!(way in WAYS) || ends.length < 2 || !ends.every(fits)) return false;
    this.way.value = way;
    Object.assign(this, { ends, chosen: new Set(rest.slice(2)), shown: null });
    this.list(this.models);
    return true;
  }
}
