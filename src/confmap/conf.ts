import { Opaque } from './secret.ts';

/** A configuration value: plain YAML, with the text kept where it came from a `${...}`. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | Expanded
  | Opaque
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** A scalar that was wholly one `${...}`: its YAML value, and the text for string fields. */
export class Expanded {
  readonly value: Plain;
  readonly text: string;
  /** The `${...}` as written, for messages: what it stands for may be secret. */
  readonly reference: string;

  constructor(value: Plain, text: string, reference: string) {
    this.value = value;
    this.text = text;
    this.reference = reference;
  }
}

/** Where a key stands: lines count from 1; a setting of the command line has none. */
export interface Location {
  readonly file: string;
  readonly line: number | undefined;
}

/** A location for messages: `FILE:LINE`. */
export function locationText({ file, line }: Location): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** A tree of values that knows where each came from. */
export interface Conf {
  readonly value: Plain;
  /** The location of a path or of its nearest known ancestor. */
  locate(path: readonly PropertyKey[]): Location | undefined;
}

/** True for a map, false for lists, scalars and null. */
export function isMap(value: unknown): value is Record<string, Plain> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Expanded) &&
    !(value instanceof Opaque)
  );
}

/** The part of a conf below a path; null where there is none. */
export function subtree(conf: Conf, path: readonly PropertyKey[]): Conf {
  let value = conf.value;
  for (const key of path) {
    const map = value instanceof Expanded ? value.value : value;
    value = (isMap(map) ? map[String(key)] : undefined) ?? null;
  }
  return { value, locate: (below) => conf.locate([...path, ...below]) };
}
