import './require-node.ts';

import { hostname } from 'node:os';
import { Command } from 'commander';
import { stringify } from 'yaml';
import type { Logger } from '../component/telemetry.ts';
import type { Conf } from '../confmap/conf.ts';
import { resolve } from '../confmap/resolve.ts';
import { defaultConfig, version } from '../distribution/assets.ts';
import { COMPONENTS } from '../distribution/components.ts';
import { ConfigError } from '../errors.ts';
import { decodeService } from '../service/config.ts';
import { buildGraph, type Graph } from '../service/graph.ts';
import { startService } from '../service/service.ts';
import { createLogger, createOwnMetrics, createTelemetry } from '../service/telemetry.ts';
import { plainOf } from './plain.ts';

const BUILT_IN = '(built in) otel-collector.yaml';

interface Options {
  readonly config?: string[];
  readonly set?: string[];
}

const program = new Command('sandgauge')
  .description(
    'Real container_* metrics for every runtime of a Linux node, in the form of an OpenTelemetry Collector.',
  )
  .version(version(), '-v, --version')
  .option(
    '--config <uri>',
    'file:PATH, PATH, env:NAME or yaml:TEXT; repeat to merge (default: built-in pipelines)',
    append,
  )
  .option(
    '--set <key=value>',
    'set one key, as in receivers.cgroup.root_path=/host; repeatable',
    append,
  )
  .showHelpAfterError('(sandgauge --help lists commands and options)')
  .action(() => run(program.opts()));
program
  .command('validate')
  .description('check the configuration and exit')
  .action(() => void buildFrom(load(program.opts())));
program
  .command('print-config')
  .description('print the configuration after merge and expansion')
  .action(() => {
    process.stdout.write(stringify(plainOf(load(program.opts()).value)));
  });

try {
  program.parse();
} catch (error) {
  fail(error);
}

function append(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function load(options: Options): Conf {
  return resolve(options.config ?? [BUILT_IN], options.set ?? [], {
    env: process.env,
    builtIn: { [BUILT_IN]: defaultConfig() },
    warn: (message) => createLogger('info').warn(message),
  });
}

function buildFrom(conf: Conf, metrics = createOwnMetrics()): { graph: Graph; logger: Logger } {
  const { level } = decodeService(conf).service.telemetry.logs;
  const logger = createLogger(level);
  const graph = buildGraph(conf, {
    registry: COMPONENTS,
    telemetry: createTelemetry(logger, metrics),
    resource: Object.freeze({ attributes: Object.freeze({ 'host.name': hostname() }) }),
    now: Date.now,
  });
  return { graph, logger };
}

async function run(options: Options): Promise<void> {
  try {
    const { graph, logger } = buildFrom(load(options));
    logger.info('Starting sandgauge...', { version: version() });
    const service = await startService(graph, logger);
    logger.info('Everything is ready. Begin running and processing data.');
    const signal = await stopSignal();
    logger.info('Starting shutdown...', { signal });
    await service.shutdown();
    logger.info('Shutdown complete.');
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolveSignal) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolveSignal);
  });
}

function fail(error: unknown): never {
  const isConfig = error instanceof ConfigError;
  const text = isConfig ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`Error: ${isConfig ? 'invalid configuration: ' : ''}${text}\n`);
  process.exit(1);
}
