// The live explorer: the decoder runs here, so that the picture follows the thumb in the same frame.
// The server hears of a code when a movement ends, and says something only when it opens another place.

import { tensorsOf } from "../js/blobs.js";
import { History } from "../js/history.js";
import { decodeCode, encodeCode, replaceLink } from "../js/link.js";
import { toPixels } from "../js/span.js";
import { hasStack, makeStack } from "../js/stack.js";
import { joinView, makeAxes, splitView } from "./axes.js";
import { Gauge } from "./gauge.js";
import { listenForKeys } from "./keys.js";
import { Panels } from "./panels.js";
import { Picker, describe } from "./picker.js";
import { Picture } from "./picture.js";
import { keepPicture, keptPicture } from "./pictures.js";
import { copyLinkWith } from "./share.js";
import { Sliders } from "./sliders.js";
import { hasSamples, parseStart, sampleCode, startCode, startName } from "./starts.js";

const KEYS_REST = 300; // ms after the last key until a movement by keys has ended

const explorers = new WeakMap();

// Where the person has been, over models and page switches, for the life of the tab.
const history = (globalThis.latentExplorerHistory ??= new History());

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let explorer = explorers.get(parentElement);
  if (!explorer) {
    explorer = new Explorer(parentElement.querySelector(".explorer"));
    explorers.set(parentElement, explorer);
  }
  explorer.tell = (place) => setStateValue("place", place);
  explorer.ask = (question) => setStateValue("question", question);
  explorer.turn = (place) => setTriggerValue("turn", place);
  explorer.open(...data);
  return () => {
    explorer.close();
    explorers.delete(parentElement);
  };
}

class Explorer {
  constructor(root) {
    this.root = root;
    this.picture = new Picture(root);
    this.gauge = new Gauge(root);
    this.panels = new Panels(root, this);
    this.picker = new Picker(root, (start) => { this.choose(start); this.rest(); });
    this.sliders = new Sliders(root.querySelector(".sliders"), {
      move: (index, value, event) => this.move(index, value, event),
      rest: (soon) => this.rest(soon),
      take: (index) => this.take(index),
      home: (index) => { this.take(index); this.set(index, this.axes.read(this.home, index)); },
    });
    this.kinds = [...root.querySelectorAll("[name=axes]")];
    for (const kind of this.kinds) kind.addEventListener("change", () => this.turnTo(kind.value));
    this.undoers = new Map([[-1, root.querySelector(".undo")], [1, root.querySelector(".redo")]]);
    for (const [by, button] of this.undoers) button.addEventListener("click", () => this.undo(by));
    const copyLink = copyLinkWith(root.querySelector(".link"), root.querySelector(".said"));
    const share = () => { replaceLink(this.place()); copyLink(); };
    root.querySelector(".link").addEventListener("click", share);
    const turn = () => this.turnTo(this.axes.id === "latent" ? "principal" : "latent");
    const keys = {
      "Mod+Z": () => this.undo(-1), "Mod+Shift+Z": () => this.undo(1), "Mod+Y": () => this.undo(1), "Shift+L": share, "Shift+X": turn,
    };
    this.deafen = listenForKeys(keys, (name) => this.panels.press(name));
    root.querySelector(".reset").addEventListener("click", () => this.jump(this.home));
    root.querySelector(".random").addEventListener("click", () => {
      this.jump(sampleCode(this.space.gaussian, this.z.length, Math.random() * 2 ** 32));
    });
  }

  // space: the run's, as the server describes it; opening: the place to open in it, with what the server knows of it.
  // A place is opened once; reruns only repeat it. answers: what the panel in sight has asked the server for.
  open(space, opening, answers) {
    if (space.run !== this.space?.run || space.version !== this.space?.version || opening.number !== this.opened) this.enter(space, opening);
    this.panels.hear(answers);
  }

  enter(space, opening) {
    const first = !this.space; // the old picture stays until there is a new one
    if (space.images !== this.space?.images) this.picture.shape(space.shape, space.span);
    Object.assign(this, { space, opened: opening.number, decode: null, encode: null, logvar: null, codes: null, images: null, labels: null });
    clearTimeout(this.timer);
    this.gauge.open(space);
    this.root.querySelector(".random").hidden = !hasSamples(space);
    this.axes = null;
    this.picker.show(space);
    this.look(first ? opening.panel : undefined, opening.view);
    this.begin(parseStart(opening.start), opening);
    if (!this.waiting) {
      replaceLink(this.place());
      this.record();
    }
    this.fetch(space);
  }

  // The large parts arrive by themselves, the weights first. Those of a run that was left are not looked at.
  fetch(space) {
    const wanted = (promise, use) => promise.then((value) => { if (this.space === space) use(value); });
    wanted(tensorsOf(`weights/${space.run}/${space.version}`), (file) => {
      this.decode = makeStack(file, "decoder").forward;
      this.encode = makeStack(file, "encoder").forward;
      this.logvar = hasStack(file, "logvar") ? makeStack(file, "logvar").forward : null;
      this.spread();
      this.picker.supplyDecoder(this.decode);
      this.redraw();
      this.resume();
    });
    wanted(tensorsOf(`codes/${space.run}/${space.version}`), ({ tensors }) => {
      this.codes = tensors.codes.data;
      this.refresh();
      this.resume();
    });
    wanted(tensorsOf(`images/${space.images}`), ({ tensors }) => {
      this.images = tensors.images.data;
      this.labels = tensors.labels.data;
      this.picker.supplyImages(this.images, this.labels);
      if (!this.waiting) this.introduce();
      this.refresh();
    });
  }

  // A start was chosen. One's own picture is made in its panel.
  choose(start) {
    if (start.kind === "own" && !keptPicture(this.space.images, start)) this.panels.choose("own").begin();
    else this.begin(start);
  }

  // Start where it was to start, if that is possible now.
  resume() {
    if (!this.waiting) return;
    this.begin(...this.waiting);
    if (!this.waiting) this.rest();
  }

  // Start there. `known` is what the server said of the start: its code, image and label, and the code z that the
  // person had moved to.
  begin(start, known = {}) {
    if (known.image && start.kind === "train") keepPicture(this.space.images, start, { image: fromBase64(known.image), label: known.label });
    const home = this.homeOf(start, known);
    this.waiting = home ? null : [start, known];
    if (!home) return;
    Object.assign(this, { start, home, z: decodeCode(known.z ?? "") ?? home.slice() });
    this.picker.set(start, known.label);
    this.introduce(known);
    this.placeSliders();
    this.redraw();
  }

  // The start's own code, or null while what it takes is on its way.
  homeOf(start, known) {
    const { space, encode } = this, kept = keptPicture(space.images, start);
    if (known.code) return Float32Array.from(known.code);
    if (kept) return encode && encode(toPixels(kept.image, space.span)).slice();
    if (start.kind === "own") return decodeCode(known.z ?? "") ?? new Float32Array(space.dimensions.length);
    return startCode(start, space, this.codes);
  }

  // Say what the start is, as far as that is known yet.
  introduce({ image, label } = {}) {
    const { kind, number } = this.start;
    const pixels = this.space.shape[0] * this.space.shape[1];
    const kept = keptPicture(this.space.images, this.start);
    let real = kept?.image ?? null;
    if (kind === "test") {
      if (image) real = fromBase64(image);
      if (this.images) real = this.images.subarray(number * pixels, (number + 1) * pixels);
    }
    if (kind === "test" && !real) return; // on its way
    this.picture.begin(describe(this.start, this.space, label ?? (kept ? kept.label : this.labels?.[number])), real);
    this.spread();
  }

  // A VAE's sigma of q(z | x) at the start's image x; null for other families, and where the start is no image.
  spread() {
    const x = this.picture.real;
    this.sigma = this.logvar && x ? Float32Array.from(this.logvar(x), (logvar) => Math.exp(logvar / 2)) : null;
    this.sliders.spread(this.sigma && this.axes.spread(this.sigma));
    this.root.querySelector(".spread-sign").hidden = !this.sigma;
  }

  // What a link says of the view: the axes, and the panel with its own words.
  look(panel, view) {
    const seen = splitView(view);
    if (seen.axes !== this.axes?.id) this.useAxes(seen.axes);
    this.panels.open(this.space, panel, seen.panel);
  }

  // The person turned the sliders to other axes; the code stays.
  turnTo(axes) {
    this.useAxes(axes);
    this.placeSliders();
    this.spread();
    this.rest();
  }

  useAxes(axes) {
    this.axes = makeAxes(axes, this.space);
    for (const kind of this.kinds) kind.checked = kind.value === this.axes.id;
    this.sliders.show(this.axes.dimensions, this.axes.words);
    this.root.querySelector(".measure").textContent = this.axes.measure;
    this.take(this.axes.dimensions[0].index);
  }

  placeSliders() {
    this.sliders.place((index) => this.axes.read(this.z, index), (index) => this.axes.read(this.home, index));
  }

  take(index) {
    this.held = this.axes.dimensions.find((dimension) => dimension.index === index);
    this.sliders.mark(index);
    this.refresh();
  }

  // A slider moved: decode and paint at once, in its own event.
  move(index, value, event) {
    this.axes.write(this.z, index, value);
    if (this.held.index !== index) this.take(index);
    if (!this.paint()) return;
    this.announce(event);
    this.refresh();
  }

  // The picture of an input is on its canvas.
  announce({ timeStamp: since }) {
    this.root.dispatchEvent(new CustomEvent("decoded", { bubbles: true, composed: true, detail: { since } }));
  }

  set(index, value) {
    this.axes.write(this.z, index, value);
    this.sliders.set(index, value);
    this.redraw();
    this.rest();
  }

  jump(z) {
    this.glide(z);
    this.rest();
  }

  // Go there on the way to somewhere else: the server and the link hear nothing yet.
  glide(z) {
    this.z.set(z);
    this.placeSliders();
    this.paint();
    this.refresh();
  }

  redraw() {
    if (!this.decode || !this.start) return;
    this.picture.showOrigin(this.decode(this.home));
    this.paint();
    this.refresh();
  }

  paint() {
    if (!this.decode) return false;
    this.picture.show(this.decode(this.z));
    return true;
  }

  // A panel is many pictures: once a frame is enough.
  refresh() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.decode && this.start) {
        this.gauge.show(this.z);
        this.sliders.reach(this.gauge.reach(this.z, this.axes));
        this.panels.show(this.z);
      }
    });
  }

  // A movement ended, or will have after a moment without keys: the address bar and the server hear of it.
  rest(soon = false) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const place = this.place();
      this.record();
      replaceLink(place);
      this.tell(place);
      this.panels.rest();
    }, soon ? KEYS_REST : 0);
  }

  record() {
    history.push(this.place());
    for (const [by, button] of this.undoers) button.disabled = !history.can(by);
  }

  // Go back or on: here, or by way of the server where it was another run.
  undo(by) {
    if (this.waiting) return;
    this.record(); // where this is may not have come to rest
    const step = history.go(by);
    if (!step) return;
    this.panels.hide();
    clearTimeout(this.timer);
    if (step.run !== this.space.run) {
      this.panels.open(this.space, step.panel);
      this.turn(step);
      return;
    }
    this.look(step.panel, step.view);
    this.begin(parseStart(step.start), { z: step.z });
    this.rest();
  }

  // Where this is; z is null at the start's own code, which one's own picture takes along.
  place() {
    const moved = this.start.kind === "own" || this.z.some((value, i) => value !== this.home[i]);
    const { panel, view } = this.panels.place(), z = moved ? encodeCode(this.z) : null;
    return { run: this.space.run, start: startName(this.start), z, panel, view: joinView(this.axes.id, view) };
  }

  close() {
    this.deafen();
    this.panels.close();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.space = null;
  }
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
