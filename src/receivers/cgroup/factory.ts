import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createCgroupScraper } from './scraper.ts';

/** Makes cgroup receivers. */
export const cgroup: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = createCgroupScraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
