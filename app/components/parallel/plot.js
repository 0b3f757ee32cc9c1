// Parallel coordinates as SVG: an axis for each searched field and the score, a line for each trial. Two handles on an
// axis, or a drag along it, keep the lines that pass between them. In a narrow place the axes lie under one another.

import { attributes, node } from "../js/dom.js";
import { marksOf, placeOf, spelled, valueOf } from "./scale.js";

const NARROW = 560; // CSS pixels
const STEP = 0.02; // of an axis, a press of an arrow key
const CLICK = 4; // CSS pixels: a shorter drag is a click

// heard: {brushed(ranges), pointed(number or null), chosen(number)}
export function makePlot(svg, heard) {
  const [lines, paths, labels, handles] = ["lines", "paths", "labels", "handles"].map((name) => node("g", { class: name }));
  svg.append(lines, paths, labels, handles);
  const observer = new ResizeObserver(() => draw());
  observer.observe(svg.parentElement);
  let shown = { axes: [], trials: [] };
  let ranges = [], brushes = [];
  let layout = null;

  return {
    // axes, the score's last; trials, the best first: {number, state, places, quality, inside}
    show(next) {
      const same = next.axes.length === shown.axes.length && next.axes.every((axis, at) => axis.name === shown.axes[at].name);
      shown = next;
      if (!same) {
        brushes.forEach(({ whole }) => whole.remove());
        ranges = shown.axes.map(() => [0, 1]);
        brushes = shown.axes.map((_, at) => makeBrush(at));
        heard.brushed(ranges);
      }
      draw();
    },
    clear() {
      ranges = ranges.map(() => [0, 1]);
      settle();
    },
    mark(number) {
      for (const path of paths.children) path.classList.toggle("on", Number(path.dataset.number) === number);
      paths.querySelector(".on")?.parentNode.append(paths.querySelector(".on"));
    },
    close: () => observer.disconnect(),
  };

  function draw() {
    const width = svg.parentElement.clientWidth;
    if (!width || !shown.axes.length) return;
    layout = layOut(shown.axes.length, width);
    attributes(svg, { viewBox: `0 0 ${width} ${layout.height}`, height: layout.height });
    lines.replaceChildren(...shown.axes.map((_, at) => lineOf(at, layout)));
    labels.replaceChildren(...shown.axes.flatMap((axis, at) => labelsOf(axis, at, layout)));
    paths.replaceChildren(...shown.trials.toReversed().map(pathOf));
    place();
  }

  function pathOf(trial) {
    const points = trial.places.flatMap((along, at) => (along === null ? [] : [layout.point(at, along).map((v) => v.toFixed(1)).join(",")]));
    const path = node("polyline", { class: `${trial.state}${trial.inside ? "" : " out"}`, points: points.join(" "), "data-number": trial.number });
    if (trial.quality !== null) path.style.stroke = `color-mix(in oklab, var(--st-primary-color) ${Math.round(100 * trial.quality)}%, var(--faint))`;
    path.addEventListener("pointerenter", () => heard.pointed(trial.number));
    path.addEventListener("pointerleave", () => heard.pointed(null));
    path.addEventListener("click", () => heard.chosen(trial.number));
    return path;
  }

  function settle() {
    place();
    heard.brushed(ranges);
  }

  // Handles and strips to where their ranges are.
  function place() {
    if (!layout) return;
    brushes.forEach(({ strip, kept, thumbs }, at) => {
      const [from, to] = ranges[at].map((along) => layout.point(at, along));
      attributes(strip, layout.box(at, 0, 1, 18));
      attributes(kept, { x1: from[0], y1: from[1], x2: to[0], y2: to[1] });
      kept.classList.toggle("brushed", ranges[at][0] > 0 || ranges[at][1] < 1);
      thumbs.forEach((thumb, end) => {
        attributes(thumb, layout.thumb(at, ranges[at][end]));
        const value = spelled(valueOf(shown.axes[at], ranges[at][end]));
        attributes(thumb, { "aria-valuenow": Math.round(100 * ranges[at][end]), "aria-valuetext": value });
      });
    });
  }

  function makeBrush(at) {
    const whole = node("g", { class: "brush" });
    const strip = node("rect", { class: "strip" }), kept = node("line", { class: "kept" });
    const thumbs = [0, 1].map((end) => makeThumb(at, end));
    whole.append(strip, kept, ...thumbs);
    handles.append(whole);
    let began = null;
    strip.addEventListener("pointerdown", (event) => {
      strip.setPointerCapture(event.pointerId);
      began = along(event, at);
    });
    const stretch = (event) => {
      if (began === null) return;
      const now = along(event, at);
      ranges[at] = Math.abs(now - began) * layout.length < CLICK ? [0, 1] : [Math.min(began, now), Math.max(began, now)];
      settle();
    };
    strip.addEventListener("pointermove", stretch);
    strip.addEventListener("pointerup", stretch);
    strip.addEventListener("lostpointercapture", () => (began = null));
    return { whole, strip, kept, thumbs };
  }

  function makeThumb(at, end) {
    const thumb = node("rect", {
      class: "thumb", rx: 4, tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-label": `${shown.axes[at].name}: ${end ? "to" : "from"}`,
    });
    const move = (to) => {
      ranges[at][end] = end ? Math.min(1, Math.max(ranges[at][0], to)) : Math.max(0, Math.min(ranges[at][1], to));
      settle();
    };
    thumb.addEventListener("keydown", (event) => {
      const step = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP, PageUp: 5 * STEP, PageDown: -5 * STEP }[event.key];
      if (step) move(ranges[at][end] + step);
      else if (event.key === "Home") move(0);
      else if (event.key === "End") move(1);
      else if (event.key === "Escape") {
        ranges[at] = [0, 1];
        settle();
      } else return;
      event.preventDefault();
    });
    thumb.addEventListener("pointerdown", (event) => thumb.setPointerCapture(event.pointerId));
    thumb.addEventListener("pointermove", (event) => thumb.hasPointerCapture(event.pointerId) && move(along(event, at)));
    return thumb;
  }

  function along(event, at) {
    const box = svg.getBoundingClientRect();
    return layout.along(at, event.clientX - box.left, event.clientY - box.top);
  }
}

// Where axes lie: upright beside one another, or flat under one another.
function layOut(count, width) {
  const limited = (along) => Math.min(1, Math.max(0, along));
  if (width < NARROW) {
    const top = 40, row = 74, left = 20, length = width - 2 * left;
    const y = (at) => top + at * row;
    return {
      flat: true, length, height: top + (count - 1) * row + 36,
      point: (at, along) => [left + along * length, y(at)],
      along: (at, x) => limited((x - left) / length),
      box: (at, from, to, half) => ({ x: left + from * length, y: y(at) - half, width: (to - from) * length, height: 2 * half }),
      thumb: (at, along) => ({ x: left + along * length - 4, y: y(at) - 11, width: 8, height: 22 }),
      name: (at) => ({ x: left, y: y(at) - 18 }),
    };
  }
  const top = 40, bottom = 300, left = 92, right = 28, length = bottom - top;
  const x = (at) => left + (count > 1 ? (at * (width - left - right)) / (count - 1) : 0);
  return {
    flat: false, length, height: bottom + 20,
    point: (at, along) => [x(at), bottom - along * length],
    along: (at, _, y) => limited((bottom - y) / length),
    box: (at, from, to, half) => ({ x: x(at) - half, y: bottom - to * length, width: 2 * half, height: (to - from) * length }),
    thumb: (at, along) => ({ x: x(at) - 11, y: bottom - along * length - 4, width: 22, height: 8 }),
    // the last one's, a score's, may be long
    name: (at) => (at === count - 1 ? { x: width, y: top - 22, "text-anchor": "end" } : { x: x(at), y: top - 22, "text-anchor": "middle" }),
  };
}

function lineOf(at, layout) {
  const [x1, y1] = layout.point(at, 0), [x2, y2] = layout.point(at, 1);
  return node("line", { x1, y1, x2, y2 });
}

// The name of an axis, and its marks.
function labelsOf(axis, at, layout) {
  const marks = marksOf(axis).map((value) => {
    const along = placeOf(axis, value), [x, y] = layout.point(at, along);
    const text = axis.beyond && value === axis.high ? `≥ ${spelled(value)}` : spelled(value);
    return words(text, layout.flat ? { x, y: y + 24, "text-anchor": anchor(along) } : { x: x - 14, y: y + 4, "text-anchor": "end" });
  });
  return [words(axis.name, { ...layout.name(at), class: "name" }), ...marks];
}

function anchor(along) {
  return along === 0 ? "start" : along === 1 ? "end" : "middle";
}

function words(text, places) {
  const made = node("text", places);
  made.textContent = text;
  return made;
}
