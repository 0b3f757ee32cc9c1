// Plays a way from t = 0 to 1 and back, at display rate; by whole tiles where a person wants less motion.

import { TILES } from "./strip.js";

const SECONDS = 3; // from one end to the other

export class Player {
  // go(t): take the code there; moved() -> whether it has been moved by hand since; rest(): it has come to rest.
  constructor(button, { go, moved, rest }) {
    Object.assign(this, { button, go, moved, rest, playing: null });
    button.addEventListener("click", () => this.toggle());
  }

  // A disabled button: there is no way yet.
  toggle() {
    if (this.button.disabled) return;
    if (this.playing) this.end();
    else this.play();
  }

  play() {
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches, start = performance.now();
    const step = (now) => {
      if (this.moved()) { this.stop(); return; }
      const ways = Math.max(0, now - start) / 1000 / SECONDS % 2, t = ways > 1 ? 2 - ways : ways;
      this.go(slow ? Math.round(t * (TILES - 1)) / (TILES - 1) : t);
      this.playing = requestAnimationFrame(step);
    };
    this.go(0); // at once, so that a movement before the first frame is seen
    this.playing = requestAnimationFrame(step);
    this.label();
  }

  // Without a word: another movement has begun.
  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.label();
  }

  end() {
    if (!this.playing) return;
    this.stop();
    this.rest();
  }

  label() {
    this.button.textContent = this.playing ? "Stop" : "Play";
    this.button.ariaPressed = String(Boolean(this.playing));
  }
}
