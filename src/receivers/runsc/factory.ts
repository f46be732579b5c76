import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createRunscScraper } from './scraper.ts';

/** Makes runsc receivers. */
export const runsc: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = createRunscScraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
