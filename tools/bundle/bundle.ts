import { readFileSync } from 'node:fs';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { readCommit } from './commit.ts';
import { type BundledPackage, licencesText, packageFolders, readPackage } from './packages.ts';
import { packFiles } from './packed-files.ts';

/** What differs between the bundle that Node runs and the one inside a binary. */
export interface BundleOptions {
  readonly outfile: string;
  /** Without white space and source map; names stay, for stack traces. */
  readonly compact?: boolean;
  /** Folders of packages that are in the product without being bundled. */
  readonly beside?: readonly string[];
}

/** The check for an old Node must at least parse there. */
const TARGET = 'node18';

/**
 * OpenTelemetry's ES modules find grpc-js by a `require` made at run time, which one file does not
 * have; its CommonJS does not.
 */
const asCommonJs: Plugin = {
  name: 'as-commonjs',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^@opentelemetry\// }, ({ path, kind, importer, resolveDir }) => {
      if (kind === 'require-call') return undefined;
      // As ES modules without effects they leave only the names that are used.
      if (path === '@opentelemetry/semantic-conventions/incubating') return undefined;
      return resolve(path, { kind: 'require-call', importer, resolveDir });
    });
  },
};

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: TARGET,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  // Used from source only, where a module has a place of its own.
  logOverride: { 'empty-import-meta': 'silent', 'import-is-undefined': 'error' },
  plugins: [asCommonJs],
} as const satisfies BuildOptions;

/** Bundles the program into one CommonJS file; returns the packages that are in the product. */
export async function bundleProgram(options: BundleOptions): Promise<readonly BundledPackage[]> {
  const { outfile, compact = false, beside = [] } = options;
  // Its text is part of the bundle, since one file has no other that a thread could start from.
  const worker = await build({
    ...COMMON,
    entryPoints: ['src/extensions/basicauth/worker.ts'],
    minify: true,
    write: false,
  });
  const program = {
    ...COMMON,
    entryPoints: ['src/cli/main.ts'],
    outfile,
    minifyWhitespace: compact,
    sourcemap: compact ? false : ('linked' as const),
  };
  // Twice: the licences of what is bundled are in the bundle.
  const first = await build({ ...program, sourcemap: false, write: false });
  const files = [worker.metafile, first.metafile].flatMap(bundledFiles);
  const packages = [...packageFolders(files), ...beside].map(readPackage);
  const own = readPackage('.');
  await build({
    ...program,
    define: {
      SANDGAUGE_PASSWORD_WORKER: JSON.stringify(worker.outputFiles[0]?.text),
      SANDGAUGE_DEFAULT_CONFIG: JSON.stringify(readFileSync('otel-collector.yaml', 'utf8')),
      SANDGAUGE_VERSION: JSON.stringify(own.version),
      SANDGAUGE_COMMIT: JSON.stringify(readCommit()),
      SANDGAUGE_PACKED: JSON.stringify(packFiles(licencesText(own, packages))),
    },
  });
  return packages;
}

/** The files whose code is in the output, not only looked at. */
function bundledFiles({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file),
  );
}
