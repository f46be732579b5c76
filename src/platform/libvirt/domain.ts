import { encodeInt, encodeString, readInt, readString, skip, type XdrReader } from './xdr.ts';

/** What names a domain in every call: remote_nonnull_domain. */
export interface Domain {
  readonly name: string;
  /** In lower case with hyphens. */
  readonly uuid: string;
  /** Of this run of the domain; -1 while it does not run. */
  readonly id: number;
}

const UUID_BYTES = 16;
/** The least that a domain takes: an empty name, the uuid, the id. */
export const MIN_DOMAIN_BYTES = 4 + UUID_BYTES + 4;

/** Reads a domain. */
export function readDomain(reader: XdrReader): Domain {
  const name = readString(reader);
  const start = skip(reader, UUID_BYTES);
  const hex = reader.bytes.toString('hex', start, start + UUID_BYTES);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return { name, uuid: `${parts.join('-')}-${hex.slice(20)}`, id: readInt(reader) };
}

/** The bytes of a domain, as an argument. */
export function encodeDomain({ name, uuid, id }: Domain): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== UUID_BYTES) throw new Error(`${uuid} is no uuid`);
  return Buffer.concat([encodeString(name), bytes, encodeInt(id)]);
}
