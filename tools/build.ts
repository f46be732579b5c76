/** Bundles the program into one CommonJS file, with the default pipelines inside. */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/sandgauge.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // The check for an old Node must at least parse there.
  target: 'node18',
  minifySyntax: true,
  sourcemap: 'linked',
  legalComments: 'none',
  define: {
    SANDGAUGE_DEFAULT_CONFIG: JSON.stringify(readFileSync('otel-collector.yaml', 'utf8')),
    SANDGAUGE_VERSION: JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version),
  },
});
