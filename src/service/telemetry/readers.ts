import { randomUUID } from 'node:crypto';
import type { Component, Host } from '../../component/component.ts';
import type { Telemetry } from '../../component/telemetry.ts';
import type { OwnMetrics } from '../telemetry.ts';
import type { TelemetryConfig } from './config.ts';
import { startPeriodic } from './periodic.ts';
import { createProducer } from './producer.ts';
import { startPull } from './pull.ts';
import type { Reader } from './reader.ts';

/** What readers need besides their options. */
export interface ReaderSettings {
  readonly metrics: OwnMetrics;
  readonly telemetry: Telemetry;
  readonly version: string;
}

const INSTANCE = randomUUID();

/**
 * Makes the readers of own metrics as one component: first to start, so that it is last to stop.
 * The SDK is loaded when a reader is configured.
 */
export function createReaders(config: TelemetryConfig, settings: ReaderSettings): Component {
  const { metrics, telemetry, version } = settings;
  const { level, readers } = config.metrics;
  const running: Reader[] = [];
  return { start, shutdown };

  async function start(host: Host): Promise<void> {
    if (level === 'none' || readers.length === 0) return;
    const attributes = {
      'service.name': 'sandgauge',
      'service.version': version,
      'service.instance.id': INSTANCE,
      ...host.resource.attributes,
      ...config.resource,
    };
    const producer = await createProducer({ metrics, level, version, attributes });
    try {
      for (const { pull, periodic } of readers) {
        if (pull)
          running.push(await startPull(pull.exporter.prometheus, producer, host, telemetry));
        if (periodic) running.push(await startPeriodic(periodic, producer, telemetry));
      }
    } catch (error) {
      await shutdown();
      throw error;
    }
  }

  async function shutdown(): Promise<void> {
    await Promise.all(running.splice(0).map((reader) => reader.shutdown()));
  }
}
