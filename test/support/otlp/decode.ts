import { join } from 'node:path';
import { load, type Type } from 'protobufjs';

const PACKAGE = 'opentelemetry.proto.collector.metrics.v1';

/** A decoded ExportMetricsServiceRequest: 64-bit integers as texts, nothing that was not sent. */
export interface DecodedRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly DecodedPair[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version?: string };
      readonly metrics: readonly DecodedMetric[];
    }[];
  }[];
}

/** A KeyValue. */
interface DecodedPair {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

/** A Metric with one of its kinds of data. */
interface DecodedMetric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints: readonly DecodedPoint[] };
  readonly sum?: { readonly dataPoints: readonly DecodedPoint[]; readonly isMonotonic?: boolean };
}

/** A data point. */
interface DecodedPoint {
  readonly attributes?: readonly DecodedPair[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly flags?: number;
}

/** Loads a decoder made from metrics.proto by an independent library. */
export async function loadDecoder(): Promise<(bytes: Uint8Array) => DecodedRequest> {
  const root = await load(join(import.meta.dirname, 'metrics.proto'));
  const type: Type = root.lookupType(`${PACKAGE}.ExportMetricsServiceRequest`);
  return (bytes) => type.toObject(type.decode(bytes), { longs: String }) as DecodedRequest;
}
