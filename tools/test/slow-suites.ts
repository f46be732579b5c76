/**
 * What takes ten seconds or more by itself: random inputs, kills, churn and what builds a copy of the
 * checkout or the binary. `npm test` runs it only by name, `npm run test:all` always.
 */
export const SLOW_SUITES: readonly string[] = [
  'test/churn/**',
  'test/confmap/random.test.ts',
  'test/e2e/binary.test.ts',
  'test/exporters/file/crash.test.ts',
  'test/exporters/otlp/stored/crash.test.ts',
  'test/extensions/file_storage/damage.test.ts',
  'test/faults/agent.test.ts',
  'test/faults/faults.test.ts',
  'test/fuzz/**',
  'test/tools/new.test.ts',
];
