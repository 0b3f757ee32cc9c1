// One slider a dimension, the most important first. Values are the explorer's: a code may lie outside a
// slider's range, and its thumb then rests at the end.

import { brief } from "./numbers.js";

const FINE = 1 / 100, COARSE = 1 / 10; // steps of the keys, as parts of the range
const SEEN = 1e-5; // a smaller part of the range is rounding
const STEPS = {
  ArrowRight: FINE, ArrowUp: FINE, ArrowLeft: -FINE, ArrowDown: -FINE, PageUp: COARSE, PageDown: -COARSE,
  Home: -Infinity, End: Infinity,
};

export class Sliders {
  // handlers: move(dimension, value, event) at every input, rest(soon) when a movement ends, take(dimension)
  // when a slider is taken in hand, home(dimension) to bring one back.
  constructor(box, handlers) {
    this.box = box;
    this.handlers = handlers;
    this.rows = new Map(); // dimension -> its row
  }

  // dimensions: [{index, name, low, high, importance in [0, 1], detail}] in the order to show.
  show(dimensions, words) {
    this.box.ariaLabel = words;
    this.rows = new Map(dimensions.map((dimension) => [dimension.index, this.row(dimension)]));
    const columns = dimensions.length > 10 ? 2 : 1;
    this.box.style.setProperty("--rows", Math.ceil(dimensions.length / columns));
    this.box.replaceChildren(...[...this.rows.values()].map(({ root }) => root));
  }

  // The value of each dimension, and that of the start, which the ticks mark: functions of its index.
  place(value, home) {
    for (const [index, row] of this.rows) {
      row.home = home(index);
      row.root.style.setProperty("--home", row.share(row.home));
      this.set(index, value(index));
    }
  }

  set(index, value) {
    const row = this.rows.get(index);
    row.input.value = value;
    this.label(row, value);
  }

  // What a row says about its value, beside the thumb.
  label({ root, shown, input, share, home, seen }, value) {
    root.style.setProperty("--at", share(value));
    shown.textContent = brief(value);
    input.ariaValueText = brief(value);
    root.classList.toggle("moved", Math.abs(value - home) > seen);
  }

  // sigma: of each dimension around the start's code, (d,), or null.
  spread(sigma) {
    for (const [index, { root, input, share, home }] of this.rows) {
      root.classList.toggle("spread", sigma !== null);
      input.ariaDescription = sigma && `posterior ${brief(home)} ± ${brief(sigma[index])}`;
      if (!sigma) continue;
      root.style.setProperty("--spread-low", share(home - sigma[index]));
      root.style.setProperty("--spread-high", share(home + sigma[index]));
    }
  }

  // ends: of each dimension the [low, high] between which the code stays in the data, or null where there are none.
  reach(ends) {
    for (const [index, { root, share }] of this.rows) {
      const [low, high] = ends[index] ?? [Infinity, Infinity];
      root.style.setProperty("--data-low", share(low));
      root.style.setProperty("--data-high", share(high));
    }
  }

  mark(index) {
    for (const [other, { root }] of this.rows) root.classList.toggle("held", other === index);
  }

  row({ index, name, low, high, importance, detail }) {
    const root = document.createElement("div");
    root.className = "row";
    root.innerHTML = `
      <label for="${name}" title="${detail}">${name}</label>
      <span class="importance" title="${detail}"><i></i></span>
      <span class="track"><input id="${name}" type="range" min="${low}" max="${high}" step="any"></span>
      <span class="value" aria-hidden="true"></span>`;
    root.style.setProperty("--importance", importance);
    const input = root.querySelector("input");
    const share = (value) => Math.min(1, Math.max(0, (value - low) / (high - low)));
    const row = { root, input, share, home: 0, seen: SEEN * (high - low), shown: root.querySelector(".value") };
    this.listen(index, row, low, high);
    return row;
  }

  listen(index, row, low, high) {
    const { move, rest, take, home } = this.handlers;
    const to = (value, event) => {
      move(index, value, event);
      this.label(row, value);
    };
    row.input.addEventListener("input", (event) => to(row.input.valueAsNumber, event));
    row.input.addEventListener("change", () => rest());
    row.input.addEventListener("pointerdown", () => take(index));
    row.input.addEventListener("focus", () => take(index));
    row.root.addEventListener("dblclick", () => home(index));
    row.input.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Delete" || event.key === "Backspace") home(index);
      else if (event.key in STEPS) {
        row.input.value = Math.min(high, Math.max(low, row.input.valueAsNumber + STEPS[event.key] * (high - low)));
        to(row.input.valueAsNumber, event);
        rest(true);
      } else return;
      event.preventDefault();
    });
  }
}
