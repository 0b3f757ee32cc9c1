// The plausibility gauge: where the code lies among the test codes, and under the prior where the family has one.

import { isOutside, priorShare, shareNearer } from "../js/plausible.js";

export class Gauge {
  constructor(root) {
    this.root = root.querySelector(".gauge");
    this.level = root.querySelector(".level");
    this.words = root.querySelector(".plausible");
    this.aboutPrior = root.querySelector(".about-prior");
  }

  // cloud: null where it cannot be told, and unsure says why.
  open({ cloud, unsure, prior }) {
    Object.assign(this, { cloud, unsure });
    this.level.hidden = !cloud;
    this.aboutPrior.hidden = !prior;
  }

  show(z) {
    const share = shareNearer(this.cloud, z);
    const prior = this.aboutPrior.hidden ? "" : `${percent(priorShare(z))} of the prior`;
    this.root.classList.toggle("outside", this.outside(z));
    if (share === null) {
      this.words.textContent = prior ? `beyond ${prior}. ${this.unsure}` : this.unsure;
      return;
    }
    this.level.style.setProperty("--share", share);
    this.level.ariaValueNow = (100 * share).toFixed(1);
    this.level.ariaValueText = this.words.textContent = `beyond ${percent(share)} of the test codes${prior && `, ${prior}`}`;
  }

  // Whether z has left the data.
  outside(z) {
    return isOutside(this.cloud, z);
  }

  // For each of the axes the [low, high] between which z stays in the data, or null where there are none.
  reach(z, axes) {
    return axes.reach(this.cloud, z);
  }
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
