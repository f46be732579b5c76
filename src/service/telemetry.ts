import pino from 'pino';
import type { Counter, Gauge, Logger, Telemetry } from '../component/telemetry.ts';
import type { LogsConfig } from './telemetry/config.ts';
import { createSampling } from './telemetry/sampling.ts';

/** All label sets of one own metric; values are of this moment. */
export interface OwnFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** A gauge that was not set, or was withdrawn, is NaN. */
  readonly cells: readonly { readonly labels: Record<string, string>; readonly value: number }[];
}

/** The agent's own metrics, in memory: to count costs an addition. */
export interface OwnMetrics {
  counter(name: string, labels?: Record<string, string>): Counter;
  gauge(name: string, labels?: Record<string, string>): Gauge;
  /** Value by `name{label="value"}`. */
  values(): Record<string, number>;
  families(): Iterable<OwnFamily>;
}

interface Cell {
  readonly key: string;
  readonly labels: Record<string, string>;
  value: number;
}

/** Makes an empty registry of own metrics. */
export function createOwnMetrics(): OwnMetrics {
  const cells = new Map<string, Cell>();
  const families = new Map<string, OwnFamily & { readonly cells: Cell[] }>();
  return { counter, gauge, values, families: () => families.values() };

  function counter(name: string, labels?: Record<string, string>): Counter {
    const cell = cellOf(name, labels, 'counter');
    return {
      add(amount) {
        cell.value += amount;
      },
    };
  }

  function gauge(name: string, labels?: Record<string, string>): Gauge {
    const cell = cellOf(name, labels, 'gauge');
    return {
      set(value) {
        cell.value = value;
      },
    };
  }

  function values(): Record<string, number> {
    const known = [...cells.values()].filter(({ value }) => !Number.isNaN(value));
    return Object.fromEntries(known.map(({ key, value }) => [key, value]));
  }

  function cellOf(
    name: string,
    labels: Record<string, string> = {},
    type: 'counter' | 'gauge',
  ): Cell {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const key = `${name}{${pairs.join(',')}}`;
    const known = cells.get(key);
    if (known !== undefined) return known;
    const cell = { key, labels: { ...labels }, value: type === 'counter' ? 0 : Number.NaN };
    cells.set(key, cell);
    const family = families.get(name) ?? { name, type, cells: [] };
    families.set(name, family);
    family.cells.push(cell);
    return cell;
  }
}

/** Makes the logger on stderr, one call at a time; without options the Collector's console lines. */
export function createLogger(level: string, options: Partial<LogsConfig> = {}): Logger {
  const isJson = options.encoding === 'json';
  const config: pino.LoggerOptions = { level, base: options.initial_fields ?? null };
  if (isJson) {
    // As zap writes it: seconds since the epoch, and the name of the level.
    config.timestamp = () => `,"ts":${Date.now() / 1000}`;
    config.formatters = { level: (name) => ({ level: name }) };
  }
  const log = pino(config, {
    write: (line: string) => void process.stderr.write(isJson ? line : consoleLine(line)),
  });
  const mayLog = createSampling(options.sampling);
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => {
    return (message: string, fields: Record<string, unknown> = {}) => {
      if (log.isLevelEnabled(name) && mayLog(name, message)) log[name](fields, message);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function consoleLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line);
  const rest = Object.keys(fields).length === 0 ? '' : `\t${JSON.stringify(fields)}`;
  const name = pino.levels.labels[level] ?? 'info';
  return `${new Date(time).toISOString()}\t${name}\t${msg}${rest}\n`;
}

/** Binds the registry and the logger into what components see. */
export function createTelemetry(logger: Logger, metrics: OwnMetrics): Telemetry {
  return { logger, counter: metrics.counter, gauge: metrics.gauge };
}
