/** Of each failed test: enough for what was expected, what came, and where. */
const LINES_OF_ERROR = 20;

/** How many tests ended how. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, a few lines each, also what passed the second time. */
  readonly failures: readonly string[];
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
export function verdictOf(files: readonly FileReport[], failures: readonly string[]): Verdict {
  const counts = sumOf(
    files.map(({ status, assertionResults }) => {
      const count = (...statuses: string[]) =>
        assertionResults.filter((test) => statuses.includes(test.status)).length;
      return {
        passed: count('passed'),
        failed: count('failed') || (status === 'failed' ? 1 : 0),
        skipped: count('pending', 'skipped', 'todo', 'disabled'),
        failures: [],
      };
    }),
  );
  return { ...counts, failures };
}

/** What failed in a file: the test, and the first lines of its error. */
export function failuresIn({ name, message, assertionResults }: FileReport): string[] {
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  if (tests.length === 0) return [`${name}: ${firstLines(message) || 'outside of its tests'}`];
  return tests.map(
    ({ fullName, failureMessages }) => `${name}: ${fullName}: ${firstLines(failureMessages?.[0])}`,
  );
}

/** All together. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    verdicts.reduce((total, verdict) => total + verdict[key], 0);
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    failures: verdicts.flatMap(({ failures }) => failures),
  };
}

function firstLines(text = ''): string {
  return text.split('\n').slice(0, LINES_OF_ERROR).join('\n  ');
}
