import * as z from 'zod/mini';
import { list, oneOf, option, record, section, text } from '../confmap/codecs.ts';
import { type Conf, locationText, type Plain } from '../confmap/conf.ts';
import { decode } from '../confmap/decode.ts';
import { describe } from '../confmap/json-schema.ts';
import { ConfigError } from '../errors.ts';

/** A component's own section: its factory decodes it. */
const COMPONENT = describe(z.any(), {
  schema: { type: ['object', 'null', 'string'] },
  encode: (value) => value as Plain,
});

const PIPELINE = section({
  receivers: option(list(text()), [], 'ids of the receivers whose metrics go in'),
  processors: option(list(text()), [], 'ids of the processors, in the order of their work'),
  exporters: option(list(text()), [], 'ids of the exporters that get what comes out'),
});

const PIPELINE_NAMES = {
  pattern: /^metrics(\/.+)?$/,
  fault: (name: string) => `unknown pipeline "${name}": only metrics and metrics/<name> exist`,
};

/** The top level of a configuration. */
export const CONFIG = section({
  receivers: option(record(COMPONENT), {}, 'where metrics come from, by id: type or type/name'),
  processors: option(record(COMPONENT), {}, 'what changes them on their way'),
  exporters: option(record(COMPONENT), {}, 'where they go'),
  extensions: option(record(COMPONENT), {}, 'what helps other components'),
  service: section({
    extensions: option(list(text()), [], 'ids of the extensions that run'),
    pipelines: option(
      record(PIPELINE, PIPELINE_NAMES),
      {},
      'ways from receivers to exporters: metrics or metrics/<name>',
    ),
    telemetry: section(
      {
        logs: section({
          level: option(
            oneOf('debug', 'info', 'warn', 'error'),
            'info',
            'the lowest level that is logged',
          ),
        }),
        metrics: section({
          level: option(oneOf('none'), 'none', 'own metrics; there is no server of them'),
        }),
      },
      'what the agent says of itself',
    ),
  }),
});

/** The decoded top level. */
export type ServiceConfig = z.infer<typeof CONFIG>;

/** Decodes the top level and checks that every reference has its section. */
export function decodeService(conf: Conf): ServiceConfig {
  const config = decode(CONFIG, conf);
  for (const section of ['receivers', 'exporters'] as const) {
    if (Object.keys(config[section]).length === 0) {
      throw new ConfigError('', `no ${section.slice(0, -1)} configuration specified in config`);
    }
  }
  const { pipelines } = config.service;
  if (Object.keys(pipelines).length === 0) {
    throw new ConfigError('service::pipelines', 'service must have at least one pipeline');
  }
  for (const [name, pipeline] of Object.entries(pipelines))
    checkPipeline(conf, config, name, pipeline);
  for (const id of config.service.extensions) {
    checkReference(conf, config, ['service', 'extensions'], 'extensions', id);
  }
  return config;
}

type Pipeline = ServiceConfig['service']['pipelines'][string];
type Section = 'receivers' | 'processors' | 'exporters' | 'extensions';

function checkPipeline(conf: Conf, config: ServiceConfig, name: string, pipeline: Pipeline): void {
  const path = ['service', 'pipelines', name];
  for (const section of ['receivers', 'exporters'] as const) {
    if (pipeline[section].length > 0) continue;
    throw fault(conf, path, `must have at least one ${section.slice(0, -1)}`);
  }
  for (const section of ['receivers', 'processors', 'exporters'] as const) {
    for (const [i, id] of pipeline[section].entries()) {
      if (pipeline[section].indexOf(id) !== i) {
        throw fault(conf, path, `references ${section.slice(0, -1)} "${id}" multiple times`);
      }
      checkReference(conf, config, [...path, section], section, id);
    }
  }
}

function checkReference(
  conf: Conf,
  config: ServiceConfig,
  path: readonly string[],
  section: Section,
  id: string,
): void {
  if (Object.hasOwn(config[section], id)) return;
  const kind = section.slice(0, -1);
  const known = Object.keys(config[section]).join(', ') || 'none';
  const text = `references ${kind} "${id}" which is not configured (configured: ${known})`;
  throw fault(conf, path, text);
}

/** A ConfigError that names file, line and key. */
export function fault(conf: Conf, path: readonly string[], text: string): ConfigError {
  const at = conf.locate(path);
  const where = at === undefined ? '' : `${locationText(at)}: `;
  return new ConfigError(`${where}${path.join('::')}`, text);
}
