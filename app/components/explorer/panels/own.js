// A picture of one's own: drawn with a soft brush, or brought as a file. It is encoded at every stroke, here in the
// browser, and becomes a start as any other.

import { element } from "../../js/dom.js";
import { makePainter } from "../../js/pixels.js";
import { brief } from "../numbers.js";
import { stroke } from "../own/brush.js";
import { asBytes, brightBorder, fitPicture, onBlack } from "../own/fit.js";
import { ACCEPT, readPicture } from "../own/upload.js";
import { squaredError } from "../picture.js";
import { keepPicture, keptPicture, nextOwn } from "../pictures.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Own {
  static id = "own";
  static title = "Draw or bring";

  constructor(root, explorer) {
    root.classList.add("own", "tall");
    root.innerHTML = `
      <figure>
        <div class="sheet" tabindex="0" role="application" aria-label="Drawing sheet. Arrow keys move the brush, Space puts it down and lifts it, B is the brush, E the eraser, [ and ] its size, Delete clears."><canvas></canvas><i class="brush" hidden></i></div>
        <figcaption class="note">What the model sees</figcaption>
      </figure>
      <figure>
        <canvas class="made" role="img" aria-label="What the model makes of it"></canvas>
        <figcaption class="note">What it makes of it <span class="own-error"></span></figcaption>
      </figure>
      <div class="tools">
        <div class="bar">
          <div class="kinds" role="radiogroup" aria-label="Tool">
            <label title="Key B"><input type="radio" name="tool" value="1" checked><span>Brush</span></label>
            <label title="Key E"><input type="radio" name="tool" value="0"><span class="eraser">Eraser</span></label>
          </div>
          <label class="size" title="Keys [ and ]">Size <input type="range" name="radius" min="0.5" max="4" step="0.25" value="1.25"></label>
          <button type="button" class="clear" title="Key Delete, on the sheet">Clear</button>
          <button type="button" class="copy">Draw on the start's image</button>
        </div>
        <div class="bar">
          <button type="button" class="choose">Choose a picture …</button>
          <input type="file" accept="${ACCEPT}" aria-label="A picture file" hidden>
          <span class="note">or drop a PNG, JPEG or WebP here</span>
        </div>
        <div class="bar brought" hidden>
          <canvas role="img" aria-label="The picture as it was brought"></canvas>
          <label class="switch"><input type="checkbox" name="invert"> Invert</label>
          <label class="switch"><input type="checkbox" name="centre"> Centre</label>
        </div>
        <p class="problem" role="alert"></p>
        <p class="note">It all happens in this browser: your picture is sent nowhere. A link carries its code, not the picture.
          The Models panel shows what every model makes of it.</p>
      </div>`;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, {
      explorer, sheet: find(".sheet"), ring: find(".brush"), made: find(".made"), error: find(".own-error"), eraser: find(".eraser"),
      tools: [...root.querySelectorAll("[name=tool]")], radius: find("[name=radius]"), copy: find(".copy"), file: find("[type=file]"),
      brought: find(".brought"), invert: find("[name=invert]"), centre: find("[name=centre]"), problem: find(".problem"), down: false,
    });
    find(".clear").addEventListener("click", () => this.clear());
    find(".choose").addEventListener("click", () => this.file.click());
    this.copy.addEventListener("click", () => this.edit(Float32Array.from(this.startImage(), (byte) => byte / 255)));
    this.file.addEventListener("change", () => { this.bring(this.file.files[0]); this.file.value = ""; });
    for (const box of [this.invert, this.centre]) box.addEventListener("change", () => this.fit());
    this.listen(root);
  }

  listen(root) {
    const { sheet } = this;
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      sheet.setPointerCapture(event.pointerId);
      this.at = this.point(event);
      this.change();
      this.draw(this.at, event);
    });
    sheet.addEventListener("pointermove", (event) => {
      this.ringAt(this.point(event));
      if (!sheet.hasPointerCapture(event.pointerId)) return;
      for (const each of event.getCoalescedEvents()) stroke(this.grey, this.width, this.at, this.at = this.point(each), this.size(), this.tone());
      this.draw(this.point(event), event);
    });
    sheet.addEventListener("lostpointercapture", () => this.explorer.rest());
    sheet.addEventListener("pointerleave", () => { this.ring.hidden = true; });
    sheet.addEventListener("blur", () => { this.ring.hidden = true; this.down = false; });
    sheet.addEventListener("focus", () => { if (sheet.matches(":focus-visible")) this.ringAt(this.at); });
    sheet.addEventListener("keydown", (event) => { if (!event.ctrlKey && !event.metaKey && !event.altKey && this.key(event)) event.preventDefault(); });
    root.addEventListener("dragover", (event) => event.preventDefault());
    root.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) this.bring(event.dataTransfer.files[0]);
    });
  }

  open(space) {
    const { shape: [height, width], span, dataset, images } = space;
    if (images !== this.images) {
      const blank = (-span[0] / (span[1] - span[0])); // black, or the mean where pixels have none
      Object.assign(this, { dataset, images, width, height, span, blank, at: [width / 2, height / 2], picture: null, number: null });
      for (const canvas of [this.sheet.firstChild, this.made]) canvas.style.aspectRatio = `${width} / ${height}`;
      this.paintSheet = makePainter(this.sheet.firstChild, height, width, span);
      this.paintMade = makePainter(this.made, height, width, span);
      this.eraser.textContent = onBlack(dataset) ? "Eraser" : "Black";
      this.grey = new Float32Array(width * height).fill(blank);
      this.paintSheet(asBytes(this.grey, span));
      this.offer();
      this.problem.textContent = "";
    }
  }

  // Undo, or a page that was left, may have brought another picture than the one on the sheet.
  show() {
    const { start, home, decode, picture } = this.explorer;
    const kept = start.kind === "own" && keptPicture(this.images, start);
    this.copy.disabled = !this.startImage() || start.kind === "own";
    this.made.parentElement.classList.toggle("without", !kept);
    this.error.textContent = "";
    if (!kept) return;
    if (start.number !== this.number) {
      this.number = start.number;
      this.grey = Float32Array.from(kept.image, (byte) => byte / 255);
      this.paintSheet(kept.image);
      this.picture = null;
      this.offer();
    }
    const made = decode(home);
    this.paintMade(made);
    this.error.textContent = `SSE ${brief(squaredError(made, picture.real))}`;
  }

  hide() {}

  // Start from what is on the sheet.
  begin() {
    this.change();
    this.encode();
    this.explorer.rest();
  }

  // The sheet is about to show another picture.
  change() {
    this.number = nextOwn().number;
    this.picture = null;
    this.offer();
    this.problem.textContent = "";
  }

  // The sheet has changed: encode it and start there.
  encode() {
    const start = { kind: "own", number: this.number }, image = asBytes(this.grey, this.span);
    this.paintSheet(image);
    keepPicture(this.images, start, { image });
    this.explorer.begin(start);
  }

  draw(to, event) {
    stroke(this.grey, this.width, this.at, to, this.size(), this.tone());
    this.at = to;
    this.ringAt(to);
    this.encode();
    this.sheet.dispatchEvent(new CustomEvent("decoded", { bubbles: true, composed: true, detail: { since: event.timeStamp } }));
  }

  clear() {
    this.edit(new Float32Array(this.grey.length).fill(this.blank));
  }

  edit(grey) {
    this.grey = grey;
    this.begin();
  }

  key({ key, shiftKey }) {
    if (key in MOVES) {
      const by = shiftKey ? 4 : 1, [x, y] = MOVES[key];
      this.move([Math.min(this.width, Math.max(0, this.at[0] + by * x)), Math.min(this.height, Math.max(0, this.at[1] + by * y))]);
    } else if (key === " ") {
      this.down = !this.down;
      if (this.down) this.change();
      this.move(this.at);
    } else if (key === "Delete" || key === "Backspace") this.clear();
    else if (key === "b" || key === "e") this.tools[key === "b" ? 0 : 1].checked = true;
    else if (key === "[" || key === "]") {
      this.radius.valueAsNumber += key === "[" ? -0.25 : 0.25;
      this.ringAt(this.at);
    } else return false;
    return true;
  }

  // By keys: with the brush down it draws.
  move(to) {
    if (this.down) {
      stroke(this.grey, this.width, this.at, to, this.size(), this.tone());
      this.encode();
      this.explorer.rest(true);
    }
    this.at = to;
    this.ringAt(to);
  }

  async bring(file) {
    this.problem.textContent = "";
    try {
      const picture = await readPicture(file), paint = makePainter(this.brought.querySelector("canvas"), picture.height, picture.width);
      paint(picture.grey);
      this.invert.checked = brightBorder(picture);
      this.centre.checked = true;
      this.fit(picture);
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }

  fit(picture = this.picture) {
    this.change();
    this.picture = picture;
    this.offer();
    const choice = { invert: this.invert.checked, centre: this.centre.checked };
    this.grey = fitPicture(picture, choice, this.dataset, [this.height, this.width]);
    this.encode();
    this.explorer.rest();
  }

  // The switches are there as long as the sheet shows a picture that was brought.
  offer() {
    this.brought.hidden = !this.picture;
    for (const box of [this.invert, this.centre]) box.parentElement.hidden = !onBlack(this.dataset);
  }

  // The bytes of the image that the start is, if it is one.
  startImage() {
    const { start, images, space } = this.explorer, pixels = space.shape[0] * space.shape[1];
    if (start.kind === "test") return images && images.subarray(start.number * pixels, (start.number + 1) * pixels);
    return keptPicture(space.images, start)?.image ?? null;
  }

  size() {
    return this.radius.valueAsNumber;
  }

  tone() {
    return this.tools[0].checked ? 1 : 0;
  }

  point(event) {
    const box = this.sheet.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
  }

  ringAt([x, y]) {
    this.ring.hidden = false;
    const percent = (value, of) => `${(100 * value) / of}%`;
    Object.assign(this.ring.style, { left: percent(x, this.width), top: percent(y, this.height), width: percent(2 * this.size(), this.width) });
  }
}
