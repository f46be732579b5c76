import { runProgram } from '../file/program.ts';
import { parseEvent, type RunscEvent } from './event.ts';

/** How `runsc events` is run. */
export interface EventsCommand {
  /** The program: a name in PATH or an absolute path. */
  readonly program: string;
  readonly root: string;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
const KILL_MILLIS = 500;

/**
 * Runs `runsc --root R events --stats ID`. Undefined when it says nothing, as it does of a container
 * that has stopped. Rejects when the program is missing, fails, prints what is no event, or has not
 * ended before `deadline` (ms of performance.now()): it is then killed.
 */
export async function readEvent(
  { program, root }: EventsCommand,
  id: string,
  deadline: number,
): Promise<RunscEvent | undefined> {
  const bounds = { deadline, maxBytes: MAX_OUTPUT_BYTES, killMillis: KILL_MILLIS };
  const args = ['--root', root, 'events', '--stats', id];
  const { stdout } = await runProgram(program, args, bounds);
  if (stdout.trim() === '') return undefined;
  try {
    return parseEvent(JSON.parse(stdout));
  } catch {
    throw new Error(`${program} printed what is no event`);
  }
}
