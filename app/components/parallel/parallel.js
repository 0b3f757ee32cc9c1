// The trials of a search: parallel coordinates, and under them the table of the lines that are kept.

import { element } from "../js/dom.js";
import { makePlot } from "./plot.js";
import { placeOf, scoreAxis, spelled, within } from "./scale.js";

const STATES = { complete: "complete", pruned: "ended early", failed: "failed", interrupted: "interrupted", running: "running" };

const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = makeView(parentElement, (number) => setStateValue("trial", number))));
  view.show(...data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

function makeView(root, choose) {
  const find = (name) => root.querySelector(name);
  const table = find("table"), count = find(".count"), clear = find(".clear");
  const plot = makePlot(find("svg"), { brushed, pointed, chosen });
  let trials = [], fields = [], unit = "";
  let ranges = [], pinned = null;
  clear.addEventListener("click", () => plot.clear());

  return {
    // fields: the searched axes; found: the trials, the best first; pinned: the number of the one that is chosen
    show(nextFields, nextUnit, found, nextPinned) {
      [fields, unit, pinned] = [nextFields, nextUnit, nextPinned];
      const score = scoreAxis(unit, found);
      const scored = found.filter((trial) => trial.score !== null && trial.state !== "running");
      trials = found.map((trial) => ({
        ...trial,
        places: [...fields.map((axis, at) => placeOf(axis, trial.values[at])), trial.score === null ? null : placeOf(score, trial.score)],
        quality: scored.includes(trial) ? 1 - scored.indexOf(trial) / Math.max(1, scored.length - 1) : null,
      }));
      redraw();
    },
    close: () => plot.close(),
  };

  function redraw() {
    for (const trial of trials) trial.inside = within(trial.places, ranges);
    const axes = [...fields, scoreAxis(unit, trials)];
    find("svg").ariaLabel = `Parallel coordinates of ${trials.length} trials: ${axes.map((axis) => axis.name).join("; ")}`;
    plot.show({ axes, trials });
    fill();
  }

  function brushed(next) {
    ranges = next;
    let changed = false;
    for (const trial of trials) {
      const inside = within(trial.places, ranges);
      changed ||= inside !== trial.inside;
      trial.inside = inside;
    }
    for (const path of root.querySelectorAll("polyline")) {
      path.classList.toggle("out", !trials.find((trial) => trial.number === Number(path.dataset.number)).inside);
    }
    if (changed) fill();
    else tell();
  }

  function pointed(number) {
    const marked = number ?? pinned;
    plot.mark(marked);
    for (const row of table.tBodies[0]?.rows ?? []) row.classList.toggle("on", Number(row.dataset.number) === marked);
  }

  function chosen(number) {
    pinned = number;
    pointed(null);
    for (const button of table.querySelectorAll("button")) button.ariaPressed = String(button.textContent === String(number));
    choose(number);
  }

  function tell() {
    const kept = trials.filter((trial) => trial.inside).length;
    count.textContent = kept === trials.length ? `${kept} trials` : `${kept} of ${trials.length} trials`;
    clear.hidden = ranges.every(([low, high]) => low === 0 && high === 1);
  }

  function fill() {
    const focused = root.activeElement ?? table.getRootNode().activeElement;
    const at = focused?.closest("tr")?.dataset.number;
    const head = element("thead"), body = element("tbody");
    const titles = ["Trial", ...fields.map((axis) => axis.name), unit, "State", "Seconds"];
    head.append(rowOf(titles.map((title) => cell("th", title))));
    body.append(...trials.filter((trial) => trial.inside).map(lineOf));
    table.replaceChildren(head, body);
    if (at) table.querySelector(`tr[data-number="${at}"] button`)?.focus();
    tell();
    pointed(null);
  }

  function lineOf(trial) {
    const button = element("button", "", String(trial.number));
    button.type = "button";
    button.ariaPressed = String(trial.number === pinned);
    button.ariaLabel = `Choose trial ${trial.number}`;
    button.addEventListener("click", () => chosen(trial.number));
    const first = element("th");
    first.scope = "row";
    first.append(button);
    const early = trial.state === "complete" || trial.score === null ? "" : ` at epoch ${trial.epoch}`;
    const state = cell("td", STATES[trial.state], trial.sentence ? "words" : "");
    if (trial.sentence) state.append(element("small", "", trial.sentence));
    const score = cell("td", trial.score === null ? "–" : trial.score.toFixed(2));
    if (early) score.append(element("small", "", early));
    const seconds = cell("td", trial.seconds === null ? "–" : trial.seconds.toFixed(1));
    const row = rowOf([first, ...trial.values.map((value) => cell("td", spelled(value))), score, state, seconds]);
    row.dataset.number = trial.number;
    row.addEventListener("pointerenter", () => pointed(trial.number));
    row.addEventListener("pointerleave", () => pointed(null));
    return row;
  }
}

function cell(tag, text, className = "") {
  const made = element(tag, className, text);
  if (tag === "th") made.scope = "col";
  return made;
}

function rowOf(cells) {
  const row = element("tr");
  row.append(...cells);
  return row;
}
