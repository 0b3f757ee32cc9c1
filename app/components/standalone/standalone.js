// Explorer and map in one file from disk: the app's own components, fed from what the file holds.

import { putBlob, tensorsOf } from "../js/blobs.js";
import { decodeCode } from "../js/link.js";
import { isStart, parseStart } from "../explorer/starts.js";

export default async function (parts, page = document) {
  for (const script of page.querySelectorAll("script[data-blob]")) putBlob(script.dataset.blob, fromBase64(script.textContent));
  const facts = JSON.parse(page.getElementById("facts").textContent);
  const [codes, images] = await Promise.all([tensorsOf(`codes/${facts.atlas.run}/${facts.atlas.version}`), tensorsOf(`images/${facts.atlas.images}`)]);
  const explorer = page.getElementById("explorer"), atlas = page.getElementById("atlas");
  let opened = 0;

  const open = (place) => parts.explorer({
    data: [facts.space, opening(opened++, place, facts.space, codes.tensors.codes.data, images.tensors.labels.data)],
    parentElement: explorer.shadowRoot,
    setStateValue: () => {}, // nobody else wants to know
  });
  const show = ({ method, plane, told }) => {
    page.querySelector(".told").textContent = told;
    parts.atlas({
      data: { ...facts.atlas, method, plane },
      parentElement: atlas.shadowRoot,
      setTriggerValue: (_, place) => { open(place); explorer.scrollIntoView(); },
    });
  };

  open(linked(new URLSearchParams(location.search), facts.space) ?? facts.place);
  if (facts.maps.length) choose(page.querySelector(".methods"), facts.maps, show, new URLSearchParams(location.search).get("map"));
  else page.querySelector(".map-section").remove(); // none was computed
}

// What the explorer is told of a place: as from the app's server, which knows the start's code and label.
export function opening(number, { start, z = null, panel = null, view = null }, space, codes, labels) {
  const { kind, number: at } = parseStart(start), d = space.dimensions.length;
  const known = kind === "test" ? { code: [...codes.slice(at * d, (at + 1) * d)], label: labels[at] } : {};
  return { number, start, z, panel, view, ...known };
}

// The place in the file's own address, or null where there is none that this file holds.
export function linked(query, space) {
  const start = query.get("start"), z = query.get("z");
  if (!isStart(start ?? "", space)) return null;
  return { start, z: decodeCode(z ?? "")?.length === space.dimensions.length ? z : null, panel: query.get("panel"), view: query.get("view") };
}

// One button a projection; the one that the address names is shown, otherwise the first.
function choose(box, maps, show, wanted) {
  const buttons = maps.map((map) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = map.title;
    button.addEventListener("click", () => {
      buttons.forEach((one) => { one.ariaPressed = String(one === button); });
      show(map);
    });
    return button;
  });
  box.append(...buttons);
  buttons[Math.max(0, maps.findIndex(({ method }) => method === wanted))].click();
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
