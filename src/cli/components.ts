import { stringify } from 'yaml';
import type { Metadata, Registry } from '../component/factory.ts';
import { SCHEMES } from '../confmap/retrieve.ts';

/** The components of this build as YAML, in the form of the Collector's `components`. */
export function componentsText(registry: Registry, version: string): string {
  const buildinfo = {
    command: 'sandgauge',
    description: 'container_* metrics for every runtime of a Linux node',
    version,
  };
  const output = {
    buildinfo,
    receivers: rows(registry.receivers, 'metrics'),
    processors: rows(registry.processors, 'metrics'),
    exporters: rows(registry.exporters, 'metrics'),
    connectors: [],
    extensions: rows(registry.extensions, 'extension'),
    providers: SCHEMES.map((scheme) => ({ scheme })),
  };
  return stringify(output, { indent: 4 });
}

function rows(factories: readonly { readonly metadata: Metadata }[], signal: string) {
  return factories
    .map(({ metadata: { type, stability } }) => ({
      name: type,
      stability: { [signal]: `${stability[0]?.toUpperCase()}${stability.slice(1)}` },
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
