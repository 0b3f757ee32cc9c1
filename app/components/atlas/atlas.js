// The map of a run's test codes: dots to look at, a plane to walk over. Whatever the pointer says is decoded
// here, before the next frame; the server hears only of what is opened.

import { tensorsOf } from "../js/blobs.js";
import { element } from "../js/dom.js";
import { encodeCode } from "../js/link.js";
import { makePainter } from "../js/pixels.js";
import { makeStack } from "../js/stack.js";
import { makeCard } from "./card.js";
import { listen } from "./gestures.js";
import { blendInverse, planeInverse } from "./inverse.js";
import { boundsOf, makeNearest } from "./nearest.js";
import { classColours, isDark, packed } from "./palette.js";
import { drawPoints } from "./points.js";
import { makeView } from "./view.js";

const REACH = { mouse: 9, touch: 18 }; // pixels from a point that still mean the point
const STEP = 8; // pixels an arrow key moves the cursor; five times that with shift
const DOT = 2.3; // pixels: the radius of one of 10,000 dots when all are shown

const atlases = new WeakMap();
const left = { index: 0 }; // the test image nearest to the cursor, for another map and a later visit

export default function ({ data, parentElement, setTriggerValue }) {
  let atlas = atlases.get(parentElement);
  if (!atlas) atlases.set(parentElement, (atlas = makeAtlas(parentElement)));
  atlas.show(data, (target) => setTriggerValue("open", target));
  return () => {
    atlas.close();
    atlases.delete(parentElement);
  };
}

function makeAtlas(root) {
  const find = (name) => root.querySelector(name);
  const dots = find(".dots"), over = find(".over"), picture = find(".picture"), legend = find(".legend");
  const card = makeCard(find(".card"));
  const ending = new AbortController();
  const due = { dots: false, code: false, over: false };
  let data = {}, open = () => {};
  let map = null, paint = null; // what `load` made of the blobs
  let view = null, cursor = { x: 0, y: 0, index: 0 }, hovered = null, tapped = null, singled = null;
  let ratio = 1, waiting = false;

  listen(over, {
    aim: (x, y) => map && walk(...view.toPlane(x, y)),
    click,
    hover: (x, y) => map && hover(pointAt(x, y, REACH.mouse)),
    leave: () => hover(null),
    pan: (dx, dy) => map && change(() => view.pan(dx, dy)),
    zoom: (x, y, factor) => map && change(() => view.zoomAt(x, y, factor)),
    moving: (yes) => over.classList.toggle("moving", yes),
    key,
  }, ending.signal);
  const zoom = (factor) => map && change(() => view.zoomAt(...view.toScreen(cursor.x, cursor.y), factor));
  const press = (name, act) => find(name).addEventListener("click", act, { signal: ending.signal });
  press(".in", () => zoom(1.6));
  press(".out", () => zoom(1 / 1.6));
  press(".home", () => map && change(() => view.reset()));
  press(".open", () => map && openCursor());
  const observer = new ResizeObserver(resize);
  observer.observe(over);

  return { show, close };

  function show(next, opener) {
    open = opener;
    const other = next.run !== data.run || next.method !== data.method;
    data = next;
    if (other) load(data);
    else if (map) paintLegend();
    request("dots", "over");
  }

  function close() {
    observer.disconnect();
    ending.abort();
  }

  async function load(wanted) {
    hover(null);
    const keys = [`codes/${wanted.run}`, `weights/${wanted.run}`, `images/${wanted.dataset}`];
    const loaded = prepare(wanted, ...(await Promise.all(keys.map(tensorsOf))));
    if (wanted.run !== data.run || wanted.method !== data.method || ending.signal.aborted) return;
    map = loaded;
    view = makeView(boundsOf(map.points));
    paint = makePainter(picture, ...map.side, data.span);
    find(".waiting").hidden = true;
    singled = null;
    paintLegend();
    resize();
    const index = Math.min(left.index, map.labels.length - 1);
    aim(map.points[2 * index], map.points[2 * index + 1]);
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
  }

  function click(x, y, touch) {
    if (!map) return;
    const index = pointAt(x, y, touch ? REACH.touch : REACH.mouse);
    if (index === null) return aim(...view.toPlane(x, y));
    if (!touch || index === tapped) return open({ start: `test-${index}` });
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
    const acts = { "+": () => zoom(1.6), "=": () => zoom(1.6), "-": () => zoom(1 / 1.6), 0: () => change(() => view.reset()), Enter: openCursor };
    const arrow = arrows[event.key];
    if (!arrow && !acts[event.key]) return;
    event.preventDefault();
    if (!arrow) return acts[event.key]();
    find(".where").ariaLive = "polite";
    const step = (STEP * (event.shiftKey ? 5 : 1)) / view.scale();
    aim(cursor.x + arrow[0] * step, cursor.y + arrow[1] * step);
    if (view.zoom > 1) change(() => view.reveal(cursor.x, cursor.y));
  }

  function openCursor() {
    const { x, y, index } = cursor;
    const exact = map.points[2 * index] === x && map.points[2 * index + 1] === y;
    const start = `test-${index}`; // beside a code, Explore shows the image nearest to it
    open(exact && pictureIsOf(index) ? { start } : { start, z: encodeCode(map.z) });
  }

  // A point of PCA's plane stands for many codes; only a blend on a point is that image's own code.
  function pictureIsOf(index) {
    return map.z.every((value, j) => Math.abs(value - map.codes[index * map.d + j]) < 1e-4);
  }

  function pointAt(x, y, reach) {
    const { count, index, squared } = map.search(...view.toPlane(x, y), 1);
    return count && Math.sqrt(squared[0]) * view.scale() <= reach ? index[0] : null;
  }

  function change(act) {
    act();
    request("dots", "over");
  }

  // --- what is drawn, at most once a frame and before that frame is shown ---

  function request(...parts) {
    for (const part of parts) due[part] = true;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!map) return;
      if (due.code) paintCode();
      if (due.dots) paintDots();
      if (due.over) paintOver();
      due.code = due.dots = due.over = false;
    });
  }

  function paintCode() {
    map.lift(cursor.x, cursor.y, map.z);
    paint(map.decode(map.z));
    const name = data.classes[map.labels[cursor.index]];
    find(".where").replaceChildren(element("strong", "", "Decoded at the cursor"), `nearest test image: #${cursor.index}, ${name}`);
  }

  function paintDots() {
    const { width, height } = dots;
    if (!width || !height) return;
    const ground = colour("--st-background-color");
    const { context, image, pixels } = canvasPixels(dots);
    pixels.fill(packed(ground));
    const scale = view.scale() * ratio;
    const [x, y] = view.toScreen(0, 0);
    const crowd = (10000 / map.labels.length) ** 0.25;
    const radius = Math.min(7, DOT * Math.min(2, crowd) * view.zoom ** 0.4) * ratio;
    const palette = classColours(isDark(ground)).map(packed);
    const colours = Uint32Array.from(data.classes, (_, group) => palette[group % palette.length]);
    const look = { points: map.points, groups: map.labels, colours, place: { x: x * ratio, y: y * ratio, scale }, radius };
    if (singled === null) drawPoints(pixels, width, height, { ...look, alpha: 0.78 });
    else {
      drawPoints(pixels, width, height, { ...look, alpha: 0.1, except: singled });
      drawPoints(pixels, width, height, { ...look, alpha: 0.9, only: singled });
    }
    context.putImageData(image, 0, 0);
    find(".home").disabled = !view.moved();
    find(".out").disabled = view.zoom <= 1;
  }

  // the cursor, the codes it blends, and the hovered point
  function paintOver() {
    const context = over.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const ink = colour("--st-text-color"), ground = colour("--st-background-color");
    const ring = (x, y, radius, width, stroke, alpha = 1) => {
      context.globalAlpha = alpha;
      context.lineWidth = width;
      context.strokeStyle = stroke;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    };
    const { near } = map.lift;
    near?.index.forEach((index, i) => {
      ring(...view.toScreen(map.points[2 * index], map.points[2 * index + 1]), 5, 1.5, ink, 0.25 + 0.75 * near.weight[i]);
    });
    const [x, y] = view.toScreen(cursor.x, cursor.y);
    ring(x, y, 9, 5, ground);
    ring(x, y, 9, 2, ink);
    if (hovered === null) return card.hide();
    const at = view.toScreen(map.points[2 * hovered], map.points[2 * hovered + 1]);
    ring(...at, 6, 4, ground);
    ring(...at, 6, 2, ink);
    card.show(describe(hovered, ...at), view);
  }

  function describe(index, x, y) {
    const { images, decode, codes, d, sse, labels, side } = map;
    return {
      index, x, y, images, side, span: data.span,
      rebuilt: card.index() === index ? null : decode(codes.subarray(index * d, (index + 1) * d)),
      name: data.classes[labels[index]],
      colour: classColours(isDark(colour("--st-background-color")))[labels[index] % 10],
      sse: sse[index],
      hint: tapped === index ? "Tap again to open it" : "",
    };
  }

  // Pointing at a class shows it alone; a press keeps it so.
  function paintLegend() {
    const colours = classColours(isDark(colour("--st-background-color")));
    let kept = singled;
    const single = (group) => {
      singled = group;
      request("dots");
    };
    legend.replaceChildren(
      ...data.classes.map((name, group) => {
        const item = element("li"), button = element("button"), swatch = element("i", "swatch");
        swatch.style.background = colours[group % colours.length];
        button.type = "button";
        button.ariaPressed = String(kept === group);
        button.append(swatch, name);
        button.addEventListener("pointerenter", () => single(group));
        button.addEventListener("pointerleave", () => single(kept));
        button.addEventListener("click", () => {
          kept = kept === group ? null : group;
          single(kept);
          legend.querySelectorAll("button").forEach((one, i) => (one.ariaPressed = String(kept === i)));
        });
        item.append(button);
        return item;
      }),
    );
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

const sheets = new WeakMap(); // canvas -> its pixels: megabytes, made once a size

function canvasPixels(canvas) {
  let sheet = sheets.get(canvas);
  if (sheet?.image.width !== canvas.width || sheet?.image.height !== canvas.height) {
    const context = canvas.getContext("2d", { alpha: false });
    const image = context.createImageData(canvas.width, canvas.height);
    sheet = { context, image, pixels: new Uint32Array(image.data.buffer) };
    sheets.set(canvas, sheet);
  }
  return sheet;
}

// The blobs of one run as what the map needs.
function prepare(data, { tensors }, weights, { tensors: { images, labels } }) {
  const points = tensors[`map.${data.method}`].data;
  const { data: codes, shape: [, d] } = tensors.codes;
  const search = makeNearest(points);
  return {
    points, codes, d, search,
    side: images.shape.slice(1), // height, width
    images: images.data,
    labels: labels.data,
    sse: tensors.sse.data,
    decode: makeStack(weights, "decoder").forward,
    lift: data.plane ? planeInverse(data.plane) : blendInverse(codes, d, search, data.neighbours),
    z: new Float32Array(d),
  };
}
