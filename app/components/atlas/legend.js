// The legend: what colours say, and which classes are shown.

import { element } from "../js/dom.js";

// root: the legend's section. act: {by(id), hide(set), point(group or null)}; point: a class is pointed at.
// -> show(state): state {choices, by, unit, low, high, ramp, classes: [[group, name]], swatches, hidden}.
export function makeLegend(root, act) {
  const find = (name) => root.querySelector(name);
  const select = find(".by"), list = find(".classes");
  let hidden = new Set(), groups = [];

  select.addEventListener("change", () => act.by(select.value));
  find(".all").addEventListener("click", () => act.hide(new Set()));
  find(".none").addEventListener("click", () => act.hide(new Set(groups)));

  return function show(state) {
    hidden = state.hidden;
    groups = state.classes.map(([group]) => group);
    select.replaceChildren(...state.choices.map(({ id, title }) => new Option(title, id, false, id === state.by)));
    find(".ramp").hidden = !state.ramp;
    if (state.ramp) showRamp(state);
    fill(state.classes, state.ramp ? null : state.swatches);
    find(".all").disabled = hidden.size === 0;
    find(".none").disabled = hidden.size === groups.length;
  };

  function showRamp({ ramp, low, high, unit }) {
    const css = (colour) => `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
    const stops = Array.from({ length: 9 }, (_, i) => css(ramp[Math.round((i * (ramp.length - 1)) / 8)]));
    find(".bar").style.background = `linear-gradient(90deg in oklab, ${stops.join(", ")})`;
    find(".low").textContent = `≤ ${number(low)}`;
    find(".middle").textContent = number((low + high) / 2);
    find(".high").textContent = `≥ ${number(high)}`;
    find(".unit").textContent = unit;
  }

  // The buttons stay the same elements while the classes do, so that the focus stays, too.
  function fill(classes, swatches) {
    const names = classes.map(([group, name]) => `${group} ${name}`).join("\n");
    if (list.dataset.names !== names) list.replaceChildren(...classes.map(([group, name]) => item(group, name)));
    list.dataset.names = names;
    list.querySelectorAll("button").forEach((button, i) => {
      button.ariaPressed = String(!hidden.has(classes[i][0]));
      button.firstChild.style.background = swatches ? swatches[classes[i][0] % swatches.length] : "";
    });
  }

  function item(group, name) {
    const made = element("li"), button = element("button");
    button.type = "button";
    button.title = `${name}: show or hide`;
    button.append(element("i", "swatch"), element("span", "", name));
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && act.point(group));
    button.addEventListener("pointerleave", () => act.point(null));
    button.addEventListener("click", () => {
      const next = new Set(hidden);
      if (!next.delete(group)) next.add(group);
      act.hide(next);
    });
    made.append(button);
    return made;
  }
}

// Three digits, with a minus sign as wide as one.
export function number(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
