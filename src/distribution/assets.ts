import { brotliDecompressSync } from 'node:zlib';

declare const SANDGAUGE_DEFAULT_CONFIG: string;
declare const SANDGAUGE_VERSION: string;
declare const SANDGAUGE_COMMIT: string;
/** Base64 of brotli of JSON: an agent that runs reads none of it. */
declare const SANDGAUGE_PACKED: string;

interface Packed {
  readonly files: Readonly<Record<string, string>>;
  readonly licences: string;
}

/** The default pipelines, otel-collector.yaml, as the build put them in. */
export function defaultConfig(): string {
  return SANDGAUGE_DEFAULT_CONFIG;
}

/** The version of this build. */
export function version(): string {
  return SANDGAUGE_VERSION;
}

/** The git commit of this build, `unknown` when it was made outside git. */
export function commit(): string {
  return SANDGAUGE_COMMIT;
}

/** The default pipelines and the files of config/, by name. */
export function packagedFiles(): ReadonlyMap<string, string> {
  return new Map(Object.entries(unpack().files));
}

/** The licences of this program and of all that is in it. */
export function licences(): string {
  return unpack().licences;
}

function unpack(): Packed {
  return JSON.parse(brotliDecompressSync(Buffer.from(SANDGAUGE_PACKED, 'base64')).toString());
}
