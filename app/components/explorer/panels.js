// The tab bar under the picture and the sliders. Only the panel in sight works.
//
// A panel is one module in panels/ with one class, entered in PANELS:
//   static id, static title       its name in the link (`panel=`) and on its tab
//   constructor(root, explorer)   root: its own empty element, made when the panel is first chosen
//   open(space)                   a run was opened; called again for every run, and before the first `show`
//   show(z)                       at most once a frame while in sight, whenever the code, the slider in hand or what
//                                 is loaded has changed; `explorer.decode` is there. z may be changed and put back.
//   hide()                        another panel was chosen, or the page left: stop what runs by itself
//   rest()                        optional: a movement ended, or this panel was chosen
//   hear(answers)                 optional: what the server says to the panel in sight; null where it says nothing
//   key(name) -> whether it is one of its keys, which then did its work; optional. name: as "Shift+A"
//   state() -> text or null, restore(text) -> whether it could   optional: what the link carries of it (`view=`)
//   static fits(space) -> whether the run has this panel; optional
// Of the explorer it may read space, decode, encode, codes, images, labels (null until loaded), z, home, start,
// sigma (a VAE's at the start's image, or null), axes (the sliders'), held (the one in hand), gauge (outside(z): has z
// left the data?), picture.real (the start's image, pixels or null), and call jump(z), glide(z) (on the way: the server
// and the link hear of it at the next rest), announce(event) (its picture is there), begin(start), take(dimension),
// set(dimension, value), ask(question), turn(place) (open another run there), rest() after a change to its own state, and
// refresh() to be shown again at the next frame.

import { element } from "../js/dom.js";
import { Directions } from "./panels/directions.js";
import { Interpolate } from "./panels/interpolate.js";
import { Models } from "./panels/models.js";
import { Neighbours } from "./panels/neighbours.js";
import { Own } from "./panels/own.js";
import { Posterior } from "./panels/posterior.js";
import { Traversal } from "./panels/traversal.js";

const PANELS = [Traversal, Interpolate, Directions, Posterior, Neighbours, Models, Own];

export class Panels {
  constructor(root, explorer) {
    this.explorer = explorer;
    this.body = root.querySelector(".panel");
    this.misread = root.querySelector(".misread");
    this.made = new Map(); // id -> {panel, root, space: the one it has opened}
    this.tabs = PANELS.map((Panel) => this.tab(Panel));
    root.querySelector(".tabs").replaceChildren(...this.tabs);
    root.querySelector(".tabs").hidden = PANELS.length < 2;
    root.querySelector(".tabs").addEventListener("keydown", (event) => this.key(event));
    this.choose(PANELS[0].id);
  }

  // space: the run's; id and view as the link has them, or undefined to stay as it is.
  open(space, id, view) {
    this.space = space;
    const offered = PANELS.filter((Panel) => Panel.fits?.(space) ?? true).map((Panel) => Panel.id);
    for (const tab of this.tabs) tab.hidden = !offered.includes(tab.value);
    const wanted = id === undefined ? this.id : id ?? PANELS[0].id, there = offered.includes(wanted);
    this.choose(there ? wanted : PANELS[0].id);
    this.wake();
    const read = !there || !view || (this.current.panel.restore?.(view) ?? false);
    this.say(id && !there ? `This model has no panel “${id}”.` : read ? "" : "The link's view of this panel does not fit here; the panel opens without it.");
  }

  say(words) {
    this.misread.textContent = words;
  }

  hide() {
    this.current.panel.hide();
  }

  press(name) {
    return this.current.panel.key?.(name) ?? false;
  }

  show(z) {
    this.current.panel.show(z);
  }

  rest() {
    this.current.panel.rest?.();
  }

  hear(answers) {
    this.current.panel.hear?.(answers);
  }

  // For the link: null where it is the first panel, and where the panel has nothing to say.
  place() {
    return { panel: this.id === PANELS[0].id ? null : this.id, view: this.current.panel.state?.() ?? null };
  }

  // The page was left.
  close() {
    this.current.panel.hide();
    this.space = null;
  }

  // -> the panel
  choose(id) {
    if (this.id === id) return this.current.panel;
    if (this.current) {
      this.current.panel.hide();
      this.current.root.hidden = true;
    }
    this.id = id;
    if (!this.made.has(id)) this.make(PANELS.find((one) => one.id === id));
    this.current = this.made.get(id);
    this.current.root.hidden = false;
    for (const tab of this.tabs) {
      tab.ariaSelected = String(tab.value === id);
      tab.tabIndex = tab.value === id ? 0 : -1;
    }
    this.body.setAttribute("aria-labelledby", `tab-${id}`);
    this.wake();
    return this.current.panel;
  }

  make(Panel) {
    const root = element("div");
    this.body.append(root);
    this.made.set(Panel.id, { panel: new Panel(root, this.explorer), root, space: null });
  }

  // Tell the panel in sight of the run, if it has not heard of it.
  wake() {
    if (!this.space || this.current.space === this.space) return;
    this.current.space = this.space;
    this.current.panel.open(this.space);
  }

  tab(Panel) {
    const tab = element("button", "", Panel.title);
    tab.type = "button";
    tab.value = Panel.id;
    tab.id = `tab-${Panel.id}`;
    tab.role = "tab";
    tab.setAttribute("aria-controls", "panel");
    tab.addEventListener("click", () => {
      this.say("");
      this.choose(Panel.id);
      this.explorer.refresh();
      this.explorer.rest();
    });
    return tab;
  }

  key(event) {
    const tabs = this.tabs.filter((tab) => !tab.hidden);
    const at = tabs.findIndex((tab) => tab.value === this.id), last = tabs.length - 1;
    const to = { ArrowLeft: at ? at - 1 : last, ArrowRight: at < last ? at + 1 : 0, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tabs[to].focus();
    tabs[to].click();
  }
}
