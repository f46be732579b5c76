import './require-node.ts';

import { Command, Option } from 'commander';
import { configFiles } from '../confmap/resolve.ts';
import { licences, version } from '../distribution/assets.ts';
import { COMPONENTS } from '../distribution/components.ts';
import { ConfigError, type ConfigStage } from '../errors.ts';
import { componentsText } from './components.ts';
import { gatesText, parseGates } from './feature-gates.ts';
import { type LoadOptions, loadConfig, readConfig } from './load.ts';
import { packagedText, versionText } from './packaged.ts';
import { configText, type PrintOptions } from './print-config.ts';
import { buildFrom, runAgent } from './run.ts';
import { UsageError } from './usage-error.ts';

interface Options extends LoadOptions {
  readonly watchConfig?: boolean;
}

interface PrintFlags extends Omit<PrintOptions, 'gates'> {
  readonly validate: 'true' | 'false';
}

const PREFIXES: Readonly<Record<ConfigStage, string>> = {
  resolve: 'failed to get config: cannot resolve the configuration',
  decode: 'failed to get config: cannot unmarshal the configuration',
  validate: 'invalid configuration',
};

const program = new Command('sandgauge')
  .description(
    'Real container_* metrics for every runtime of a Linux node, in the form of an OpenTelemetry Collector.',
  )
  .version(versionText(), '-v, --version')
  .option(
    '--config <uri>',
    'PATH, file:PATH, env:NAME or yaml:TEXT; repeat to merge, the last wins (default: built-in pipelines)',
    append,
  )
  .option(
    '--set <key=value>',
    'set one key over all --config, as in receivers.cgroup.root_path=/host; repeatable',
    append,
  )
  .option('--watch-config', 'reload when a configuration file changes, as on SIGHUP')
  .option(
    '--feature-gates <ids>',
    'ids with commas; - before one disables it (see the command featuregate)',
    join,
  )
  .showHelpAfterError('(sandgauge --help lists commands and options)')
  .action(() => run(program.opts()));
program
  .command('validate')
  .description('check the configuration, tell everything that is wrong, and exit')
  .action(() => void buildFrom(loadConfig(program.opts())));
program
  .command('print-config')
  .alias('print-initial-config')
  .description('print the configuration as it would run, with all defaults and without secrets')
  .addOption(oneOf('--format <name>', 'form of what is printed', 'yaml', 'json'))
  .addOption(oneOf('--mode <name>', 'unredacted needs a feature gate', 'redacted', 'unredacted'))
  .addOption(oneOf('--validate <bool>', 'whether all of it is checked first', 'true', 'false'))
  .action((flags: PrintFlags) => print(program.opts(), flags));
program
  .command('components')
  .description('list the components of this build and how stable they are')
  .action(() => write(componentsText(COMPONENTS, version())));
program
  .command('featuregate')
  .argument('[id]')
  .description('list the feature gates, or tell of one')
  .action((id?: string) => {
    const { featureGates = '' } = program.opts<LoadOptions>();
    write(gatesText(parseGates(featureGates), id));
  });
program
  .command('print-default')
  .argument('[name]', 'of a file; a name that does not exist lists them')
  .description('print the built-in pipelines, or another file that comes with this build')
  .action((name?: string) => write(packagedText(name)));
program
  .command('licenses')
  .description('print the licences of this program and of all that is in it')
  .action(() => write(licences()));

try {
  program.parse();
} catch (error) {
  fail(error);
}

function append(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** An option that takes a few words, the first by default. */
function oneOf(flags: string, description: string, ...words: string[]): Option {
  return new Option(flags, description).choices(words).default(words[0]);
}

function join(value: string, previous?: string): string {
  return previous === undefined ? value : `${previous},${value}`;
}

function print(options: Options, { format, mode, validate }: PrintFlags): void {
  const gates = parseGates(options.featureGates ?? '');
  const conf = readConfig(options);
  const text = configText(conf, COMPONENTS, { format, mode, gates });
  if (validate === 'true') buildFrom(conf);
  write(text);
}

/** A reader such as `head` may go before the end. */
function write(text: string): void {
  process.stdout.on('error', () => process.exit(1));
  process.stdout.write(text);
}

async function run(options: Options): Promise<void> {
  try {
    const watched = options.watchConfig ? configFiles(options.config ?? []) : [];
    await runAgent(() => loadConfig(options), watched);
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`Error: ${errorText(error)}\n`);
  process.exit(1);
}

/** Several faults stand each on a line of its own. */
function errorText(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof ConfigError)) return String((error as Error).stack ?? error);
  const { stage, message } = error;
  return `${PREFIXES[stage]}:${message.includes('\n') ? '\n' : ' '}${message}`;
}
