// A run on the board: what the test says, its grid and the map of its codes side by side, and the strip below.

import { element } from "../js/dom.js";
import { makePainter } from "../js/pixels.js";
import { makeCodes } from "./codes.js";
import { heldFrame } from "./frames.js";

export const KINDS = { reconstructions: "Reconstructions", samples: "Samples" };
const HALVES = { reconstructions: ["real", "reconstruction"], samples: ["samples from the prior"] };

export function makeCard() {
  const whole = element("figure", "card");
  const head = element("div", "head"), title = element("h3"), swatch = element("i", "swatch"), name = element("span");
  const labels = element("div", "halves"), over = element("div", "halves");
  const grid = makeSheet("frame"), strip = makeSheet("strip"), map = picture("codes");
  const codes = makeCodes(map);
  const left = element("div"), right = element("div"), pair = element("div", "pair");
  const along = element("p", "along", "test image 0, walked along the line on the map");
  const reading = element("span", "reading"), held = element("span", "held");
  let run = null, kind = "";
  title.append(swatch, name);
  left.append(labels, grid.canvas);
  right.append(over, map);
  pair.append(left, right);
  head.append(title, held, reading);
  whole.append(head, pair, strip.canvas, along);

  return {
    whole,
    show(next, chosen, colour) {
      [run, kind] = [next, chosen];
      swatch.style.background = colour;
      name.textContent = title.title = run.title;
      labels.replaceChildren(...HALVES[kind].map((half) => element("span", "", half)));
      right.hidden = !run.grids.points?.length;
      strip.canvas.hidden = along.hidden = !run.grids.traversals?.length;
      whole.classList.toggle("lone", right.hidden);
    },
    // frames(run, kind, epoch): what has arrived, or undefined.
    fill(epoch, frames, time) {
      const shown = sheet(grid, kind, `${KINDS[kind]} of`, epoch, frames);
      sheet(strip, "traversals", "Test image 0 walked along the line on the map of", epoch, frames);
      const { at, frame } = heldFrame(run, "points", epoch, frames);
      if (frame) {
        codes.show(frame, time);
        const count = frame.labels.length;
        over.textContent = count === 1 ? "code of 1 test image" : `codes of ${count.toLocaleString("en")} test images`;
        map.ariaLabel = `Map of the codes of ${run.title}, epoch ${at}`;
      }
      map.dataset.epoch = frame ? at : "";
      held.textContent = shown === 0 ? "solved at once" : shown === epoch ? "" : `epoch ${shown} of ${run.wanted}`;
      return shown;
    },
    read(words) {
      reading.textContent = words;
    },
    // Draw the map as it is now; whether it still moves.
    glide: (time) => !right.hidden && codes.draw(time),
    get run() {
      return run;
    },
  };

  // Paint what is stored of that kind at the epoch or last before it; which epoch that is.
  function sheet({ canvas, paint }, of, words, epoch, frames) {
    const { at: shown, frame } = heldFrame(run, of, epoch, frames);
    if (frame) {
      paint(frame);
      canvas.ariaLabel = `${words} ${run.title}, epoch ${shown}`;
    }
    canvas.dataset.epoch = frame ? shown : "";
    return shown;
  }
}

// A canvas that takes the size of what it is given.
function makeSheet(className) {
  const canvas = picture(className);
  let painter = null;
  const paint = ({ pixels, width, height }) => {
    if (!painter || canvas.width !== width || canvas.height !== height) painter = makePainter(canvas, height, width);
    painter(pixels);
  };
  return { canvas, paint };
}

function picture(className) {
  const canvas = element("canvas", className);
  canvas.role = "img";
  canvas.ariaLabel = "Picture on its way";
  return canvas;
}
