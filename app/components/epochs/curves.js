// Test and train curves over epochs, one colour a run, as SVG; a cursor, and values under the pointer.

import { attributes, element, node } from "../js/dom.js";

const STEPS = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity,
};
const PAD = { left: 52, right: 12, top: 10, bottom: 34 };

// runs: [{title, colour, epochs: [...], test: [...] | undefined, train: [...] | undefined}], for one term.
// floors: values that no curve of that term can pass. pick(epoch): called when the person presses or drags on the
// plot, or moves along it by keys.
export function makeCurves(svg, tip, pick) {
  const state = { runs: [], floors: [], log: false, last: 1, epoch: 1, hover: null };
  const cursor = node("line", { class: "cursor" });
  const marks = node("g", {});
  let scale = null;

  const observer = new ResizeObserver(() => draw());
  observer.observe(svg);
  svg.addEventListener("pointermove", (event) => {
    state.hover = epochAt(event);
    if (event.buttons & 1) pick(state.hover);
    explain();
  });
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    pick(epochAt(event));
  });
  svg.addEventListener("pointerleave", () => {
    state.hover = null;
    explain();
  });
  svg.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    state.hover = Math.min(state.last, Math.max(Math.min(1, state.last), state.epoch + step));
    pick(state.hover);
    explain();
  });
  svg.addEventListener("focus", () => {
    if (!svg.matches(":focus-visible")) return;
    state.hover = state.epoch;
    explain();
  });
  svg.addEventListener("blur", () => {
    state.hover = null;
    explain();
  });

  return {
    show(changes) {
      Object.assign(state, changes);
      draw();
    },
    moveTo(epoch) {
      state.epoch = epoch;
      place();
    },
    close: () => observer.disconnect(),
  };

  function draw() {
    const width = svg.clientWidth, height = svg.clientHeight;
    if (!width || !height) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    scale = makeScale(...rangeOf(state.runs, state.floors), state.last, width, height, state.log);
    const plot = node("g", { "clip-path": "url(#plot)" });
    plot.append(...state.runs.flatMap((run) => lines(run, scale)));
    const clip = node("clipPath", { id: "plot" });
    clip.append(node("rect", { x: PAD.left - 4, y: PAD.top, width: width - PAD.left, height: height - PAD.top - PAD.bottom }));
    svg.replaceChildren(clip, ...axes(scale, width, height), ...state.floors.flatMap(bound), plot, cursor, marks);
    place();
  }

  function place() {
    svg.ariaValueMin = Math.min(1, state.last);
    svg.ariaValueMax = state.last;
    svg.ariaValueNow = state.epoch;
    svg.ariaValueText = [`epoch ${state.epoch}`, ...state.runs.map(spoken)].join("; ");
    if (!scale) return;
    const x = scale.x(state.epoch);
    attributes(cursor, { x1: x, x2: x, y1: PAD.top, y2: svg.clientHeight - PAD.bottom });
    marks.replaceChildren(
      ...state.runs.flatMap((run) => {
        const value = valueAt(run, "test", state.epoch) ?? valueAt(run, "train", state.epoch);
        return value === undefined ? [] : [node("circle", { cx: x, cy: scale.y(value), r: 4, fill: run.colour })];
      }),
    );
    explain();
  }

  function epochAt(event) {
    const x = event.clientX - svg.getBoundingClientRect().left;
    return scale ? Math.min(state.last, Math.max(scale.first, Math.round(scale.epoch(x)))) : 1;
  }

  function spoken(run) {
    const values = ["test", "train"].map((part) => [part, valueAt(run, part, state.epoch)]);
    const known = values.filter(([, value]) => value !== undefined).map(([part, value]) => `${part} ${brief(value)}`);
    return `${run.title}: ${known.join(", ") || "no value"}`;
  }

  // the least that there can be, as a line with its number
  function bound(value) {
    const y = scale.y(value), words = text(`BCE floor ${value.toFixed(2)}`, { x: PAD.left + 4, y: y - 4 });
    return [node("line", { class: "floor", x1: PAD.left, x2: svg.clientWidth - PAD.right, y1: y, y2: y }), words];
  }

  // the values at the hovered epoch, in a card beside the pointer that stays inside the plot
  function explain() {
    tip.hidden = state.hover === null || !scale;
    if (tip.hidden) return;
    tip.replaceChildren(
      element("strong", "", `epoch ${state.hover}`),
      element("span", "value", "test"),
      element("span", "value", "train"),
      ...state.runs.flatMap((run) => {
        const name = element("span", "", run.title), swatch = element("i", "swatch");
        swatch.style.background = run.colour;
        name.prepend(swatch);
        const values = ["test", "train"].map((part) => valueAt(run, part, state.hover));
        return [name, ...values.map((value) => element("span", "value", value === undefined ? "–" : brief(value)))];
      }),
    );
    const x = scale.x(state.hover);
    const room = svg.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(room, x > svg.clientWidth / 2 ? x - tip.offsetWidth - 12 : x + 12))}px`;
  }
}

// A run that has ended, or was solved at once, keeps its last value.
export function valueAt(run, part, epoch) {
  const values = run[part];
  if (!values) return undefined;
  let value;
  for (let i = 0; i < run.epochs.length; i++) if (run.epochs[i] <= epoch) value = values[i] ?? undefined;
  return value;
}

// From the least to the greatest of all values and floors, so that nothing is cut off.
export function rangeOf(runs, floors = []) {
  const all = [...runs.flatMap((run) => [...(run.test ?? []), ...(run.train ?? [])]), ...floors].filter(Number.isFinite);
  return all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
}

function makeScale(low, high, last, width, height, log) {
  const first = Math.min(1, last);
  const turn = log && low > 0 ? Math.log10 : (v) => v;
  if (low === high) [low, high] = [low * 0.95 || -1, high * 1.05 || 1];
  const bottom = height - PAD.bottom, right = width - PAD.right;
  const a = turn(low), b = turn(high), pad = (b - a) * 0.04;
  const y = (v) => bottom - ((turn(v) - a + pad) / (b - a + 2 * pad)) * (bottom - PAD.top);
  const x = (e) => PAD.left + ((e - first) / Math.max(1, last - first)) * (right - PAD.left);
  const epoch = (sx) => first + ((sx - PAD.left) / (right - PAD.left)) * Math.max(1, last - first);
  return { x, y, epoch, first, last, low, high, log: turn === Math.log10 };
}

function axes(scale, width, height) {
  const parts = [];
  for (const value of ticks(scale.low, scale.high, scale.log)) {
    const y = scale.y(value);
    parts.push(node("line", { class: "grid", x1: PAD.left, x2: width - PAD.right, y1: y, y2: y }));
    parts.push(text(String(Number(value.toPrecision(4))), { x: PAD.left - 8, y: y + 4, "text-anchor": "end" }));
  }
  const few = Math.max(2, Math.floor(width / 90));
  for (const epoch of new Set([scale.first, ...ticks(scale.first, scale.last, false, few).filter(Number.isInteger)])) {
    parts.push(text(String(epoch), { x: scale.x(epoch), y: height - PAD.bottom + 16, "text-anchor": "middle" }));
  }
  parts.push(text("epoch", { x: width - PAD.right, y: height - 3, "text-anchor": "end" }));
  return parts;
}

function lines(run, scale) {
  return ["train", "test"].flatMap((part) => {
    const values = run[part];
    if (!values?.length) return [];
    let points = run.epochs.map((epoch, i) => [epoch, values[i]]).filter(([, value]) => Number.isFinite(value));
    if (!points.length) return [];
    // solved at once: a level to compare with
    if (points.length === 1 && points[0][0] === 0) points = [[scale.first, points[0][1]], [Math.max(scale.last, scale.first + 1), points[0][1]]];
    const path = points.map(([epoch, value]) => `${scale.x(epoch).toFixed(1)},${scale.y(value).toFixed(1)}`).join(" ");
    if (points.length === 1) return [node("circle", { class: part, cx: scale.x(points[0][0]), cy: scale.y(points[0][1]), r: 3, fill: run.colour })];
    return [node("polyline", { class: part, points: path, stroke: run.colour })];
  });
}

// Round numbers from low to high, about `count` of them.
export function ticks(low, high, log, count = 5) {
  if (log) {
    const decades = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
      for (const m of [1, 1.5, 2, 3, 5, 7]) decades.push(m * 10 ** p);
    }
    const inside = decades.filter((v) => v >= low && v <= high);
    if (inside.length >= 2) return inside;
  }
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

export function brief(value) {
  const size = Math.abs(value);
  return size >= 1000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : value.toFixed(2);
}

function text(words, places) {
  const made = node("text", places);
  made.textContent = words;
  return made;
}
