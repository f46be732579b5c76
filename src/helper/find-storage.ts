import type { Host } from '../component/component.ts';
import { isStorage, type Storage } from '../component/storage.ts';
import { ConfigError } from '../errors.ts';

/** The extension that stores. Throws a ConfigError that names `key` and extension. */
export function findStorage(host: Pick<Host, 'extension'>, id: string, key: string): Storage {
  const found = host.extension(id, 'exact');
  if (found === undefined) {
    throw new ConfigError(key, `no extension "${id}" runs: is it in service::extensions?`);
  }
  if (isStorage(found)) return found;
  throw new ConfigError(key, `extensions::${id} does not store anything: file_storage does`);
}
