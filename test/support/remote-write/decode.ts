import { join } from 'node:path';
import { load, type Type } from 'protobufjs';
import { uncompress } from 'snappyjs';

/** The value of a sample, or that its series is stale. */
export interface DecodedSample {
  readonly value: number | 'stale';
  readonly time: number;
}

/** A time series; labels in the order in which they came. */
export interface DecodedSeries {
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly DecodedSample[];
}

/** A WriteRequest. */
export interface DecodedWrite {
  readonly series: readonly DecodedSeries[];
  readonly metadata: readonly Record<string, string>[];
}

interface RawWrite {
  readonly timeseries?: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly samples?: readonly { readonly value?: string; readonly timestamp?: string }[];
  }[];
  readonly metadata?: readonly Record<string, string>[];
}

/** The bits of Prometheus' stale marker, by its own source (model/value). */
const STALE = 0x7ff0000000000002n;

/** Loads a decoder of request bodies, by libraries that the exporter does not use. */
export async function loadDecoder(): Promise<(body: Uint8Array) => DecodedWrite> {
  const root = await load(join(import.meta.dirname, 'remote.proto'));
  const type: Type = root.lookupType('prometheus.WriteRequest');
  return (body) => {
    const message = type.decode(new Uint8Array(uncompress(body)));
    const raw = type.toObject(message, { longs: String, enums: String }) as RawWrite;
    const series = (raw.timeseries ?? []).map(({ labels, samples = [] }) => ({
      labels: labels.map(({ name, value }) => [name, value] as const),
      samples: samples.map(({ value = '0', timestamp = '0' }) => ({
        value: valueFrom(BigInt(value)),
        time: Number(timestamp),
      })),
    }));
    return { series, metadata: raw.metadata ?? [] };
  };
}

function valueFrom(bits: bigint): number | 'stale' {
  if (bits === STALE) return 'stale';
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
