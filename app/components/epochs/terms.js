// What a curve's numbers are: their unit, over what they are summed and averaged, and the least that they can be.

const PIXELS = "summed over pixels, mean over images";

// Of a term of the runs that have it -> {words, floors: the distinct least values, where there are any}.
export function measureOf(term, runs) {
  const having = runs.filter((run) => run.test[term]?.length || run.train[term]?.length);
  if (term === "kl") return { words: "nats, summed over dimensions, mean over images", floors: [] };
  if (term === "sse") return { words: `squared error, ${PIXELS}`, floors: [] };
  const units = [...new Set(having.map((run) => (run.unit === "SSE" ? "squared error" : run.unit)))];
  const floors = [...new Set(having.map((run) => run.floor).filter(Number.isFinite))];
  return { words: `${units.join(" or ")}, ${PIXELS}`, floors };
}
