// Steps to undo and to do again: plain data. Two steps that differ in nothing but their `view` are one; the later stands.

export class History {
  constructor() {
    this.steps = [];
    this.at = -1;
  }

  // What had been undone is forgotten.
  push(step) {
    if (sameBut("view", step, this.steps[this.at])) this.steps[this.at] = step;
    else this.steps.splice(++this.at, Infinity, step);
  }

  // by: -1 to undo, 1 to redo -> the step to go to, or null at the end.
  go(by) {
    if (!this.can(by)) return null;
    this.at += by;
    return this.steps[this.at];
  }

  can(by) {
    return this.at + by in this.steps;
  }
}

function sameBut(left, a, b) {
  return b !== undefined && Object.keys(a).every((key) => key === left || a[key] === b[key]);
}
