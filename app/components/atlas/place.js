// The map's view as the link carries it: `by` what colours say, `hide` the hidden classes, `at` centre and zoom, and
// `cursor` the place that is decoded.

// "1,2" -> [1, 2]; null where the text is not that many numbers.
const numbers = (text, count) => {
  const found = text.split(",").map((part) => (part.trim() ? Number(part) : NaN));
  return found.length === count && found.every(Number.isFinite) ? found : null;
};
const short = (value) => String(Number(value.toPrecision(6)));

// -> parameters, null where they are as on a first visit. view: of view.js; hidden: a Set of classes.
export function writeView({ by, hidden, view, cursor }) {
  return {
    by: by === "class" ? null : by,
    hide: hidden.size ? [...hidden].sort((a, b) => a - b).join(",") : null,
    at: view.moved() ? [view.x, view.y, view.zoom].map(short).join(",") : null,
    cursor: [cursor.x, cursor.y].map(short).join(","),
  };
}

// query: URLSearchParams; known: the ids that `by` can have; classes: how many there are.
// -> {by, hidden, at, cursor: null where not given, wrong: one sentence, or empty}.
export function readView(query, known, classes) {
  const wrong = [];
  const read = (name, parse, otherwise) => {
    const text = query.get(name), found = text && parse(text);
    if (text && !found) wrong.push(name);
    return found || otherwise;
  };
  const groups = (text) => {
    const found = numbers(text, text.split(",").length);
    return found?.every((group) => Number.isInteger(group) && group >= 0 && group < classes) ? new Set(found) : null;
  };
  const view = {
    by: read("by", (text) => known.includes(text) && text, "class"),
    hidden: read("hide", groups, new Set()),
    at: read("at", (text) => numbers(text, 3), null),
    cursor: read("cursor", (text) => numbers(text, 2), null),
  };
  const told = wrong.map((name) => `${name}=${query.get(name)}`).join(", ");
  return { ...view, wrong: told && `The link's ${told} does not fit this map; the rest of it is shown.` };
}
