/** What all logs of a storage may take together, in bytes of files. */
export interface Budget {
  /** Infinity for no bound. */
  readonly max: number;
  readonly used: number;
  add(bytes: number): void;
}

/** An empty budget; `changed` is told what is used. */
export function createBudget(max: number, changed: (used: number) => void): Budget {
  let used = 0;
  return {
    max,
    get used() {
      return used;
    },
    add(bytes) {
      used += bytes;
      changed(used);
    },
  };
}
