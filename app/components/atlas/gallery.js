// The images of a lassoed group: how many of each class, their mean error, a name to keep them under; and the groups
// that are kept.

import { element } from "../js/dom.js";
import { makePainter } from "../js/pixels.js";
import { counts, mean } from "./lasso.js";

const FIRST = 60, MORE = 240; // images shown at once, and more at each press

// root: the gallery's section. act: {open(index), keep(name, indices), drop(name), show(name), close()}.
export function makeGallery(root, act) {
  const find = (name) => root.querySelector(name);
  const images = find(".images"), more = find(".more"), name = find(".name");
  let order = [], map = null, shown = 0, groups = [];

  find(".close").addEventListener("click", () => act.close());
  more.addEventListener("click", () => {
    const next = shown;
    add(MORE);
    images.children[next]?.querySelector("button").focus(); // the button may be gone
  });
  find(".keep").addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim()) act.keep(name.value.trim(), [...order].sort((a, b) => a - b));
  });

  return { show, hide, kept };

  // The group's images, the largest class first. from: the run's map; keeps: whether there is a server to keep it.
  function show(indices, from, classes, { title = "", keeps }) {
    map = from;
    const found = counts(indices, map.labels), place = new Map(found.map(([label], at) => [label, at]));
    order = Array.from(indices).sort((a, b) => place.get(map.labels[a]) - place.get(map.labels[b]) || a - b);
    find(".count").textContent = title ? `${title}: ${several(order.length)}` : several(order.length);
    find(".mean").textContent =
      `mean SSE ${mean(indices, map.sse).toFixed(2)}, of all test images ${mean(map.labels.keys(), map.sse).toFixed(2)} (squared error summed over ${map.side[0] * map.side[1]} pixels)`;
    find(".shares").replaceChildren(...found.map(([label, count]) => element("li", "", `${classes[label]} ${count}`)));
    find(".keep").hidden = !keeps;
    if (!title) name.value = suggested(classes[found[0][0]]);
    else name.value = title;
    images.replaceChildren();
    shown = 0;
    add(FIRST);
    root.hidden = find(".group").hidden = false;
  }

  function hide() {
    find(".group").hidden = true;
    root.hidden = !groups.length;
  }

  // The groups that the session holds of this dataset: [[name, indices]]; and why one could not be kept, if so.
  function kept(list, problem) {
    groups = list;
    find(".problem").textContent = problem ?? "";
    find(".kept").hidden = !list.length;
    find(".kept ul").replaceChildren(...list.map(([title, indices]) => row(title, indices)));
    root.hidden = !list.length && find(".group").hidden;
  }

  function row(title, indices) {
    const made = element("li");
    const button = (className, text, label, act) => {
      const one = element("button", className, text);
      one.type = "button";
      one.ariaLabel = label;
      one.addEventListener("click", act);
      return one;
    };
    made.append(
      button("look", title, `Show the group ${title}`, () => act.show(title)),
      element("span", "", several(indices.length)),
      button("drop", "Delete", `Delete the group ${title}`, () => act.drop(title)),
    );
    return made;
  }

  function suggested(title) {
    const taken = new Set(groups.map(([one]) => one));
    let number = 1;
    while (taken.has(`${title} ${number}`)) number++;
    return `${title} ${number}`;
  }

  function add(count) {
    const next = order.slice(shown, shown + count);
    images.append(...next.map(tile));
    shown += next.length;
    more.hidden = shown === order.length;
    more.textContent = `Show ${Math.min(MORE, order.length - shown)} more of ${order.length - shown}`;
  }

  function tile(index) {
    const made = element("li"), button = element("button"), canvas = element("canvas");
    button.type = "button";
    button.ariaLabel = `Open test image ${index} in Explore`;
    button.title = `#${index}, SSE ${map.sse[index].toFixed(2)}`;
    makePainter(canvas, ...map.side)(map.images, index * map.side[0] * map.side[1]);
    button.append(canvas);
    button.addEventListener("click", () => act.open(index));
    made.append(button);
    return made;
  }
}

function several(count) {
  return count === 1 ? "1 image" : `${count.toLocaleString("en")} images`;
}
