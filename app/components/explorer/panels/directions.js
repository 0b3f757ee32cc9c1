// The direction from the mean code of one group of test images to that of another, and a slider along it that takes any
// code there. Groups are classes, those lassoed on the map, and all the rest.

import { attribute, worthWalking } from "../../js/directions.js";
import { element } from "../../js/dom.js";
import { directionView, LASSO, REST } from "../../js/groups.js";
import { brief } from "../numbers.js";
import { Sliders } from "../sliders.js";
import { Strip, TILES } from "../strip.js";

const NAME = "A−B";

export class Directions {
  static id = "directions";
  static title = "Directions";

  constructor(root, explorer) {
    root.classList.add("directions");
    root.innerHTML = `
      <div class="bar">
        <label><span>Mean code of A</span> <select name="a"></select></label>
        <label><span>minus that of B</span> <select name="b"></select></label>
        <button type="button" class="swap" title="Swap A and B (Shift+S)">Swap</button>
        <span class="note" role="status"></span>
      </div>
      <div class="along"></div>`;
    this.explorer = explorer;
    this.words = root.querySelector(".note");
    this.choices = Object.fromEntries(["a", "b"].map((end) => [end, root.querySelector(`[name=${end}]`)]));
    for (const [end, choice] of Object.entries(this.choices)) {
      choice.addEventListener("change", () => this.choose({ ...this.chosen, [end]: choice.value }));
    }
    root.querySelector(".swap").addEventListener("click", () => this.swap());
    this.strip = new Strip((tile) => this.go(this.value(tile)));
    this.box = root.querySelector(".along");
    this.box.before(this.strip.root);
    this.slider = new Sliders(this.box, {
      move: (_, t, event) => {
        explorer.glide(this.at(t));
        explorer.announce(event);
      },
      rest: (soon) => explorer.rest(soon),
      take: () => {},
      home: () => this.go(this.direction.along(explorer.home)),
    });
  }

  open(space) {
    const classes = space.classes.map((name, label) => [String(label), name]).filter(([label]) => space.means[label]);
    const other = space.images !== this.space?.images;
    Object.assign(this, { space, classes, wanted: null, missing: false });
    if (other) Object.assign(this, { lassos: [], heard: null, chosen: this.first() });
    this.strip.open(space);
    this.offer();
  }

  // The groups until the person chooses.
  first() {
    return { a: this.classes[0][0], b: REST };
  }

  // answers.groups: [[name, [numbers of test images]]], lassoed on the map.
  hear(answers) {
    const heard = JSON.stringify(answers?.groups);
    if (!heard || heard === this.heard) return;
    this.heard = heard;
    this.lassos = answers.groups.map(([name, rows]) => [LASSO + name, name, rows]);
    this.settle();
    this.explorer.refresh();
  }

  // Take the groups that the link wants. Those of the map are waited for until the server has named them.
  settle() {
    const there = (ends) => ends !== null && Object.values(ends).every((key) => this.keys().includes(key));
    const { wanted, chosen } = this, found = there(wanted);
    if (wanted && !found && this.heard === null) return;
    this.missing = wanted !== null && !found;
    if (found) this.chosen = wanted;
    else if (!there(chosen)) this.chosen = this.first();
    this.wanted = null;
    this.offer();
  }

  keys() {
    return [...this.classes, ...this.lassos].map(([key]) => key).concat(REST);
  }

  // Fill the two lists; the direction is made at the next `show`.
  offer() {
    for (const [end, other] of [["a", "b"], ["b", "a"]]) {
      const groups = [...this.classes, ...this.lassos, [REST, "All the rest"]];
      this.choices[end].replaceChildren(...groups.map(([key, name]) => {
        const option = new Option(name, key, false, key === this.chosen[end]);
        option.disabled = key === this.chosen[other];
        return option;
      }));
    }
    this.direction = null;
  }

  choose(chosen) {
    Object.assign(this, { chosen, wanted: null, missing: false });
    this.offer();
    this.explorer.refresh();
    this.explorer.rest();
  }

  swap() {
    this.choose({ a: this.chosen.b, b: this.chosen.a });
  }

  key(name) {
    if (name !== "Shift+S") return false;
    this.swap();
    return true;
  }

  // The numbers of a group's test images.
  rows(key, other) {
    const { labels } = this.explorer, numbers = [...labels.keys()];
    if (key === REST) {
      const taken = new Set(this.rows(other));
      return numbers.filter((number) => !taken.has(number));
    }
    const lasso = this.lassos.find(([name]) => name === key);
    return lasso ? lasso[2] : numbers.filter((number) => labels[number] === Number(key));
  }

  make() {
    const { codes, labels } = this.explorer;
    if (!codes || !labels) return;
    const { a, b } = this.chosen, d = codes.length / labels.length;
    this.direction = attribute(codes, d, this.rows(a, b), this.rows(b, a));
    this.words.textContent = this.say();
    if (!this.direction) return;
    const [low, high] = worthWalking(codes, this.direction);
    Object.assign(this, { low, high });
    this.slider.show([{ index: 0, name: NAME, low, high, importance: 0, detail: "0 at the mean of B, 1 at that of A" }], "Along the direction");
    this.box.querySelector(".track").prepend(this.tick("B", 0), this.tick("A", 1));
    this.strip.tiles.forEach((_, tile) => this.strip.name(tile, `Go to ${brief(this.value(tile))} of the way from B to A`));
  }

  // Where a group's mean is on the slider.
  tick(name, t) {
    const mark = element("i", "mean", name);
    mark.ariaHidden = "true";
    mark.style.setProperty("--mean", (t - this.low) / (this.high - this.low));
    return mark;
  }

  say() {
    if (!this.direction) return "These two groups have one mean code, or one of them no image: choose others.";
    return this.missing ? "The link's groups are not in this session; these are others." : "";
  }

  show(z) {
    if (!this.direction) this.make();
    const { direction, explorer: { decode, gauge, home } } = this, walk = z.slice();
    if (!direction) return;
    for (let tile = 0; tile < TILES; tile++) {
      direction.move(walk, this.value(tile));
      this.strip.draw(tile, decode(walk), gauge.outside(walk));
    }
    this.slider.place(() => direction.along(z), () => direction.along(home));
  }

  value(tile) {
    return this.low + (tile / (TILES - 1)) * (this.high - this.low);
  }

  // The code here, taken to t.
  at(t) {
    const z = this.explorer.z.slice();
    this.direction.move(z, t);
    return z;
  }

  go(t) {
    if (this.direction) this.explorer.jump(this.at(t));
  }

  hide() {}

  // The keys of A and B, where they are not the first ones.
  state() {
    const { a, b } = this.wanted ?? this.chosen, first = this.first();
    return a === first.a && b === first.b ? null : directionView(a, b);
  }

  // Groups of the map are known once the server has answered.
  restore(text) {
    const [a, b, more] = text.split(" ").map(plain);
    const known = (key) => key?.startsWith(LASSO) || this.keys().includes(key);
    if (!known(a) || !known(b) || a === b || more !== undefined) return false;
    this.wanted = { a, b };
    this.settle();
    return true;
  }
}

// "%20" -> " "; null where the text is damaged
function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
