// How a link names groups of test images: a class by its number, one lassoed on the map by its name, or all the rest.

export const REST = "rest", LASSO = "lasso-";

// The view of the panel Directions from group b to group a.
export function directionView(a, b) {
  return [a, b].map(encodeURIComponent).join(" ");
}
