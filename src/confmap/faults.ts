const MAX_FAULTS = 50;

/** Faults as lines of one message; a file that is wrong throughout does not flood the terminal. */
export function faultLines(faults: readonly string[]): string {
  const more = faults.length - MAX_FAULTS;
  const lines = faults.slice(0, MAX_FAULTS);
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
