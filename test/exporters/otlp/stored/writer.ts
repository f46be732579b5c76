/**
 * Stands for an agent that is killed: `writer <options> <from>` hands batches of numbers to a storing
 * exporter as fast as it takes them, and prints how far it took them.
 */
import { writeSync } from 'node:fs';
import { numbers, startStoring } from './exporter.ts';

/** The largest batch. */
export const MAX_BATCH = 400;

if (process.argv.length > 3) await run(process.argv[2] as string, Number(process.argv[3]));

async function run(options: string, from: number): Promise<void> {
  const { exporter } = await startStoring(JSON.parse(options));
  writeSync(1, `${from}\n`);
  for (let next = from; ; ) {
    const size = 1 + Math.floor(Math.random() ** 4 * MAX_BATCH);
    try {
      await exporter.consume(numbers(next, size));
      next += size;
      writeSync(1, `${next}\n`);
    } catch {
      // There is no room: these were not taken, and are never offered again.
      next += size;
      writeSync(1, `-${next}\n`);
    }
  }
}
