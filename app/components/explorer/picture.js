// The decoded picture, and small beside it the start that it is compared with.

import { makePainter } from "../js/pixels.js";
import { toPixels } from "../js/span.js";
import { brief } from "./numbers.js";

export class Picture {
  constructor(root) {
    this.canvas = root.querySelector(".decoded");
    this.origin = root.querySelector(".origin");
    this.title = root.querySelector(".title");
    this.detail = root.querySelector(".detail");
    this.error = root.querySelector(".error");
    this.real = null;
  }

  shape([height, width], span) {
    this.span = span;
    this.canvas.style.aspectRatio = this.origin.style.aspectRatio = `${width} / ${height}`;
    this.paintDecoded = makePainter(this.canvas, height, width, span);
    this.paintOrigin = makePainter(this.origin, height, width, span);
  }

  // pixels: the decoded picture, floats.
  show(pixels) {
    this.paintDecoded(pixels);
    if (this.real) this.error.textContent = brief(squaredError(pixels, this.real));
  }

  // What the start is, in words; real: its image, bytes, or null where it is none.
  begin([title, detail], real) {
    this.title.textContent = title;
    this.detail.textContent = detail;
    this.origin.ariaLabel = `${real ? "The real image" : "The start, decoded"}: ${title}, ${detail}`;
    this.real = real && toPixels(real, this.span);
    this.error.parentElement.hidden = !real;
    if (real) this.paintOrigin(real);
  }

  // The start's own decoded picture, where no image is known.
  showOrigin(pixels) {
    if (!this.real) this.paintOrigin(pixels);
  }
}

// SSE: the squared error summed over the pixels.
export function squaredError(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
