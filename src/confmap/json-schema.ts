import type { Plain } from './conf.ts';

/** A fragment of JSON Schema (draft 7); `type` is a list, so that null may join it. */
export interface JsonSchema {
  readonly type: readonly string[];
  readonly [keyword: string]: unknown;
}

/** What a codec takes, told to editors and tables. */
export interface Description<T> {
  /** Of the YAML as written, before `${...}` is expanded. */
  readonly schema: JsonSchema;
  /** The plainest value that decodes to this one. */
  encode(value: T): Plain;
  /** True where any text is taken as written. */
  readonly isText?: boolean;
  /** A section's codecs by key. */
  readonly keys?: Readonly<Record<string, object>>;
  /** What an option means and is when it is absent. */
  readonly option?: { readonly meaning: string; readonly default: T };
}

/** A string that is one `${...}` as a whole, which may become any type. */
export const EXPANSION = String.raw`^\$\{.+\}$`;

/** A string with a `${...}` in it, which may become any text; `$$` is a dollar. */
export const WITH_EXPANSION = String.raw`(^|[^$])(\$\$)*\$\{.+\}`;

const DESCRIPTIONS = new WeakMap<object, Description<unknown>>();

/** Describes a codec and gives it back. */
export function describe<Codec extends object, T>(
  codec: Codec,
  description: Description<T>,
): Codec {
  DESCRIPTIONS.set(codec, description as Description<unknown>);
  return codec;
}

/** The description of a codec. Throws for a schema that no codec function made. */
export function descriptionOf(codec: object): Description<unknown> {
  const description = DESCRIPTIONS.get(codec);
  if (description === undefined) throw new Error('a schema without a description is no codec');
  return description;
}
