import { globSync, readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

/** The default pipelines and all of config/, by name; base64 of brotli of JSON, with the licences. */
export function packFiles(licences: string): string {
  const config = globSync('**/*.*', { cwd: 'config' }).sort();
  const files = {
    'otel-collector.yaml': readFileSync('otel-collector.yaml', 'utf8'),
    ...Object.fromEntries(config.map((name) => [name, readFileSync(`config/${name}`, 'utf8')])),
  };
  return brotliCompressSync(JSON.stringify({ files, licences })).toString('base64');
}
