// The plausibility gauge: where the code lies among the test codes, and under the prior where the family has one.

import { farther, fitCodes, outside, priorShare } from "../js/plausible.js";

export class Gauge {
  constructor(root) {
    this.root = root.querySelector(".gauge");
    this.level = root.querySelector(".level");
    this.words = root.querySelector(".plausible");
    this.prior = root.querySelector(".prior");
    this.fit = null;
  }

  // Another run: nothing is known of its codes yet. A run without a Gaussian of its own samples from the prior.
  close(space) {
    this.fit = null;
    this.root.classList.remove("outside");
    this.root.classList.add("empty"); // it keeps its place
    this.prior.hidden = this.root.querySelector(".about-prior").hidden = space.gaussian !== null;
  }

  // codes: those of all test images, (n, d) in one array.
  open(codes, d) {
    this.fit = fitCodes(codes, d);
    this.root.classList.remove("empty");
  }

  show(z) {
    if (!this.fit) return;
    const share = farther(this.fit, z);
    this.level.style.setProperty("--share", share);
    this.level.ariaValueNow = (100 * share).toFixed(1);
    this.level.ariaValueText = this.words.textContent = `${inWords(share)} of the test codes`;
    if (!this.prior.hidden) this.prior.textContent = `and than ${percent(priorShare(z))} of draws from N(0, I)`;
    this.root.classList.toggle("outside", this.outside(z));
  }

  // Whether z has left the data; false until the codes are here.
  outside(z) {
    return this.fit !== null && outside(this.fit, z);
  }

  // For each of the axes the [low, high] between which z stays in the data, or null where there are none; null
  // until the codes are here.
  reach(z, axes) {
    return this.fit && axes.reach(this.fit, z);
  }
}

// A share of the test codes, as a tile or the gauge says it.
export function inWords(share) {
  return `farther out than ${percent(share)}`;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
