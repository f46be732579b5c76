/** How many tests ended how. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What vitest's JSON report says of one file. */
export interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages?: readonly string[] | undefined;
  }[];
}

/** The counts of some files; a file that failed outside its tests counts as one failed test. */
export function verdictOf(files: readonly FileReport[]): Verdict {
  return sumOf(
    files.map(({ status, assertionResults }) => {
      const count = (...statuses: string[]) =>
        assertionResults.filter((test) => statuses.includes(test.status)).length;
      return {
        passed: count('passed'),
        failed: count('failed') || (status === 'failed' ? 1 : 0),
        skipped: count('pending', 'skipped', 'todo', 'disabled'),
      };
    }),
  );
}

/** What failed in a file, a line each: the test and the first line of its error. */
export function failuresIn({ name, message, assertionResults }: FileReport): string[] {
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  if (tests.length === 0) return [`${name}: ${firstLine(message)}`];
  return tests.map(
    ({ fullName, failureMessages }) => `${name}: ${fullName}: ${firstLine(failureMessages?.[0])}`,
  );
}

/** All counts together. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = (key: keyof Verdict) => verdicts.reduce((total, verdict) => total + verdict[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? '';
}
