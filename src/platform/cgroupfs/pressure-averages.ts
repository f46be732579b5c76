import { readText } from '../file/text.ts';

/** Part of the last 10, 60 and 300 seconds that was lost, in percent. */
interface PressureAverages {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
}

/** The two lines of a pressure file: `some` task waited, or all (`full`). */
export interface PressureLines {
  readonly some?: PressureAverages;
  readonly full?: PressureAverages;
}

const LINE = /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) /gm;

/**
 * Reads the averages of `<resource>.pressure` of a cgroup v2 (Documentation/accounting/psi.rst); none
 * when it is gone, off, or may not be read.
 */
export function readPressureAverages(path: string): PressureLines {
  const lines = [...(readText(path) ?? '').matchAll(LINE)];
  return Object.fromEntries(
    lines.map(([, name, avg10, avg60, avg300]) => [
      name,
      { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300) },
    ]),
  );
}
