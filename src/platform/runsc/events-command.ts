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
  const { execa } = await import('execa');
  const result = await execa(program, ['--root', root, 'events', '--stats', id], {
    stdin: 'ignore',
    reject: false,
    timeout: Math.max(1, deadline - performance.now()),
    forceKillAfterDelay: KILL_MILLIS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (result.timedOut) throw new Error(`${program} did not end in time and was killed`);
  if (result.isMaxBuffer) throw new Error(`${program} printed more than ${MAX_OUTPUT_BYTES} bytes`);
  if (result.exitCode === undefined) throw new Error(result.originalMessage ?? `${program} failed`);
  if (result.stdout.trim() === '') return undefined;
  try {
    return parseEvent(JSON.parse(result.stdout));
  } catch {
    throw new Error(`${program} printed what is no event`);
  }
}
