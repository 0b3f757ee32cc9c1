// The floating card of a test point: the real image, its reconstruction, and what it is.

import { element } from "../js/dom.js";
import { makePainter } from "../js/pixels.js";

const GAP = 14; // between the point and the card
const EDGE = 8; // between the card and the edge of the map

export function makeCard(card) {
  const find = (name) => card.querySelector(name);
  let shown = null;

  return {
    index: () => shown,
    // point: {index, x, y, images, rebuilt, side: [height, width], span, name, colour, sse, hint}
    show(point, room) {
      if (point.index !== shown) fill(point);
      shown = point.index;
      card.hidden = false;
      place(point, room);
    },
    hide() {
      shown = null;
      card.hidden = true;
    },
  };

  function fill({ index, images, rebuilt, side, span, name, colour, sse, hint }) {
    makePainter(find(".real"), ...side)(images, index * side[0] * side[1]);
    makePainter(find(".rebuilt"), ...side, span)(rebuilt);
    const swatch = element("i", "swatch");
    swatch.style.background = colour;
    find(".what").replaceChildren(swatch, `${name} `, element("small", "", `#${index} · SSE ${sse.toFixed(2)}`));
    find(".hint").textContent = hint;
  }

  // Right of and below the point, on the other side where there is no room: always whole.
  function place({ x, y }, { width, height }) {
    const w = card.offsetWidth, h = card.offsetHeight;
    const left = x + GAP + w + EDGE <= width ? x + GAP : x - GAP - w;
    const top = y + GAP + h + EDGE <= height ? y + GAP : y - GAP - h;
    const inside = (value, size, all) => Math.max(EDGE, Math.min(all - size - EDGE, value));
    card.style.transform = `translate(${inside(left, w, width)}px, ${inside(top, h, height)}px)`;
  }
}
