// Rows of images under one another, the same images in every row: a table that breaks into blocks to fit its width.

const SMALLEST = 56; // CSS pixels a tile
const GAP = 6;
const NARROW = 640; // below it a row's name stands over its tiles instead of beside them
const BESIDE = 250; // what the name and the mean take beside the tiles

const grids = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = new TileGrid(parentElement.querySelector(".tiles"), (link) => setTriggerValue("open", link));
    grids.set(parentElement, grid);
  }
  grid.show(data);
  return () => {
    grid.close();
    grids.delete(parentElement);
  };
}

/** How many tiles stand in each block: as many as fit, spread evenly over the fewest blocks. */
export function perBlock(count, width) {
  const room = width < NARROW ? width : width - BESIDE;
  const fit = Math.max(1, Math.floor((room + GAP) / (SMALLEST + GAP)));
  return Math.ceil(count / Math.ceil(count / fit));
}

class TileGrid {
  constructor(root, open) {
    this.root = root;
    this.open = open;
    this.observer = new ResizeObserver(() => this.layOut());
    this.observer.observe(root);
    root.addEventListener("click", (event) => this.follow(event));
  }

  show(data) {
    this.data = data;
    this.columns = 0;
    this.layOut();
  }

  close() {
    this.observer.disconnect();
  }

  /** Draw again only where the width asks for another number of columns. */
  layOut() {
    const width = this.root.clientWidth;
    if (!width) return;
    const columns = perBlock(this.data.images.length, width);
    this.root.classList.toggle("narrow", width < NARROW);
    if (columns === this.columns) return;
    this.columns = columns;
    const blocks = [];
    for (let start = 0; start < this.data.images.length; start += columns) {
      blocks.push(this.block(start, Math.min(start + columns, this.data.images.length)));
    }
    this.root.replaceChildren(...blocks);
  }

  block(start, end) {
    const table = element("table", "block");
    table.style.setProperty("--columns", this.columns);
    const images = this.data.images.slice(start, end);
    const head = table.createTHead().insertRow();
    head.append(element("td", "name"));
    for (const image of images) head.append(element("th", "class", image.title));
    head.append(element("th", "mean", this.data.meanTitle));
    head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
    const body = table.createTBody();
    for (const row of this.data.rows) body.append(this.row(row, images, start));
    return table;
  }

  row(row, images, start) {
    const line = element("tr");
    const name = element("th", "name");
    name.scope = "row";
    name.append(element("span", "title", row.title), element("span", "detail", row.detail));
    line.append(name);
    images.forEach((image, index) => line.append(this.tile(row, image, start + index)));
    const mean = element("td", "mean", row.mean);
    mean.dataset.label = this.data.meanTitle;
    if (row.codes) mean.append(element("span", "detail", row.codes));
    line.append(mean);
    return line;
  }

  /** One image out of the row's sprite, a link to it, and its error. */
  tile(row, image, index) {
    const link = element("a");
    link.href = `${row.link}${image.start}`;
    link.dataset.run = row.run;
    link.dataset.start = image.start;
    link.title = "Open in Explore";
    const picture = element("span", "picture");
    picture.role = "img";
    picture.ariaLabel = `${row.title}: ${image.title}, test image ${image.index}`;
    const last = this.data.images.length - 1;
    picture.style.backgroundImage = `url(${row.sprite})`;
    picture.style.backgroundSize = `${(last + 1) * 100}% 100%`;
    picture.style.backgroundPosition = `${last ? (100 * index) / last : 0}% 0`;
    link.append(picture);
    const cell = element("td", row.best[index] ? "tile best" : "tile");
    cell.append(link, element("span", "error", row.errors[index]));
    return cell;
  }

  /** A plain click stays in this session; a click for a new tab is left to the browser. */
  follow(event) {
    const link = event.target.closest("a");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.open({ run: link.dataset.run, start: link.dataset.start });
  }
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
