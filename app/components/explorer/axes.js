// What the sliders move a code along: the raw latent axes, or the principal directions of the test codes.
// Each kind of axes has: id; words; measure, what the bars beside the sliders show;
//   dimensions     [{index, name, low, high, importance, detail}], in the order to show
//   read(z, index), write(z, index, value)   where z lies along one; take z itself to another place along it
//   spread(sigma)  of each, that of a normal with independent dimensions
//   reach(cloud, z)  of each the [low, high] between which z stays in the data, or null where it does nowhere

import { Direction } from "../js/directions.js";
import { reach } from "../js/plausible.js";

// space: the run's, as the server describes it.
export function makeAxes(id, space) {
  return id === "principal" ? principalAxes(space.principal) : latentAxes(space);
}

function latentAxes({ dimensions, measure }) {
  const units = dimensions.map((_, index) => dimensions.map((_, i) => Number(i === index)));
  return {
    id: "latent",
    words: "Latent dimensions, the most important first",
    measure,
    dimensions: dimensions.map((dimension) => ({ ...dimension, name: `z${dimension.index}` })),
    read: (z, index) => z[index],
    write: (z, index, value) => { z[index] = value; },
    spread: (sigma) => sigma,
    reach: (cloud, z) => reach(cloud, z, units).map((steps, index) => steps && steps.map((step) => z[index] + step)),
  };
}

function principalAxes({ mean, vectors, dimensions }) {
  const directions = vectors.map((vector) => new Direction(mean, vector));
  return {
    id: "principal",
    words: "Principal directions of the test codes, the largest variance first",
    measure: "variance of the test codes",
    dimensions: dimensions.map((dimension) => ({ ...dimension, name: `PC${dimension.index + 1}` })),
    read: (z, index) => directions[index].along(z),
    write: (z, index, value) => directions[index].move(z, value),
    spread: (sigma) => vectors.map((vector) => Math.hypot(...vector.map((v, i) => v * sigma[i]))),
    reach: (cloud, z) => reach(cloud, z, vectors).map((steps, index) => steps && steps.map((step) => directions[index].along(z) + step)),
  };
}

// The link's `view`: the axes, where they are not the latent ones, and what the panel says of itself.
export function joinView(axes, panel) {
  return [axes === "principal" && axes, panel].filter(Boolean).join(" ") || null;
}

// -> {axes, panel}: the panel's words, or undefined where it has none
export function splitView(view) {
  const [, principal, panel] = /^(?:(principal)(?: |$))?(.*)$/s.exec(view ?? "");
  return { axes: principal ?? "latent", panel: panel || undefined };
}
