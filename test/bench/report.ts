/** One measured figure; over its limit the bench fails. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}

/** Prints the figures and sets the exit code. */
export function report(figures: readonly Figure[]): void {
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
  for (const { name, value, unit, limit } of figures) {
    const isOver = limit !== undefined && value > limit;
    const bound =
      limit === undefined
        ? ''
        : ` (limit ${Math.round(limit * 100) / 100}${isOver ? ', EXCEEDED' : ''})`;
    if (!process.argv.includes('--json'))
      console.log(`${name}: ${value.toFixed(value < 0.1 ? 4 : 2)} ${unit}${bound}`);
    if (isOver) process.exitCode = 1;
  }
}

/** CPU milliseconds, user and system, of the process so far. */
export function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of this thread: what keeps the event loop busy, without helpers of V8. */
export function threadMillis(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The middle one of some figures. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** CPU of a fixed loop of arithmetic, in ms: what this machine is worth at the moment. */
export function calibrate(): number {
  const runs = Array.from({ length: 5 }, () => {
    const start = cpuMillis();
    let value = 1;
    for (let i = 0; i < 20_000_000; i++) value = (Math.imul(value, 1_664_525) + i) | 0;
    if (value === 0.5) console.log(value);
    return cpuMillis() - start;
  });
  return median(runs);
}
