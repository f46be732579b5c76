/** How a program ended, and what it printed. */
export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program may run and how much it may print. */
export interface ProgramBounds {
  /** In ms of performance.now(). */
  readonly deadline: number;
  readonly maxBytes: number;
  /** From the request to end until it is killed. */
  readonly killMillis: number;
}

/**
 * Runs a program (a name in PATH or an absolute path) with these arguments, without a shell. Rejects
 * with the `code` of the system where it cannot be started, and when it prints too much or has not
 * ended in time: it is then killed.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { deadline, maxBytes, killMillis }: ProgramBounds,
): Promise<ProgramResult> {
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    stdin: 'ignore',
    reject: false,
    timeout: Math.max(1, deadline - performance.now()),
    forceKillAfterDelay: killMillis,
    maxBuffer: maxBytes,
  });
  if (result.timedOut) throw new Error(`${program} did not end in time and was killed`);
  if (result.isMaxBuffer) throw new Error(`${program} printed more than ${maxBytes} bytes`);
  const { exitCode, stdout, stderr } = result;
  if (exitCode === undefined) {
    const error = new Error(result.originalMessage ?? `${program} failed`);
    throw Object.assign(error, { code: result.code });
  }
  return { exitCode, stdout, stderr };
}
