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

/** A value with an expansion taken by its type. */
export function plain(value: Plain): Plain {
  return value instanceof Expanded ? value.value : value;
}

/** Gives each value of a map as `change` makes it. */
export function mapValues<From, To>(
  map: Readonly<Record<string, From>>,
  change: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** The part of a conf below a path; null where there is none. */
export function subtree(conf: Conf, path: readonly PropertyKey[]): Conf {
  let value = conf.value;
  for (const key of path) {
    const map = plain(value);
    value = (isMap(map) ? map[String(key)] : undefined) ?? null;
  }
  return { value, locate: (below) => conf.locate([...path, ...below]) };
}
