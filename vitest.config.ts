import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A loaded machine takes its time: to wait longer fails later, and passes the same.
    expect: { poll: { timeout: 20_000 } },
  },
});
