import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createLibvirtScraper } from './scraper.ts';

/** Makes libvirt receivers. */
export const libvirt: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = createLibvirtScraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
