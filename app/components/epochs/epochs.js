// One slider over the epochs of several runs: their stored grids, maps and strips move with their curves.

import { classColours, isDark } from "../atlas/palette.js";
import { element } from "../js/dom.js";
import { KINDS, makeCard } from "./card.js";
import { makeChunks } from "./chunks.js";
import { brief, makeCurves, valueAt } from "./curves.js";
import { measureOf } from "./terms.js";

const TICK = 125; // milliseconds an epoch while playing
const TERMS = { loss: "Loss", recon: "Reconstruction", kl: "KL", sse: "SSE" };

const scrubbers = new WeakMap();
const remembered = new Map(); // data.key -> what the person chose, for when the page is left and found again

export default function ({ data, parentElement }) {
  let scrubber = scrubbers.get(parentElement);
  if (!scrubber) scrubbers.set(parentElement, (scrubber = makeScrubber(parentElement, data.key)));
  scrubber.show(data);
  return () => {
    scrubber.close();
    scrubbers.delete(parentElement);
  };
}

function makeScrubber(root, key) {
  const find = (name) => root.querySelector(name);
  const slider = find(".slider"), play = find(".play"), output = find(".epoch"), log = find(".log");
  const chosen = remembered.get(key) ?? { epoch: 1, following: true, kind: "reconstructions", term: "loss", log: false };
  remembered.set(key, chosen);
  const chunks = makeChunks(() => request());
  const curves = makeCurves(find(".curves"), find(".tip"), (epoch) => moveTo(epoch));
  const ending = new AbortController();
  const on = (target, event, act) => target.addEventListener(event, act, { signal: ending.signal });
  let data = { runs: [], chunk: 1 };
  let cards = [];
  let timer = 0, waiting = false, gliding = false;

  on(slider, "input", () => moveTo(slider.valueAsNumber));
  on(slider, "keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    togglePlay();
  });
  on(play, "click", togglePlay);
  on(log, "click", () => {
    chosen.log = !chosen.log;
    showCurves();
  });

  return {
    show(next) {
      data = next;
      const kinds = Object.keys(KINDS).filter((kind) => data.runs.some((run) => run.grids[kind]?.length));
      if (!kinds.includes(chosen.kind)) chosen.kind = "reconstructions";
      offer(find(".kinds"), kinds, KINDS, chosen.kind, (kind) => {
        chosen.kind = kind;
        showCards();
        request();
      });
      const terms = termsOf(data.runs);
      if (!terms.includes(chosen.term)) chosen.term = terms[0] ?? "loss";
      offer(find(".terms"), terms, TERMS, chosen.term, (term) => {
        chosen.term = term;
        showCurves();
        request();
      });
      showCards();
      showCurves();
      if (chosen.following || chosen.epoch > last()) chosen.epoch = last();
      request();
    },
    close() {
      stopPlaying();
      ending.abort();
      chunks.close();
      curves.close();
    },
  };

  function last() {
    return Math.max(0, ...data.runs.map((run) => run.grids[chosen.kind]?.at(-1) ?? 0));
  }

  // The thumb at the end stays at the newest epoch; anywhere else it stays where it was put.
  function moveTo(epoch) {
    chosen.epoch = epoch;
    chosen.following = epoch >= last();
    request();
  }

  // At most one drawing a frame, before that frame is shown.
  function request() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame((time) => {
      waiting = false;
      draw(time);
    });
  }

  function draw(time) {
    const end = last();
    slider.min = Math.min(1, end);
    slider.max = end;
    slider.value = chosen.epoch;
    slider.disabled = play.disabled = end <= 1;
    slider.ariaValueText = `epoch ${chosen.epoch} of ${end}`;
    output.replaceChildren(`epoch ${chosen.epoch} `, element("small", "", `of ${end}`));
    const frames = (run, kind, epoch) => chunks.frame(run, kind, epoch, data.chunk);
    for (const card of cards) card.read(readingOf(card.run, card.fill(chosen.epoch, frames, time)));
    curves.moveTo(chosen.epoch);
    if (!gliding) glide(time);
  }

  // The maps' points go on moving while the slider rests, until they have arrived.
  function glide(time) {
    gliding = cards.map((card) => card.glide(time)).some(Boolean);
    if (gliding) requestAnimationFrame(glide);
  }

  // Only a model with a prior has samples; the others step aside.
  function showCards() {
    const colours = lineColours(root, data.runs.length);
    const before = new Map(cards.map((card) => [card.run.id, card]));
    cards = data.runs.flatMap((run, at) => {
      if (!run.grids[chosen.kind]?.length) return [];
      const card = before.get(run.id) ?? makeCard();
      card.show(run, chosen.kind, colours[at]);
      return [card];
    });
    const wholes = cards.map((card) => card.whole), place = find(".cards");
    if (wholes.length !== place.children.length || wholes.some((whole, at) => whole !== place.children[at])) {
      place.replaceChildren(...wholes);
    }
    showLegends();
    chunks.prepare(cards.map((card) => card.run), [chosen.kind, "traversals", "points"], data.chunk);
  }

  // What the maps' colours mean, once for all runs of the same classes.
  function showLegends() {
    const mapped = cards.filter((card) => card.run.grids.points?.length && card.run.classes.length);
    const lists = [...new Set(mapped.map((card) => card.run.classes.join("\n")))];
    const colours = classColours(isDark(getComputedStyle(root.host ?? root).getPropertyValue("--st-background-color")));
    find(".legends").replaceChildren(...lists.map((list) => {
      const legend = element("ul", "legend");
      legend.ariaLabel = "Colours of the maps";
      legend.append(...list.split("\n").map((name, at) => {
        const item = element("li"), swatch = element("i", "swatch");
        swatch.style.background = colours[at % colours.length];
        item.append(swatch, name);
        return item;
      }));
      return legend;
    }));
  }

  function showCurves() {
    log.ariaPressed = String(chosen.log);
    const colours = lineColours(root, data.runs.length);
    const runs = data.runs.map((run, at) => ({ ...termOf(run), colour: colours[at] }));
    const { words, floors } = measureOf(chosen.term, data.runs);
    find(".axis").textContent = words;
    curves.show({ runs, floors, log: chosen.log, last: last() });
    find(".plot").hidden = !data.runs.some((run) => run.epochs.length);
    find(".curves").ariaLabel = `${TERMS[chosen.term]} by epoch, test and train: ${data.runs.map((run) => run.title).join("; ")}`;
  }

  // The chosen term's test value; SSE, which every model has, where it has none.
  function readingOf(run, epoch) {
    const value = valueAt(termOf(run), "test", epoch);
    if (value !== undefined) return `test ${brief(value)} ${chosen.term === "sse" ? "SSE" : run.unit}`;
    const sse = valueAt({ epochs: run.epochs, test: run.test.sse }, "test", epoch);
    return sse === undefined ? "" : `test ${brief(sse)} SSE`;
  }

  function termOf(run) {
    return { title: run.title, epochs: run.epochs, test: run.test[chosen.term], train: run.train[chosen.term] };
  }

  function togglePlay() {
    if (timer) return stopPlaying();
    if (chosen.epoch >= last()) moveTo(Math.min(1, last()));
    play.ariaPressed = "true";
    play.ariaLabel = "Pause";
    timer = setInterval(() => {
      if (chosen.epoch >= last()) return stopPlaying();
      moveTo(chosen.epoch + 1);
    }, TICK);
  }

  function stopPlaying() {
    clearInterval(timer);
    timer = 0;
    play.ariaPressed = "false";
    play.ariaLabel = "Play";
  }
}

// A row of buttons of which one is pressed; hidden where there is nothing to choose.
function offer(group, names, titles, pressed, choose) {
  const buttons = names.map((name) => {
    const button = element("button", "", titles[name]);
    button.type = "button";
    button.ariaPressed = String(name === pressed);
    button.addEventListener("click", () => {
      for (const one of buttons) one.ariaPressed = String(one === button);
      choose(name);
    });
    return button;
  });
  const same = buttons.length === group.children.length && buttons.every((button, at) => button.isEqualNode(group.children[at]));
  if (!same) group.replaceChildren(...(buttons.length > 1 ? buttons : []));
}

// Reconstruction and loss are the same line where no run has a KL.
function termsOf(runs) {
  const has = (term) => runs.some((run) => run.test[term]?.length || run.train[term]?.length);
  return Object.keys(TERMS).filter((term) => has(term) && (term !== "recon" || has("kl")));
}

// The theme's chart colours, in the order of the runs.
function lineColours(root, count) {
  const listed = getComputedStyle(root.host ?? root).getPropertyValue("--st-chart-categorical-colors");
  const colours = listed.split(",").map((colour) => colour.trim()).filter(Boolean);
  return Array.from({ length: count }, (_, at) => colours[at % colours.length] ?? "currentColor");
}
