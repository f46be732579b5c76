import type * as z from 'zod/mini';
import type { Metric } from '../catalog/metric.ts';
import type { Component, Consumer, Exporter, Extension, Processor, Receiver } from './component.ts';
import type { ComponentId } from './id.ts';
import type { Telemetry } from './telemetry.ts';

/** What a component is, for tables and checks. */
export interface Metadata {
  /** The type id in YAML, also the folder's name. */
  readonly type: string;
  /** Older type ids that still work. */
  readonly aliases?: readonly string[];
  /** What it does, in one line. */
  readonly summary: string;
  readonly stability: 'development' | 'alpha' | 'beta' | 'stable';
  /** Every series that it may emit. */
  readonly series: readonly Metric[];
}

/** What the service gives to a component when it is made. */
export interface Settings {
  readonly id: ComponentId;
  readonly telemetry: Telemetry;
  /** Wall clock in ms since the epoch; a test passes its own. */
  readonly now: () => number;
}

interface Factory<Config> {
  readonly metadata: Metadata;
  readonly config: z.ZodMiniType<Config>;
}

/** Makes receivers of one type. */
export interface ReceiverFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Receiver;
}

/** Makes processors of one type. */
export interface ProcessorFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config, next: Consumer): Processor;
}

/** Makes exporters of one type. */
export interface ExporterFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Exporter;
}

/** Makes extensions of one type. */
export interface ExtensionFactory<Config = unknown> extends Factory<Config> {
  create(settings: Settings, config: Config): Extension;
}

/** Everything that a configuration can name. */
export interface Registry {
  readonly receivers: readonly ReceiverFactory[];
  readonly processors: readonly ProcessorFactory[];
  readonly exporters: readonly ExporterFactory[];
  readonly extensions: readonly ExtensionFactory[];
}

/** A component that needs neither start nor shutdown takes these. */
export const NO_LIFECYCLE: Component = {
  async start() {},
  async shutdown() {},
};
