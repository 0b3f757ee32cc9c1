// The map of a run's test codes: dots to look at, a plane to walk over. Whatever the pointer says is decoded
// here, before the next frame; the server hears only of what is opened, and of groups that are kept.

import { element } from "../js/dom.js";
import { directionView, LASSO, REST } from "../js/groups.js";
import { encodeCode, replaceLink } from "../js/link.js";
import { makePainter } from "../js/pixels.js";
import { makeCard } from "./card.js";
import { choices, colouring } from "./colours.js";
import { makeDots, picturesAt } from "./dots.js";
import { makeGallery } from "./gallery.js";
import { listen } from "./gestures.js";
import { enclosed, makeLasso } from "./lasso.js";
import { makeLegend } from "./legend.js";
import { boundsOf } from "./nearest.js";
import { makeOver } from "./over.js";
import { classColours, isDark, packed } from "./palette.js";
import { readView, writeView } from "./place.js";
import { loadRun, makePick } from "./run.js";
import { makeView } from "./view.js";

const REACH = { mouse: 9, touch: 18 }; // pixels from a point that still mean the point
const ARROW = 8; // pixels an arrow key moves the cursor; five times that with shift
const LINK_REST = 300; // ms after the last movement until the link says where it went

const atlases = new WeakMap();
// For another map and a later visit in this tab. index: the test image nearest to the cursor; places: where each
// map was left, by run and method; linked: whether the link that opened the page has been read.
const left = { index: 0, by: "class", dataset: null, hidden: new Set(), places: new Map(), linked: false };

export default function ({ data, parentElement, setTriggerValue }) {
  let atlas = atlases.get(parentElement);
  if (!atlas) atlases.set(parentElement, (atlas = makeAtlas(parentElement)));
  atlas.show(data, setTriggerValue);
  return () => {
    atlas.close();
    atlases.delete(parentElement);
  };
}

function makeAtlas(root) {
  const find = (name) => root.querySelector(name);
  const dots = find(".dots"), over = find(".over"), picture = find(".picture"), notice = find(".notice");
  const card = makeCard(find(".card")), lasso = makeLasso();
  const paintDots = makeDots(dots), paintOver = makeOver(over);
  const ending = new AbortController();
  const due = { dots: false, code: false, over: false };
  let data = {}, tell = () => {};
  let map = null, paint = null; // what `load` made of the blobs
  let view = null, cursor = { x: 0, y: 0, index: 0 }, hovered = null, tapped = null;
  let by = "class", hidden = new Set(), pointed = null, group = null; // group: the points of the lasso, or null
  let look = null, pick = null, front = null, back = null; // what follows from these; `sort` makes them
  let ratio = 1, waiting = false, drawing = false, timer = null;

  listen(over, {
    aim: (x, y) => map && walk(...view.toPlane(x, y)),
    click,
    hover: (x, y) => map && hover(pointAt(x, y, REACH.mouse)),
    leave: () => hover(null),
    pan: (dx, dy) => map && change(() => view.pan(dx, dy)),
    zoom: (x, y, factor) => map && change(() => view.zoomAt(x, y, factor)),
    moving: (yes) => over.classList.toggle("moving", yes),
    drawing: () => drawing,
    draw,
    drawn: (whole) => (whole ? enclose() : setDrawing(true)),
    key,
  }, ending.signal);
  const zoom = (factor) => map && change(() => view.zoomAt(...view.toScreen(cursor.x, cursor.y), factor));
  const press = (name, act) => find(name).addEventListener("click", act, { signal: ending.signal });
  press(".in", () => zoom(1.6));
  press(".out", () => zoom(1 / 1.6));
  press(".home", () => map && change(() => view.reset()));
  press(".open", () => map && openCursor());
  press(".lasso", () => map && setDrawing(!drawing));
  const showLegend = makeLegend(find(".legend"), {
    by: (id) => recolour(() => { by = left.by = id; }),
    hide: (groups) => recolour(() => { hidden = left.hidden = groups; }),
    point,
  });
  const gallery = makeGallery(find(".gallery"), {
    open: (index) => tell("open", { start: `test-${index}` }),
    keep: (name, indices) => tell("keep", { name, indices }),
    drop: (name) => tell("drop", name),
    show: (name) => map && regroup(Int32Array.from(data.groups.find(([one]) => one === name)[1]), name),
    close: () => regroup(null),
  });
  press(".direct", () => tell("open", { panel: "directions", view: directionView(LASSO + data.groups.at(-1)[0], REST) }));
  const observer = new ResizeObserver(resize);
  observer.observe(over);

  return { show, close };

  function show(next, trigger) {
    tell = trigger;
    const other = next.run !== data.run || next.version !== data.version || next.method !== data.method;
    data = next;
    gallery.kept(data.groups ?? [], data.problem);
    if (other) load(data);
    else if (map) paintLegend();
    request("dots", "over");
  }

  function close() {
    observer.disconnect();
    ending.abort();
    clearTimeout(timer);
  }

  async function load(wanted) {
    hover(null);
    const loaded = await loadRun(wanted);
    if (wanted.run !== data.run || wanted.version !== data.version || wanted.method !== data.method || ending.signal.aborted) return;
    const grouped = map && wanted.dataset === left.dataset ? group : null; // the same images on another map
    map = loaded;
    view = makeView(boundsOf(map.points));
    paint = makePainter(picture, ...map.side, data.span);
    find(".waiting").hidden = true;
    restore();
    resize();
    regroup(grouped);
  }

  // Where the link says, where this map was left in this tab, or all of it with the image that was looked at.
  function restore() {
    const ids = choices(data.order, 0).map(({ id }) => id);
    if (left.dataset !== data.images) left.hidden = new Set();
    const here = { by: left.by, hidden: left.hidden, at: null, cursor: null, wrong: "", ...left.places.get(`${data.run}/${data.method}`) };
    const found = left.linked ? here : { ...readView(new URLSearchParams(window.location.search), ids, data.classes.length) };
    by = left.by = ids.includes(found.by) ? found.by : "class";
    hidden = left.hidden = found.hidden;
    Object.assign(left, { dataset: data.images, linked: true });
    say(found.wrong);
    if (found.at) view.show(...found.at);
    const index = Math.min(left.index, map.labels.length - 1);
    aim(...(found.cursor ?? [map.points[2 * index], map.points[2 * index + 1]]));
  }

  // --- what a person does ---

  function walk(x, y) {
    find(".where").ariaLive = "off"; // a drag would be read out without end
    aim(x, y);
  }

  function aim(x, y) {
    cursor = { x, y, index: map.search(x, y, 1).index[0] };
    left.index = cursor.index;
    tapped = null;
    hover(null);
    request("code", "over");
    remember();
  }

  function click(x, y, touch) {
    if (!map) return;
    const index = pointAt(x, y, touch ? REACH.touch : REACH.mouse);
    if (index === null) return aim(...view.toPlane(x, y));
    if (!touch || index === tapped) return tell("open", { start: `test-${index}` });
    aim(map.points[2 * index], map.points[2 * index + 1]); // a finger cannot hover: its first tap shows the card
    tapped = index;
    hover(index);
  }

  function hover(index) {
    if (index === hovered) return;
    hovered = index;
    over.classList.toggle("onpoint", index !== null);
    request("over");
  }

  function key(event) {
    if (!map || event.metaKey || event.ctrlKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const acts = {
      "+": () => zoom(1.6), "=": () => zoom(1.6), "-": () => zoom(1 / 1.6), 0: () => change(() => view.reset()),
      l: () => setDrawing(!drawing), Escape: () => (drawing ? setDrawing(false) : regroup(null)),
      Enter: () => (drawing ? corner() : openCursor()),
    };
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const arrow = arrows[name];
    if (!arrow && !acts[name]) return;
    event.preventDefault();
    if (!arrow) return acts[name]();
    find(".where").ariaLive = "polite";
    const step = (ARROW * (event.shiftKey ? 5 : 1)) / view.scale();
    aim(cursor.x + arrow[0] * step, cursor.y + arrow[1] * step);
    if (view.zoom > 1) change(() => view.reveal(cursor.x, cursor.y));
  }

  function openCursor() {
    const { x, y, index } = cursor;
    const exact = map.points[2 * index] === x && map.points[2 * index + 1] === y;
    const start = `test-${index}`; // beside a code, Explore shows the image nearest to it
    tell("open", exact && pictureIsOf(index) ? { start } : { start, z: encodeCode(map.z) });
  }

  // A point of PCA's plane stands for many codes; only a blend on a point is that image's own code.
  function pictureIsOf(index) {
    return map.z.every((value, j) => Math.abs(value - map.codes[index * map.d + j]) < 1e-4);
  }

  // The shown point that is meant by a place on the screen, or null. A picture is met anywhere on it.
  function pointAt(x, y, reach) {
    return pick(...view.toPlane(x, y), Math.max(reach, picturesAt(view) / 2) / view.scale());
  }

  function change(act) {
    act();
    request("dots", "over");
    remember();
  }

  // --- the lasso and its group ---

  function setDrawing(on) {
    drawing = on;
    lasso.clear();
    find(".lasso").ariaPressed = String(on);
    say(on ? "Draw round some dots, or set corners with arrows and Enter; Enter twice closes the line." : "");
    request("over");
  }

  function draw(x, y) {
    if (lasso.add(...view.toPlane(x, y), view.scale())) request("over");
  }

  // From the keyboard: the cursor is a corner, and the same one again the end.
  function corner() {
    if (!lasso.add(cursor.x, cursor.y, view.scale())) return enclose();
    request("over");
  }

  function enclose() {
    const found = enclosed(map.points, shown(), lasso.corners());
    setDrawing(false);
    if (!found.length) return say("There is no dot inside the line.");
    regroup(found);
    find(".gallery").scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  // indices: the points that are looked at together, or null; title: the name that they are kept under.
  function regroup(indices, title) {
    group = indices;
    if (group) gallery.show(group, map, data.classes, { title, keeps: Boolean(data.groups) });
    else gallery.hide();
    sort();
  }

  function say(words) {
    notice.textContent = words;
  }

  // --- colours and classes ---

  function recolour(act) {
    act();
    if (!map) return;
    sort();
    paintLegend();
    remember();
  }

  function point(label) {
    pointed = label;
    if (map) sort();
  }

  function shown() {
    return Int32Array.from(map.labels.keys()).filter((i) => !hidden.has(map.labels[i]));
  }

  // Which points are drawn in front, which faintly behind, which can be pointed at, and in what colours.
  function sort() {
    const all = shown(), chosen = group && new Set(group);
    const stands = (i) => (pointed === null || map.labels[i] === pointed) && (!chosen || chosen.has(i));
    const stressed = chosen || (pointed !== null && !hidden.has(pointed));
    front = stressed ? all.filter(stands) : all;
    back = stressed ? all.filter((i) => !stands(i)) : new Int32Array(0);
    pick = makePick(map, all);
    look = colouring(by, map, data.classes.length);
    paintLegend();
    request("dots", "over");
  }

  function paintLegend() {
    if (!look) return;
    const onDark = isDark(colour("--st-background-color")), ramped = look.low !== undefined;
    const known = choices(data.order, map.side[0] * map.side[1]), present = new Set(map.labels);
    showLegend({
      choices: known, by, unit: known.find(({ id }) => id === by).unit, hidden,
      low: look.low, high: look.high, ramp: ramped ? look.colours(onDark) : null,
      classes: data.classes.map((name, label) => [label, name]).filter(([label]) => present.has(label)),
      swatches: classColours(onDark),
    });
  }

  // The place, for this tab and for the link.
  function remember() {
    const at = view.moved() ? [view.x, view.y, view.zoom] : null;
    left.places.set(`${data.run}/${data.method}`, { at, cursor: [cursor.x, cursor.y] });
    clearTimeout(timer);
    const page = window.location.pathname;
    timer = setTimeout(() => {
      if (window.location.pathname !== page) return; // the page was left
      replaceLink({ run: data.run, map: data.method, ...writeView({ by, hidden, view, cursor }) });
    }, LINK_REST);
  }

  // --- what is drawn, at most once a frame and before that frame is shown ---

  function request(...parts) {
    for (const part of parts) due[part] = true;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!map || !look) return;
      if (due.code) showCode();
      if (due.dots) showDots();
      if (due.over) showOver();
      due.code = due.dots = due.over = false;
    });
  }

  function showCode() {
    map.lift(cursor.x, cursor.y, map.z);
    paint(map.decode(map.z));
    const name = data.classes[map.labels[cursor.index]];
    find(".where").replaceChildren(element("strong", "", "Decoded at the cursor"), `nearest test image: #${cursor.index}, ${name}`);
  }

  function showDots() {
    const ground = colour("--st-background-color");
    paintDots({ map, view, ratio, ground: packed(ground), groups: look.groups, colours: look.colours(isDark(ground)), front, back });
    find(".home").disabled = !view.moved();
    find(".out").disabled = view.zoom <= 1;
  }

  function showOver() {
    const ink = colour("--st-text-color"), ground = colour("--st-background-color");
    paintOver({ view, ratio, ink, ground, points: map.points, near: map.lift.near, cursor, hovered, corners: lasso.corners() });
    if (hovered === null) card.hide();
    else card.show(describe(hovered), view);
  }

  function describe(index) {
    const { images, decode, codes, d, sse, labels, side, points } = map;
    const [x, y] = view.toScreen(points[2 * index], points[2 * index + 1]);
    const palette = classColours(isDark(colour("--st-background-color")));
    return {
      index, x, y, images, side, span: data.span,
      rebuilt: card.index() === index ? null : decode(codes.subarray(index * d, (index + 1) * d)),
      name: data.classes[labels[index]],
      colour: palette[labels[index] % palette.length],
      sse: sse[index],
      hint: tapped === index ? "Tap again to open it" : "",
    };
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = over;
    if (!view || !width || !height) return;
    ratio = window.devicePixelRatio || 1;
    Object.assign(view, { width, height });
    for (const canvas of [dots, over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    request("dots", "over");
  }

  function colour(name) {
    return getComputedStyle(over).getPropertyValue(name).trim();
  }
}
