// One slider over the epochs of several runs: their stored grids and their curves move together.

import { blob, dropBlob } from "../js/blobs.js";
import { element } from "../js/dom.js";
import { makePainter } from "../js/pixels.js";
import { brief, makeCurves, valueAt } from "./curves.js";
import { heldEpoch, unpackChunk } from "./frames.js";

const TICK = 125; // milliseconds an epoch while playing
const UNPACKED = 80; // chunks kept as pixels: 800 grids, 63 MB
const KINDS = { reconstructions: "Reconstructions", samples: "Samples" };
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
  let timer = 0, waiting = false;

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
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  function draw() {
    const end = last();
    slider.min = Math.min(1, end);
    slider.max = end;
    slider.value = chosen.epoch;
    slider.disabled = play.disabled = end <= 1;
    slider.ariaValueText = `epoch ${chosen.epoch} of ${end}`;
    output.replaceChildren(`epoch ${chosen.epoch} `, element("small", "", `of ${end}`));
    cards.forEach((card) => fill(card));
    curves.moveTo(chosen.epoch);
  }

  function fill({ run, canvas, paint, reading, held }) {
    const shown = heldEpoch(run.grids[chosen.kind], chosen.epoch);
    const frame = chunks.frame(run, chosen.kind, shown, data.chunk);
    if (frame) {
      paint(frame);
      canvas.ariaLabel = `${KINDS[chosen.kind]} of ${run.title}, epoch ${shown}`;
    }
    canvas.dataset.epoch = frame ? shown : "";
    reading.textContent = readingOf(run, shown);
    held.textContent = shown === 0 ? "solved at once" : shown === chosen.epoch ? "" : `epoch ${shown} of ${run.wanted}`;
  }

  // Only a model with a prior has samples; the others step aside.
  function showCards() {
    const colours = lineColours(root, data.runs.length);
    const before = new Map(cards.map((card) => [card.run.id, card]));
    cards = data.runs.flatMap((run, at) => {
      return run.grids[chosen.kind]?.length ? [makeCard(run, chosen.kind, colours[at], before.get(run.id))] : [];
    });
    find(".cards").replaceChildren(...cards.map((card) => card.whole));
    chunks.prepare(cards.map((card) => card.run), chosen.kind, data.chunk);
  }

  function showCurves() {
    log.ariaPressed = String(chosen.log);
    const colours = lineColours(root, data.runs.length);
    const runs = data.runs.map((run, at) => ({ ...termOf(run), colour: colours[at] }));
    curves.show({ runs, log: chosen.log, last: last() });
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

// The grids that have arrived, as pixels; `arrived` is called when there are more.
function makeChunks(arrived) {
  const unpacked = new Map(); // chunk -> {key, frames: Map of epoch -> frame}, least recently used first
  const asked = new Map(); // chunk -> key of the blob that is awaited
  let open = true;

  return {
    frame(run, kind, epoch, size) {
      const chunk = ask(run, kind, chunkOf(epoch, size), size);
      const held = unpacked.get(chunk);
      if (!held) return undefined;
      unpacked.delete(chunk);
      unpacked.set(chunk, held);
      return held.frames.get(epoch);
    },
    // Unpack all grids of these runs as they arrive, so that a drag finds them; where they are too many, as it goes.
    prepare(runs, kind, size) {
      const wanted = runs.flatMap((run) => [...new Set(run.grids[kind].map((epoch) => chunkOf(epoch, size)))].map((number) => [run, number]));
      if (wanted.length <= UNPACKED) for (const [run, number] of wanted) ask(run, kind, number, size);
    },
    close() {
      open = false;
    },
  };

  // A chunk that has grown has another key.
  function ask(run, kind, number, size) {
    const chunk = `${run.id}/${kind}/${number}`;
    const newest = run.grids[kind].findLast((epoch) => chunkOf(epoch, size) === number);
    const key = `grids/${chunk}-${newest}`;
    if (asked.get(chunk) !== key) {
      asked.set(chunk, key);
      unpack(chunk, key);
    }
    return chunk;
  }

  async function unpack(chunk, key) {
    const frames = await unpackChunk(await blob(key));
    if (!open || asked.get(chunk) !== key) return;
    const old = unpacked.get(chunk);
    if (old) dropBlob(old.key);
    unpacked.set(chunk, { key, frames: new Map(frames.map((frame) => [frame.epoch, frame])) });
    for (const least of unpacked.keys()) {
      if (unpacked.size <= UNPACKED) break;
      unpacked.delete(least);
      asked.delete(least);
    }
    arrived();
  }
}

function chunkOf(epoch, size) {
  return Math.floor(Math.max(0, epoch - 1) / size);
}

function makeCard(run, kind, colour, before) {
  const whole = element("figure", "card");
  const title = element("h3", "", run.title);
  const swatch = element("i", "swatch");
  swatch.style.background = colour;
  title.prepend(swatch);
  title.title = run.title;
  const labels = element("div", "halves");
  const halves = kind === "reconstructions" ? ["real", "reconstruction"] : ["samples from the prior"];
  labels.append(...halves.map((half) => element("span", "", half)));
  const { canvas, paint } = before ?? makeSheet();
  const reading = element("span"), held = element("span", "held");
  const line = element("p", "reading");
  line.append(reading, held);
  whole.append(title, labels, canvas, line);
  return { run, whole, canvas, paint, reading, held };
}

// A canvas that takes the size of what it is given.
function makeSheet() {
  const canvas = element("canvas", "frame");
  canvas.role = "img";
  canvas.ariaLabel = "Grid on its way";
  let painter = null;
  const paint = ({ pixels, width, height }) => {
    if (!painter || canvas.width !== width || canvas.height !== height) painter = makePainter(canvas, height, width);
    painter(pixels);
  };
  return { canvas, paint };
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
