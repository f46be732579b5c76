import type { Descriptor } from '../descriptor.ts';
import type { Labels, Resource } from '../series.ts';
import { createWire, fieldSize, writeLength, writeRaw } from './wire.ts';

/** Field numbers of opentelemetry/proto/common/v1 and resource/v1. */
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;
const RESOURCE_ATTRIBUTES = 1;
const RESOURCE_METRICS_RESOURCE = 1;
const NAME = 1;
const DESCRIPTION = 2;
const UNIT = 3;

const resourceBlocks = new WeakMap<Resource, Buffer>();
const descriptorBlocks = new WeakMap<Descriptor, Buffer>();

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

/** Name, description and unit of a Metric. */
export function descriptorBlock(descriptor: Descriptor): Buffer {
  let block = descriptorBlocks.get(descriptor);
  if (block === undefined) {
    block = Buffer.concat([
      textField(NAME, descriptor.name),
      textField(DESCRIPTION, descriptor.help),
      textField(UNIT, descriptor.unit),
    ]);
    descriptorBlocks.set(descriptor, block);
  }
  return block;
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
