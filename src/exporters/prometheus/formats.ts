/** A form of exposition text. */
export interface TextFormat {
  /** OpenMetrics 1.0 instead of Prometheus' own. */
  readonly openMetrics: boolean;
  /** The scraper takes names of any letters. */
  readonly utf8: boolean;
}

/** The content type of a form. */
export function contentType({ openMetrics, utf8 }: TextFormat): string {
  const escaping = utf8 ? '; escaping=allow-utf-8' : '';
  if (openMetrics) {
    return `application/openmetrics-text; version=1.0.0; charset=utf-8${escaping}`;
  }
  return `text/plain; version=${utf8 ? '1.0.0' : '0.0.4'}; charset=utf-8${escaping}`;
}

/**
 * The form that a scraper likes best of those that `enabled` allows; text where it names none. By
 * https://prometheus.io/docs/instrumenting/content_negotiation/.
 */
export function negotiate(accept: string | undefined, enabled: TextFormat): TextFormat {
  let best: TextFormat = { openMetrics: false, utf8: false };
  let bestQuality = 0;
  for (const range of (accept ?? '').split(',').slice(0, MAX_RANGES)) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const openMetrics = type === 'application/openmetrics-text';
    if (openMetrics ? !enabled.openMetrics || !isVersionOne(parameters) : type !== 'text/plain') {
      continue;
    }
    const quality = Number(parameterOf(parameters, 'q') ?? 1);
    if (!(quality > bestQuality)) continue;
    const utf8 = enabled.utf8 && parameterOf(parameters, 'escaping') === 'allow-utf-8';
    best = { openMetrics, utf8 };
    bestQuality = quality;
  }
  return best;
}

const MAX_RANGES = 20;

function isVersionOne(parameters: readonly string[]): boolean {
  return (parameterOf(parameters, 'version') ?? '1.0.0') === '1.0.0';
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find((parameter) => parameter.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replaceAll('"', '');
}
