import { commit, packagedFiles, version } from '../distribution/assets.ts';
import { UsageError } from './usage-error.ts';

/** What `--version` prints. */
export function versionText(): string {
  return `sandgauge version ${version()} (commit ${commit()}, Node ${process.versions.node})`;
}

/** A file of this build; `.yaml` may be left out. Throws UsageError, with all names, for others. */
export function packagedText(name = 'otel-collector.yaml'): string {
  const files = packagedFiles();
  const text = files.get(name) ?? files.get(`${name}.yaml`);
  if (text !== undefined) return text;
  throw new UsageError(
    'print-default',
    `no file "${name}"; there are: ${[...files.keys()].join(', ')}`,
  );
}
