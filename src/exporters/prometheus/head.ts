import { escapeName, needsQuotes, typeName } from '../../helper/prometheus/names.ts';
import { unitWords } from '../../helper/prometheus/units.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { TextFormat } from './formats.ts';
import { escapeHelp, escapeValue } from './labels.ts';
import type { Family } from './store.ts';

/** What the rows of a family begin with, and what stands before the first. */
export interface Head {
  /** HELP, TYPE and, in OpenMetrics, UNIT. */
  readonly lines: string;
  /** A row of the family up to its labels, such as `name{`; `suffix` is of a histogram's parts. */
  opening(suffix?: string): string;
  /** True when the name stands within the braces, so that a label needs a comma. */
  readonly isQuoted: boolean;
}

const TOTAL = '_total';

/** Makes the head of a family in a form of text. */
export function headOf(family: Family, format: TextFormat): Head {
  const { descriptor } = family;
  const name = format.utf8 ? family.name : escapeName(family.name);
  const isQuoted = needsQuotes(name);
  const type = typeName(descriptor);
  // OpenMetrics names a counter's family without the suffix that its rows must have.
  const renames = format.openMetrics && type === 'counter';
  const base = renames && name.endsWith(TOTAL) ? name.slice(0, -TOTAL.length) : name;
  const rowName = renames ? `${base}${TOTAL}` : name;
  const shown = isQuoted ? quote(base) : base;
  const help = format.openMetrics
    ? escapeHelp(descriptor.help).replaceAll('"', '\\"')
    : escapeHelp(descriptor.help);
  const unit = format.openMetrics ? unitOf(base, descriptor) : undefined;
  return {
    lines:
      `# HELP ${shown} ${help}\n# TYPE ${shown} ${type}\n` +
      (unit === undefined ? '' : `# UNIT ${shown} ${unit}\n`),
    opening: (suffix = '') =>
      isQuoted ? `{${quote(`${rowName}${suffix}`)}` : `${rowName}${suffix}{`,
    isQuoted,
  };
}

function quote(name: string): string {
  return `"${escapeValue(name)}"`;
}

/** OpenMetrics allows a unit only where the name ends in it. */
function unitOf(name: string, descriptor: Descriptor): string | undefined {
  const unit = unitWords(descriptor.unit).join('_');
  return unit !== '' && name.endsWith(`_${unit}`) ? unit : undefined;
}
