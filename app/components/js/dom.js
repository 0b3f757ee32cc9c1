// Elements in one line each.

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// One of SVG's elements.
export function node(tag, values) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  attributes(made, values);
  return made;
}

export function attributes(made, values) {
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
}
