// Steps to undo and to do again. Two steps of the same text are one.

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    this.steps = [];
    this.at = -1;
  }

  // step: plain data; what had been undone is forgotten.
  push(step) {
    if (this.at >= 0 && JSON.stringify(step) === JSON.stringify(this.steps[this.at])) return;
    this.steps.splice(++this.at, Infinity, step);
  }

  // by: -1 to undo, 1 to redo -> the step to go to, or null at the end.
  go(by) {
    if (!(this.at + by in this.steps)) return null;
    this.at += by;
    return this.steps[this.at];
  }

  can(by) {
    return this.at + by in this.steps;
  }
}
