import type { AgentHealth } from '../../component/component.ts';
import type { Config } from './config.ts';

/** A response: 200 or 503. */
export interface Answer {
  readonly isHealthy: boolean;
  readonly contentType: string;
  readonly body: string;
}

/** What decides over each kind of probe. */
const PROBES = { live: isLive, ready: isReady, both: isReady } as const;

/** Answers a request for `target`, a path that may have a query; undefined for any other path. */
export function answer(
  target: string,
  config: Pick<Config, 'path' | 'response_body'>,
  health: AgentHealth,
  now: number,
): Answer | undefined {
  const [path, query = ''] = target.split('?', 2);
  const kinds: Record<string, keyof typeof PROBES> = { '/livez': 'live', '/readyz': 'ready' };
  const kind = path === config.path ? 'both' : kinds[path ?? ''];
  if (kind === undefined) return undefined;
  const isHealthy = PROBES[kind](health);
  const { healthy, unhealthy } = config.response_body;
  const isVerbose = new URLSearchParams(query).has('verbose');
  const own = isHealthy ? healthy : unhealthy;
  if (kind === 'both' && own !== '' && !isVerbose) {
    return { isHealthy, contentType: 'text/plain; charset=utf-8', body: own };
  }
  const body = {
    ...summaryOf(isHealthy, health, now),
    ...(isVerbose ? { phase: health.phase, components: health.components } : {}),
  };
  return { isHealthy, contentType: 'application/json', body: JSON.stringify(body) };
}

/** Only what a restart can mend makes it not alive: not a source, and not where metrics go. */
function isLive({ components }: AgentHealth): boolean {
  return components.every(({ status }) => status !== 'permanent_error');
}

function isReady(health: AgentHealth): boolean {
  return health.phase === 'running' && isLive(health);
}

/** The body of the Collector's extension, whose times are Go's zero where it is not available. */
function summaryOf(isHealthy: boolean, { upSince }: AgentHealth, now: number): object {
  return {
    status: isHealthy ? 'Server available' : 'Server not available',
    upSince: upSince === undefined ? '0001-01-01T00:00:00Z' : new Date(upSince).toISOString(),
    uptime: upSince === undefined ? '' : uptimeText(now - upSince),
  };
}

/** A duration as Go prints it, such as 1h2m3.456s. */
function uptimeText(millis: number): string {
  const seconds = Math.max(0, millis) / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
