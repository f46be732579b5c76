/** Bundles the program into one CommonJS file, with the default pipelines inside. */
import { readFileSync } from 'node:fs';
import { build, type Plugin } from 'esbuild';

/** Its text is part of the bundle, since one file has no other that a thread could start from. */
const passwordWorker = await build({
  entryPoints: ['src/extensions/basicauth/worker.ts'],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  minify: true,
  write: false,
});

/**
 * OpenTelemetry's ES modules find grpc-js by a `require` made at run time, which one file does not
 * have; its CommonJS does not.
 */
const asCommonJs: Plugin = {
  name: 'as-commonjs',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^@opentelemetry\// }, ({ path, kind, importer, resolveDir }) => {
      if (kind === 'require-call') return undefined;
      return resolve(path, { kind: 'require-call', importer, resolveDir });
    });
  },
};

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
  // Used from source only, where a module has a place of its own.
  logOverride: { 'empty-import-meta': 'silent' },
  plugins: [asCommonJs],
  define: {
    SANDGAUGE_PASSWORD_WORKER: JSON.stringify(passwordWorker.outputFiles[0]?.text),
    SANDGAUGE_DEFAULT_CONFIG: JSON.stringify(readFileSync('otel-collector.yaml', 'utf8')),
    SANDGAUGE_VERSION: JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version),
  },
});
