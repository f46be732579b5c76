/** UCUM units and the words that Prometheus has for them. */
const WORDS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};

const PER: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** The suffixes of a unit: `By/s` is bytes, per_second; none for 1 and for annotations. */
export function unitWords(unit: string): string[] {
  const [main = '', per = ''] = unit.replaceAll(/\{[^}]*\}/g, '').split('/');
  const word = main === '1' ? '' : (WORDS[main] ?? main);
  const perWord = PER[per] ?? per;
  return [word, perWord && `per_${perWord}`].filter((each) => /^[a-zA-Z0-9_]+$/.test(each));
}

/** The suffix of a gauge without dimension. */
export function ratioWords(unit: string): string[] {
  return unit === '1' ? ['ratio'] : [];
}
