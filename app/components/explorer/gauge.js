// The plausibility gauge: where the code lies among the test codes.

import { farther, fitCodes } from "../js/plausible.js";

const EDGE = 0.99; // beyond this share of the test codes a code has left the data

export class Gauge {
  constructor(root) {
    this.root = root.querySelector(".gauge");
    this.meter = this.root.querySelector("meter");
    this.words = this.root.querySelector("output");
    this.close();
  }

  // Another run: nothing is known of its codes yet.
  close() {
    this.fit = null;
    this.root.hidden = true;
  }

  // codes: those of all test images, (n, d) in one array.
  open(codes, d) {
    this.fit = fitCodes(codes, d);
    this.root.hidden = false;
  }

  show(z) {
    if (!this.fit) return;
    const share = farther(this.fit, z);
    this.meter.value = share;
    this.words.textContent = inWords(share);
    this.root.classList.toggle("outside", share > EDGE);
  }

  // Whether z has left the data; false until the codes are here.
  outside(z) {
    return this.fit !== null && farther(this.fit, z) > EDGE;
  }

  // Where z lies, in words; empty until the codes are here.
  describe(z) {
    return this.fit ? inWords(farther(this.fit, z)) : "";
  }
}

function inWords(share) {
  return `farther out than ${(100 * share).toFixed(1)} % of the test codes`;
}
