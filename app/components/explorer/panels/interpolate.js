// From a code A to a code B, straight or along the arc: eleven tiles, and a player in the large picture.

import { decodeCode, encodeCode } from "../../js/link.js";
import { lerp, slerp } from "../../js/paths.js";
import { makePainter } from "../../js/pixels.js";

const STOPS = 11;
const SECONDS = 3; // from A to B while playing
const WAYS = { lerp, slerp };

export class Interpolate {
  static id = "interpolate";
  static title = "Interpolate";

  constructor(root, explorer) {
    root.innerHTML = `
      <div class="bar">
        <button type="button" class="end" value="a">A = here</button>
        <button type="button" class="end" value="b">B = here</button>
        <label>Way <select class="way"><option value="lerp">straight (lerp)</option><option value="slerp">arc (slerp)</option></select></label>
        <button type="button" class="play" aria-pressed="false">Play</button>
      </div>
      <div class="tiles"></div>`;
    this.explorer = explorer;
    this.way = root.querySelector(".way");
    this.player = root.querySelector(".play");
    this.way.addEventListener("change", () => this.changed());
    this.player.addEventListener("click", () => this.playing ? this.hide() : this.play());
    for (const end of root.querySelectorAll(".end")) {
      end.addEventListener("click", () => {
        this[end.value] = explorer.z.slice();
        this.changed();
      });
    }
    this.tiles = Array.from({ length: STOPS }, (_, step) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("canvas"));
      button.addEventListener("click", () => explorer.jump(this.at(step / (STOPS - 1))));
      return button;
    });
    root.querySelector(".tiles").replaceChildren(...this.tiles);
  }

  // From the start to the mean of another class, until the person chooses.
  open(space) {
    this.hide();
    const { shape: [height, width], span } = space;
    this.paint = this.tiles.map((tile) => makePainter(tile.firstChild, height, width, span));
    Object.assign(this, { a: null, b: null, drawn: false });
  }

  show() {
    const { space, home, gauge } = this.explorer;
    if (!this.a) {
      this.a = home.slice();
      this.b = Float32Array.from(space.means.findLast(Boolean));
      this.drawn = false;
    }
    if (this.drawn && this.marked === gauge.fit) return; // the ends stay while the code moves
    Object.assign(this, { drawn: true, marked: gauge.fit });
    this.tiles.forEach((tile, step) => {
      const t = step / (STOPS - 1), z = this.at(t);
      this.paint[step](this.explorer.decode(z));
      tile.classList.toggle("outside", gauge.outside(z));
      tile.ariaLabel = `Go ${Math.round(100 * t)} % of the way; ${gauge.describe(z)}`;
      tile.title = gauge.describe(z);
    });
  }

  at(t) {
    return WAYS[this.way.value](this.a, this.b, t);
  }

  changed() {
    this.drawn = false;
    this.explorer.refresh();
    this.explorer.rest();
  }

  // There and back; one step at a time where a person wants less motion.
  play() {
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const start = performance.now();
    const step = (now) => {
      const ways = (now - start) / 1000 / SECONDS % 2;
      const t = ways > 1 ? 2 - ways : ways;
      this.explorer.glide(this.at(slow ? Math.round(t * (STOPS - 1)) / (STOPS - 1) : t));
      this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
    this.label(true);
  }

  hide() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.label(false);
    this.explorer.rest();
  }

  label(playing) {
    this.player.textContent = playing ? "Stop" : "Play";
    this.player.ariaPressed = String(playing);
  }

  state() {
    return this.a && [this.way.value, encodeCode(this.a), encodeCode(this.b)].join(".");
  }

  // A view that is not of this run leaves the panel as it opens.
  restore(text) {
    const [way, ...ends] = text.split(".");
    const [a, b] = ends.map((end) => decodeCode(end));
    const d = this.explorer.space.dimensions.length;
    if (!(way in WAYS) || a?.length !== d || b?.length !== d) return;
    this.way.value = way;
    Object.assign(this, { a, b, drawn: false });
  }
}
