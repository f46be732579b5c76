import { ConfigError } from '../errors.ts';
import { type Conf, locationText } from './conf.ts';
import { confOf, parseYaml, type Source } from './document.ts';
import { expandTree } from './expand.ts';
import { faultLines } from './faults.ts';
import { mergeMaps, mergeMapsAppending } from './merge.ts';
import { parseUri, retrieve, type Surroundings, uriText } from './retrieve.ts';

/** What the resolver takes from outside, and how it merges. */
export interface ResolveOptions extends Surroundings {
  /** Texts that stand for files of these names. */
  readonly builtIn?: Readonly<Record<string, string>>;
  /** Adds up lists of extensions, receivers and exporters of the service, instead of replacing. */
  readonly appendLists?: boolean;
}

/**
 * Reads `--config` URIs (`file:` by default, `env:`, `yaml:`) and `--set` items in order, merges
 * and expands them. Throws one ConfigError with a line for each fault, naming file, line or URI.
 */
export function resolve(
  uris: readonly string[],
  sets: readonly string[],
  options: ResolveOptions,
): Conf {
  const faults: ConfigError[] = [];
  const read = (make: () => Source) => collect(faults, make);
  const sources = [
    ...uris.flatMap((uri) => read(() => readUri(uri, options))),
    ...sets.flatMap((item) => read(() => parseSetting(item))),
  ];
  throwAll(faults);
  const merge = options.appendLists ? mergeMapsAppending : mergeMaps;
  const value = sources.map((source) => source.value).reduce(merge, {});
  const locations = new Map(sources.flatMap((source) => [...source.locations]));
  const conf = confOf({ value, locations });
  const warned = new Set<string>();
  const expanded = expandTree(value, { env: options.env, warn }, fault);
  throwAll(faults);
  return { ...conf, value: expanded };

  function fault(path: readonly string[], text: string): void {
    const at = conf.locate(path);
    const where = at === undefined ? '' : `${locationText(at)}: `;
    faults.push(new ConfigError(`${where}${path.join('::')}`, text));
  }

  function warn(message: string): void {
    if (!warned.has(message)) options.warn(message);
    warned.add(message);
  }
}

/** The paths of the files that `--config` names, such as to see when they change. */
export function configFiles(uris: readonly string[]): string[] {
  const parsed = uris.map((uri) => parseUri(uri) ?? { scheme: 'file', opaque: uri });
  return parsed.filter(({ scheme }) => scheme === 'file').map(({ opaque }) => opaque);
}

function collect<T>(faults: ConfigError[], make: () => T): T[] {
  try {
    return [make()];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error);
    return [];
  }
}

function throwAll(faults: readonly ConfigError[]): void {
  if (faults.length === 0) return;
  const text = faultLines(faults.map(({ message }) => message));
  throw new ConfigError('', text, { stage: 'resolve', cause: faults[0]?.cause });
}

function readUri(uri: string, options: ResolveOptions): Source {
  const builtIn = options.builtIn?.[uri];
  if (builtIn !== undefined) return parseYaml(builtIn, uri);
  const parsed = parseUri(uri) ?? { scheme: 'file', opaque: uri };
  const text = retrieve(parsed, options);
  const name = parsed.scheme === 'file' ? parsed.opaque : uriText(parsed);
  if (text === undefined) throw new ConfigError(name, 'this environment variable is not set');
  return parseYaml(text, name);
}

function parseSetting(item: string): Source {
  const equals = item.indexOf('=');
  if (equals < 0) throw new ConfigError(`--set ${item}`, 'missing equal sign: key.subkey=value');
  const keys = item.slice(0, equals).trim();
  const text = `${keys.replaceAll('.', '::')}: ${item.slice(equals + 1).trim()}`;
  return parseYaml(text, `--set ${keys}`, false);
}
