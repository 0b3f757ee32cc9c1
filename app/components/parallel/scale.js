// An axis as numbers: a value's place between 0 and 1, round marks along it, and whether a trial lies in the ranges.
//
// An axis is {name, choices} or {name, low, high, log, whole}, and `beyond` where values lie above its end.

const CLOSE = 1e-9;

// A value's place: choices in the middle of equal parts, numbers from low to high, by their logarithms where it says so.
export function placeOf(axis, value) {
  if (axis.choices) return (axis.choices.indexOf(value) + 0.5) / axis.choices.length;
  const turn = axis.log ? Math.log : Number;
  const span = turn(axis.high) - turn(axis.low);
  return span ? Math.min(1, Math.max(0, (turn(value) - turn(axis.low)) / span)) : 0.5;
}

// The value at a place; of choices the nearest.
export function valueOf(axis, place) {
  if (axis.choices) return axis.choices[Math.min(axis.choices.length - 1, Math.floor(place * axis.choices.length))];
  const value = axis.log ? axis.low * (axis.high / axis.low) ** place : axis.low + (axis.high - axis.low) * place;
  return axis.whole ? Math.round(value) : value;
}

// What to write along an axis: every choice, or the two ends and round numbers well between them.
export function marksOf(axis) {
  if (axis.choices) return axis.choices;
  const apart = (value) => placeOf(axis, value) > 0.12 && placeOf(axis, value) < 0.88;
  return [axis.low, ...roundBetween(axis).filter(apart), axis.high];
}

function roundBetween({ low, high, log, whole }) {
  if (log && high / low >= 10) {
    const powers = [];
    for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) powers.push(Number((10 ** power).toPrecision(12)));
    return powers;
  }
  const power = 10 ** Math.floor(Math.log10((high - low) / 4));
  const steps = [1, 2, 5, 10].map((times) => times * power);
  const step = Math.max(whole ? 1 : 0, steps.find((one) => (high - low) / one <= 5));
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

// A number as it is read: four digits, choices as they are.
export function spelled(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

// Whether a trial's places lie in every range; one without a place lies in the whole range alone.
export function within(places, ranges) {
  return ranges.every(([low, high], at) => {
    if (places[at] === null) return low === 0 && high === 1;
    return places[at] >= low - CLOSE && places[at] <= high + CLOSE;
  });
}

// The axis of the scores, from the best to the worst of complete trials, but no further than a box plot's whisker: those
// of trials that ended early are no scores of whole trainings, and a poor one would squeeze the good ones together.
export function scoreAxis(name, trials) {
  const scored = trials.filter((trial) => trial.score !== null);
  const complete = scored.filter((trial) => trial.state === "complete");
  const scores = (complete.length ? complete : scored).map((trial) => trial.score).sort((a, b) => a - b);
  const [low, lower, upper, high] = [0, 0.25, 0.75, 1].map((share) => scores[Math.round(share * (scores.length - 1))] ?? 0);
  const whisker = upper + 1.5 * (upper - lower);
  return { name, choices: null, low, high: Math.min(high, whisker), log: false, whole: false, beyond: high > whisker };
}
