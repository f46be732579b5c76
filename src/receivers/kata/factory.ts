import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createKataScraper } from './scraper.ts';

/** Makes kata receivers. */
export const kata: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = createKataScraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
