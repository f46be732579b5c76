import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createCriScraper } from './scraper.ts';

/** Makes cri receivers. */
export const cri: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = createCriScraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
