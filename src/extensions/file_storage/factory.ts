import type { ExtensionFactory } from '../../component/factory.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createFileStorage } from './storage.ts';

/** Makes file_storage extensions. */
export const fileStorage: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createFileStorage,
};
