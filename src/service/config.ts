import * as z from 'zod/mini';
import { createFormat } from '../confmap/codec.ts';
import { list, option, record, section } from '../confmap/codecs.ts';
import { type Conf, locationText, type Plain } from '../confmap/conf.ts';
import { decode } from '../confmap/decode.ts';
import { faultLines } from '../confmap/faults.ts';
import { describe } from '../confmap/json-schema.ts';
import { ConfigError, type ConfigStage } from '../errors.ts';
import { TELEMETRY } from './telemetry/config.ts';

/** The sections that have components. */
export const SECTIONS = ['receivers', 'processors', 'exporters', 'extensions'] as const;

/** Those whose components a pipeline lists. */
export const PIPELINE_LISTS = ['receivers', 'processors', 'exporters'] as const;

/** A component's own section: its factory decodes it. */
const COMPONENT = describe(z.any(), {
  schema: { type: ['object', 'null', 'string'] },
  encode: (value) => value as Plain,
});

const ID = createFormat('an id such as type or type/name', textOnly, {
  schema: { type: ['string'] },
  encode: (value) => value,
});

function textOnly(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const PIPELINE = section({
  receivers: option(list(ID), [], 'ids of the receivers whose metrics go in'),
  processors: option(list(ID), [], 'ids of the processors, in the order of their work'),
  exporters: option(list(ID), [], 'ids of the exporters that get what comes out'),
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
    extensions: option(list(ID), [], 'ids of the extensions that run'),
    pipelines: option(
      record(PIPELINE, PIPELINE_NAMES),
      {},
      'ways from receivers to exporters: metrics or metrics/<name>',
    ),
    telemetry: TELEMETRY,
  }),
});

/** The decoded top level. */
export type ServiceConfig = z.infer<typeof CONFIG>;

/** Decodes the top level and checks that every reference has its section; tells all that have none. */
export function decodeService(conf: Conf): ServiceConfig {
  const config = decode(CONFIG, conf);
  const faults = [...checkSections(config), ...checkReferences(conf, config)];
  if (faults.length === 0) return config;
  throw new ConfigError('', faultLines(faults.map(({ message }) => message)));
}

type Pipeline = ServiceConfig['service']['pipelines'][string];
type Section = (typeof SECTIONS)[number];

function checkSections(config: ServiceConfig): ConfigError[] {
  const isEmpty = (section: Section) => Object.keys(config[section]).length === 0;
  if (SECTIONS.every(isEmpty)) {
    return [new ConfigError('', 'empty configuration file')];
  }
  const faults = (['receivers', 'exporters'] as const)
    .filter(isEmpty)
    .map((section) => `no ${section.slice(0, -1)} configuration specified in config`)
    .map((text) => new ConfigError('', text));
  if (Object.keys(config.service.pipelines).length > 0) return faults;
  const text = 'service must have at least one pipeline';
  return [...faults, new ConfigError('service::pipelines', text)];
}

function checkReferences(conf: Conf, config: ServiceConfig): ConfigError[] {
  const { extensions, pipelines } = config.service;
  return [
    ...extensions.flatMap((id) =>
      checkReference(conf, config, ['service', 'extensions'], 'extensions', id),
    ),
    ...Object.entries(pipelines).flatMap(([name, pipeline]) =>
      checkPipeline(conf, config, name, pipeline),
    ),
  ];
}

function checkPipeline(
  conf: Conf,
  config: ServiceConfig,
  name: string,
  pipeline: Pipeline,
): ConfigError[] {
  const path = ['service', 'pipelines', name];
  const empty = (['receivers', 'exporters'] as const)
    .filter((section) => pipeline[section].length === 0)
    .map((section) => fault(conf, path, `must have at least one ${section.slice(0, -1)}`));
  const listed = PIPELINE_LISTS.flatMap((section) =>
    pipeline[section].flatMap((id, i) => {
      if (pipeline[section].indexOf(id) === i) {
        return checkReference(conf, config, [...path, section], section, id);
      }
      const text = `references ${section.slice(0, -1)} "${id}" multiple times`;
      return [fault(conf, path, text)];
    }),
  );
  return [...empty, ...listed];
}

function checkReference(
  conf: Conf,
  config: ServiceConfig,
  path: readonly string[],
  section: Section,
  id: string,
): ConfigError[] {
  if (Object.hasOwn(config[section], id)) return [];
  const kind = section.slice(0, -1);
  const known = Object.keys(config[section]).join(', ') || 'none';
  const text = `references ${kind} "${id}" which is not configured (configured: ${known})`;
  return [fault(conf, path, text)];
}

/** A ConfigError that names file, line and key. */
export function fault(
  conf: Conf,
  path: readonly string[],
  text: string,
  stage: ConfigStage = 'validate',
): ConfigError {
  const at = conf.locate(path);
  const where = at === undefined ? '' : `${locationText(at)}: `;
  return new ConfigError(`${where}${path.join('::')}`, text, { stage });
}
