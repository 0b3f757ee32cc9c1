// Numbers as a person reads them.

// Two decimals, with a minus sign as wide as a digit, and no minus before zero.
export function brief(value, decimals = 2) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}
