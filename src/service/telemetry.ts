import pino from 'pino';
import type { Counter, Gauge, Logger, Telemetry } from '../component/telemetry.ts';

/** The agent's own metrics, in memory; read by tests and, later, by a listener. */
export interface OwnMetrics {
  counter(name: string, labels?: Record<string, string>): Counter;
  gauge(name: string, labels?: Record<string, string>): Gauge;
  /** Value by `name{label="value"}`. */
  values(): Record<string, number>;
}

/** Makes an empty registry of own metrics. */
export function createOwnMetrics(): OwnMetrics {
  const cells = new Map<string, { value: number }>();
  return {
    counter(name, labels) {
      const cell = cellOf(name, labels);
      return {
        add(amount) {
          cell.value += amount;
        },
      };
    },
    gauge(name, labels) {
      const cell = cellOf(name, labels);
      return {
        set(value) {
          cell.value = value;
        },
      };
    },
    values: () => Object.fromEntries([...cells].map(([key, { value }]) => [key, value])),
  };

  function cellOf(name: string, labels: Record<string, string> = {}): { value: number } {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const key = `${name}{${pairs.join(',')}}`;
    const cell = cells.get(key) ?? { value: 0 };
    cells.set(key, cell);
    return cell;
  }
}

/** Makes the logger: the Collector's console lines on stderr, one call at a time. */
export function createLogger(level: string): Logger {
  const log = pino({ level, base: null }, { write: (line: string) => writeLine(line) });
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => {
    return (message: string, fields: Record<string, unknown> = {}) => log[name](fields, message);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function writeLine(line: string): void {
  const { level, time, msg, ...fields } = JSON.parse(line);
  const rest = Object.keys(fields).length === 0 ? '' : `\t${JSON.stringify(fields)}`;
  const name = pino.levels.labels[level] ?? 'info';
  process.stderr.write(`${new Date(time).toISOString()}\t${name}\t${msg}${rest}\n`);
}

/** Binds the registry and the logger into what components see. */
export function createTelemetry(logger: Logger, metrics: OwnMetrics): Telemetry {
  return { logger, counter: metrics.counter, gauge: metrics.gauge };
}
