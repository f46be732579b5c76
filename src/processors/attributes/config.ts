import type * as z from 'zod/mini';
import { option, section } from '../../confmap/codecs.ts';
import { ACTION_LIST } from '../../helper/processor/attribute-actions.ts';

/** The options of the attributes processor, under the Collector's names. */
export const CONFIG = section({
  actions: option(ACTION_LIST, [], 'actions, as `{key: team, value: web, action: upsert}`'),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
