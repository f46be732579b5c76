import type { Registry } from '../component/factory.ts';
import { type Conf, Expanded, isMap, type Plain } from '../confmap/conf.ts';
import { descriptionOf } from '../confmap/json-schema.ts';
import { Opaque } from '../confmap/secret.ts';
import { yamlText } from '../confmap/yaml.ts';
import { decodeAll } from '../service/check.ts';
import { CONFIG } from '../service/config.ts';
import { type EnabledGates, PRINT_SECRETS } from './feature-gates.ts';
import { UsageError } from './usage-error.ts';

/** How `print-config` prints. */
export interface PrintOptions {
  readonly format: 'yaml' | 'json';
  readonly mode: 'redacted' | 'unredacted';
  readonly gates: EnabledGates;
}

/**
 * The whole configuration with all defaults, as it runs. Secrets are masked unless the mode is
 * `unredacted`; what is printed loads again, as a `$` that would begin an expansion is doubled.
 */
export function configText(conf: Conf, registry: Registry, options: PrintOptions): string {
  const isShown = showsSecrets(options);
  const { service, components } = decodeAll(conf, registry);
  const keys = descriptionOf(CONFIG).keys ?? {};
  const sections = [...components].map(([section, found]) => {
    const encoded = found.map(({ id, factory, config }) => [
      id.text,
      descriptionOf((factory as Registry[typeof section][number]).config).encode(config),
    ]);
    return [section, Object.fromEntries(encoded)];
  });
  const whole: Plain = {
    ...Object.fromEntries(sections),
    service: descriptionOf(keys.service as object).encode(service),
  };
  const plain = printable(whole, isShown);
  return options.format === 'json' ? `${JSON.stringify(plain, null, 2)}\n` : yamlText(plain);
}

function showsSecrets({ mode, gates }: PrintOptions): boolean {
  if (mode === 'redacted') return false;
  if (gates.has(PRINT_SECRETS)) return true;
  const hint = `add --feature-gates=${PRINT_SECRETS}`;
  throw new UsageError('--mode', `unredacted prints secrets; if that is meant, ${hint}`);
}

function printable(value: Plain, isShown: boolean): Plain {
  if (value instanceof Opaque) return isShown ? escaped(value.reveal()) : value.toString();
  if (value instanceof Expanded) return printable(value.value, isShown);
  if (typeof value === 'string') return escaped(value);
  if (Array.isArray(value)) return value.map((item) => printable(item, isShown));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, printable(item, isShown)]);
  return Object.fromEntries(entries);
}

function escaped(text: string): string {
  return /\$[${]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}
