import type { Descriptor } from '../descriptor.ts';
import type { Labels, Resource } from '../series.ts';
import {
  createWire,
  fieldSize,
  VARINT,
  writeLength,
  writeRaw,
  writeTag,
  writeVarint,
} from './wire.ts';

/** Field numbers of opentelemetry/proto/common/v1 and resource/v1. */
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;
const RESOURCE_ATTRIBUTES = 1;
const RESOURCE_METRICS_RESOURCE = 1;
const NAME = 1;
const DESCRIPTION = 2;
const UNIT = 3;
const DATA = { gauge: 5, sum: 7, histogram: 9, summary: 11 } as const;
const TEMPORALITY = 2;
const IS_MONOTONIC = 3;
/** AggregationTemporality by number. */
export const TEMPORALITIES = { unspecified: 0, delta: 1, cumulative: 2 } as const;

const resourceBlocks = new WeakMap<Resource, Buffer>();
const metricBlocks = new WeakMap<Descriptor, MetricBlock>();

/** Labels as repeated KeyValue fields of one number: encoded once for each label object. */
export type LabelBlocks = (labels: Labels) => Buffer;

/** Makes the cache of a field number. Points come by workload or by metric: the last one is at hand. */
export function createLabelBlocks(field: number): LabelBlocks {
  const blocks = new WeakMap<Labels, Buffer>();
  let lastLabels: Labels | undefined;
  let lastBlock: Buffer = Buffer.alloc(0);
  return (labels) => {
    if (labels === lastLabels) return lastBlock;
    let block = blocks.get(labels);
    if (block === undefined) {
      block = encodeLabels(labels, field);
      blocks.set(labels, block);
    }
    lastLabels = labels;
    lastBlock = block;
    return block;
  };
}

/** The resource field of a ResourceMetrics. */
export function resourceBlock(resource: Resource): Buffer {
  let block = resourceBlocks.get(resource);
  if (block === undefined) {
    const attributes = encodeLabels(resource.attributes, RESOURCE_ATTRIBUTES);
    block = encodeField(RESOURCE_METRICS_RESOURCE, attributes);
    resourceBlocks.set(resource, block);
  }
  return block;
}

/** What stands around the points of a Metric. */
export interface MetricBlock {
  /** Name, description and unit. */
  readonly head: Buffer;
  /** The number of the field that holds the points. */
  readonly data: number;
  /** Temporality and monotonicity, which stand behind the points. */
  readonly tail: Buffer;
}

/** The parts of a Metric that are the same each time. */
export function metricBlock(descriptor: Descriptor): MetricBlock {
  let block = metricBlocks.get(descriptor);
  if (block === undefined) {
    const head = Buffer.concat([
      textField(NAME, descriptor.name),
      textField(DESCRIPTION, descriptor.help),
      textField(UNIT, descriptor.unit),
    ]);
    block = { head, data: DATA[descriptor.type], tail: encodeTail(descriptor) };
    metricBlocks.set(descriptor, block);
  }
  return block;
}

function encodeTail({ type, temporality, monotonic }: Descriptor): Buffer {
  const wire = createWire(2 * 2);
  if (type === 'sum' || type === 'histogram') {
    if (TEMPORALITIES[temporality] > 0) {
      writeTag(wire, TEMPORALITY, VARINT);
      writeVarint(wire, TEMPORALITIES[temporality]);
    }
    if (type === 'sum' && monotonic) {
      writeTag(wire, IS_MONOTONIC, VARINT);
      writeVarint(wire, 1);
    }
  }
  return wire.bytes.subarray(0, wire.at);
}

/** A field with bytes in it. */
export function encodeField(field: number, content: Uint8Array): Buffer {
  const wire = createWire(fieldSize(content.length));
  writeLength(wire, field, content.length);
  writeRaw(wire, content);
  return wire.bytes;
}

/** A text; empty is left out, as proto3 does. */
export function textField(field: number, text: string): Buffer {
  return text === '' ? Buffer.alloc(0) : encodeField(field, Buffer.from(text));
}

function encodeLabels(labels: Labels, field: number): Buffer {
  return Buffer.concat(
    Object.entries(labels).map(([key, value]) => {
      // An empty string is a value of its own here: the field of a oneof is always written.
      const any = encodeField(STRING_VALUE, Buffer.from(value));
      const pair = Buffer.concat([encodeField(KEY, Buffer.from(key)), encodeField(VALUE, any)]);
      return encodeField(field, pair);
    }),
  );
}
