import * as z from 'zod/mini';
import { list, oneOf, record, section, text, withDefault } from '../confmap/codecs.ts';
import { type Conf, locationText } from '../confmap/conf.ts';
import { decode } from '../confmap/decode.ts';
import { ConfigError } from '../errors.ts';

const ANY = z.any();
const COMPONENTS = withDefault(record(ANY), {});

/** The top level of a configuration; the components' own sections are decoded by their factories. */
const CONFIG = section({
  receivers: COMPONENTS,
  processors: COMPONENTS,
  exporters: COMPONENTS,
  extensions: COMPONENTS,
  service: section({
    extensions: withDefault(list(text()), []),
    pipelines: withDefault(
      record(
        section({
          receivers: withDefault(list(text()), []),
          processors: withDefault(list(text()), []),
          exporters: withDefault(list(text()), []),
        }),
      ),
      {},
    ),
    telemetry: withDefault(
      section({
        logs: withDefault(
          section({ level: withDefault(oneOf('debug', 'info', 'warn', 'error'), 'info') }),
          { level: 'info' },
        ),
        metrics: withDefault(section({ level: withDefault(oneOf('none'), 'none') }), {
          level: 'none',
        }),
      }),
      { logs: { level: 'info' }, metrics: { level: 'none' } },
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
  if (!/^metrics(\/.+)?$/.test(name)) {
    throw fault(conf, path, `unknown pipeline "${name}": only metrics and metrics/<name> exist`);
  }
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
