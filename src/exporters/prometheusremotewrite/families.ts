import { typeName } from '../../helper/prometheus/names.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { encodeField, textField } from '../../pdata/otlp/blocks.ts';
import { createWire, VARINT, writeTag, writeVarint } from '../../pdata/otlp/wire.ts';
import type { Point } from '../../pdata/point.ts';

/** Field numbers of prometheus.WriteRequest and MetricMetadata, and the latter's types. */
const WRITE_REQUEST_METADATA = 3;
const METADATA = { type: 1, family: 2, help: 4, unit: 5 } as const;
const TYPES = { counter: 1, gauge: 2, histogram: 3, summary: 5 } as const;

/** Makes the encoder of a WriteRequest with type, help and unit of the metrics that points are of. */
export function createFamilies(
  nameOf: (descriptor: Descriptor) => string,
): (points: readonly Point[]) => Buffer {
  const blocks = new WeakMap<Descriptor, Buffer>();
  return (points) => {
    const seen = new Set(points.map(({ series }) => series.descriptor));
    return Buffer.concat([...seen].map(blockOf));
  };

  function blockOf(descriptor: Descriptor): Buffer {
    const block = blocks.get(descriptor) ?? encode(descriptor);
    blocks.set(descriptor, block);
    return block;
  }

  function encode(descriptor: Descriptor): Buffer {
    const type = createWire(2);
    writeTag(type, METADATA.type, VARINT);
    writeVarint(type, TYPES[typeName(descriptor)]);
    const content = [
      type.bytes,
      textField(METADATA.family, nameOf(descriptor)),
      textField(METADATA.help, descriptor.help),
      textField(METADATA.unit, descriptor.unit),
    ];
    return encodeField(WRITE_REQUEST_METADATA, Buffer.concat(content));
  }
}
