import { LibvirtProtocolError } from './errors.ts';
import type { KeyTrie, Layout } from './key-trie.ts';
import {
  readCount,
  readDouble,
  readHyper,
  readInt,
  readString,
  readUint,
  readUnsignedHyper,
  type XdrReader,
} from './xdr.ts';

/** A 64 bit integer over 2^53 is a bigint, so that each value is exact. */
export type ParameterValue = number | bigint | string | boolean;

/** What libvirt calls typed parameters: values by key, in the order in which they came. */
export interface Parameters {
  /** The same object for all that have the same keys. */
  readonly layout: Layout;
  /** The value of each key of the layout. */
  readonly values: readonly ParameterValue[];
}

/** virTypedParameterType. */
const TYPE = { int: 1, uint: 2, hyper: 3, unsignedHyper: 4, double: 5, boolean: 6, string: 7 };
/** The least that a parameter takes: an empty key, the type, a value of four bytes. */
const MIN_PARAMETER_BYTES = 12;

/** Reads an array of remote_typed_param. */
export function readParameters(reader: XdrReader, keys: KeyTrie): Parameters {
  const count = readCount(reader, MIN_PARAMETER_BYTES);
  const values = new Array<ParameterValue>(count);
  let step = keys.root;
  for (let i = 0; i < count; i++) {
    step = keys.follow(step, reader);
    values[i] = readValue(step.type, reader);
  }
  return { layout: keys.layoutOf(step), values };
}

function readValue(type: number, reader: XdrReader): ParameterValue {
  switch (type) {
    case TYPE.unsignedHyper:
      return readUnsignedHyper(reader);
    case TYPE.uint:
      return readUint(reader);
    case TYPE.int:
      return readInt(reader);
    case TYPE.string:
      return readString(reader);
    case TYPE.hyper:
      return readHyper(reader);
    case TYPE.double:
      return readDouble(reader);
    case TYPE.boolean:
      return readInt(reader) !== 0;
    default:
      throw new LibvirtProtocolError(`a parameter of type ${type}`);
  }
}
