import { type Assembled, createAssembler } from '../../platform/kata/assemble.ts';
import { createExpositionParser, type FamilyType } from '../../platform/kata/exposition.ts';
import { getText, type Target } from '../../platform/kata/http.ts';
import { MONITOR_PATHS } from '../../platform/kata/monitor.ts';
import type { Config } from './config.ts';

/** What one scrape of a sandbox brought. */
export interface Reading {
  readonly rows: Assembled;
  readonly types: ReadonlyMap<string, FamilyType>;
  /** Rows that could not be used. */
  readonly rejected: number;
}

/** Reads one sandbox; rejects with what is wrong. `deadline` is in ms of performance.now(). */
export type SandboxReader = (deadline: number) => Promise<Reading>;

/**
 * Makes the reader of a sandbox, by the shim's socket or through kata-monitor. `auto` goes over to
 * kata-monitor for good where the socket may not be used.
 */
export function createSandboxReader(
  id: string,
  socketPath: string,
  source: Config['source'],
  monitor: Target | undefined,
): SandboxReader {
  const read = createTextReader();
  const shim = () => ({ target: { socketPath }, path: '/metrics' });
  const through = (target: Target) => ({ target, path: MONITOR_PATHS.sandbox(id) });
  let isDenied = false;
  return async (deadline) => {
    const wantsMonitor = source === 'monitor' || (source === 'auto' && isDenied);
    if (wantsMonitor && monitor !== undefined) return await read(through(monitor), deadline);
    try {
      return await read(shim(), deadline);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      isDenied = code === 'EACCES' || code === 'EPERM';
      if (!isDenied || source !== 'auto' || monitor === undefined) throw error;
      return await read(through(monitor), deadline);
    }
  };
}

/** Makes the reader of one text that comes again and again. */
export function createTextReader(): (
  from: { readonly target: Target; readonly path: string },
  deadline: number,
) => Promise<Reading> {
  const parse = createExpositionParser();
  const assemble = createAssembler();
  return async ({ target, path }, deadline) => {
    const exposition = parse(await getText(target, path, deadline));
    if (exposition.samples.length === 0) throw new Error('the answer holds no metrics');
    const rows = assemble(exposition);
    return { rows, types: exposition.types, rejected: exposition.rejected + rows.broken };
  };
}
