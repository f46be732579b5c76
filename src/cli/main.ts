import './require-node.ts';

import { Command } from 'commander';
import { stringify } from 'yaml';
import type { Conf } from '../confmap/conf.ts';
import { resolve } from '../confmap/resolve.ts';
import { defaultConfig, version } from '../distribution/assets.ts';
import { ConfigError } from '../errors.ts';
import { createLogger } from '../service/telemetry.ts';
import { plainOf } from './plain.ts';
import { buildFrom, runAgent } from './run.ts';

const BUILT_IN = '(built in) otel-collector.yaml';

interface Options {
  readonly config?: string[];
  readonly set?: string[];
  readonly watchConfig?: boolean;
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
  .option('--watch-config', 'reload when a configuration file changes, as on SIGHUP')
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

/** The files among the places of a configuration. */
function filesOf(uris: readonly string[]): string[] {
  return uris
    .filter((uri) => /^file:/.test(uri) || !/^[a-z]+:/.test(uri))
    .map((uri) => uri.replace(/^file:/, ''));
}

function load(options: Options): Conf {
  return resolve(options.config ?? [BUILT_IN], options.set ?? [], {
    env: process.env,
    builtIn: { [BUILT_IN]: defaultConfig() },
    warn: (message) => createLogger('info').warn(message),
  });
}

async function run(options: Options): Promise<void> {
  try {
    await runAgent(() => load(options), options.watchConfig ? filesOf(options.config ?? []) : []);
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  const isConfig = error instanceof ConfigError;
  const text = isConfig ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`Error: ${isConfig ? 'invalid configuration: ' : ''}${text}\n`);
  process.exit(1);
}
