/** How a field stands on the wire (protobuf.dev/programming-guides/encoding). */
export type Kind =
  | 'string'
  | 'bool'
  | 'uint32'
  | 'enum'
  | 'int64'
  | 'uint64'
  | 'double'
  | 'labels'
  | 'wrapped'
  | 'message';

/** One field: its number and kind. `Out` is its value when read, `In` when written. */
export interface Field<Out = unknown, In = Out> {
  readonly number: number;
  readonly kind: Kind;
  readonly isRepeated: boolean;
  /** The type of a field that is a message. */
  readonly of?: MessageType<Fields>;
  /** For types only. */
  readonly types?: { readonly out: Out; readonly in: In };
}

/** The fields of a message by name. */
export type Fields = Readonly<Record<string, Field>>;

/** A message of the CRI: data from which both directions of the codec and its types come. */
export interface MessageType<Shape extends Fields> {
  readonly name: string;
  readonly fields: Shape;
}

/**
 * A message that was read. Scalars that were not sent have protobuf's default ('' or 0 or false);
 * messages and wrapped numbers that were not sent are undefined; lists and maps are empty.
 */
export type Read<M> =
  M extends MessageType<infer Shape>
    ? {
        readonly [Name in keyof Shape]: Shape[Name] extends Field<infer Out, unknown> ? Out : never;
      }
    : never;

/** A message to write: what is undefined is not sent. */
export type Written<M> =
  M extends MessageType<infer Shape>
    ? {
        readonly [Name in keyof Shape]?:
          | (Shape[Name] extends Field<unknown, infer In> ? In : never)
          | undefined;
      }
    : never;

/** Describes a message. */
export function message<Shape extends Fields>(name: string, fields: Shape): MessageType<Shape> {
  return Object.freeze({ name, fields: Object.freeze(fields) });
}

/** A text. */
export const string = (number: number) => scalar<string>(number, 'string');
/** A list of texts. */
export const strings = (number: number): Field<readonly string[]> => ({
  ...{ number, kind: 'string', isRepeated: true },
});
/** True or false. */
export const bool = (number: number) => scalar<boolean>(number, 'bool');
/** A whole number of 32 bits. */
export const uint32 = (number: number) => scalar<number>(number, 'uint32');
/** The number of a word. */
export const enumeration = (number: number) => scalar<number>(number, 'enum');
/** A whole number of 64 bits, such as nanoseconds since the epoch. */
export const int64 = (number: number) => scalar<bigint>(number, 'int64');
/** A whole number of 64 bits that is never negative. */
export const uint64 = (number: number) => scalar<bigint>(number, 'uint64');
/** A double. */
export const double = (number: number) => scalar<number>(number, 'double');
/** A map of texts. */
export const labels = (number: number) =>
  scalar<Readonly<Record<string, string>>>(number, 'labels');
/** A UInt64Value: undefined is not known, 0n is a true zero. */
export const wrapped = (number: number) => scalar<bigint | undefined>(number, 'wrapped');

/** A message in a message. */
export function nested<M extends MessageType<Fields>>(
  number: number,
  of: M,
): Field<Read<M> | undefined, Written<M>> {
  return { number, kind: 'message', isRepeated: false, of };
}

/** A list of messages. */
export function repeated<M extends MessageType<Fields>>(
  number: number,
  of: M,
): Field<readonly Read<M>[], readonly Written<M>[]> {
  return { number, kind: 'message', isRepeated: true, of };
}

function scalar<Value>(number: number, kind: Kind): Field<Value> {
  return { number, kind, isRepeated: false };
}
