import { LibvirtProtocolError } from './errors.ts';
import { readInt, readUint, skip, type XdrReader } from './xdr.ts';

/** The keys of some parameters, in order. */
export interface Layout {
  readonly keys: readonly string[];
  /** The place of each key among them. */
  readonly slots: ReadonlyMap<string, number>;
}

/** A key that came after the keys of the steps before it. */
interface Step {
  readonly key: string;
  /** Of the value: virTypedParameterType. */
  readonly type: number;
  /** The key and the type as they were sent. */
  readonly words: Int32Array;
  readonly before: Step | undefined;
  readonly next: Step[];
  layout: Layout | undefined;
}

/**
 * Knows which key came after which, so that a key that comes again is compared and not made anew:
 * domains have the same keys in the same order, and again at the next reading.
 */
export interface KeyTrie {
  /** Before the first key. */
  readonly root: Step;
  /** Reads a key and the type of its value, those of the answer. */
  follow(step: Step, reader: XdrReader): Step;
  /** The keys up to a step. */
  layoutOf(step: Step): Layout;
}

/** VIR_TYPED_PARAM_FIELD_LENGTH is 80. */
const MAX_KEY_BYTES = 256;
/** Over these it forgets all, for what a daemon says must not grow without bounds. */
const MAX_STEPS = 16_384;
const MAX_LAYOUT_KEYS = 250_000;
const MAX_NEXT = 64;

/** Starts with nothing known. */
export function createKeyTrie(): KeyTrie {
  const root = stepTo('', 0, new Int32Array(), undefined);
  let steps = 0;
  let layoutKeys = 0;
  return { root, follow, layoutOf };

  function follow(step: Step, reader: XdrReader): Step {
    const { next } = step;
    for (let i = 0; i < next.length; i++) {
      const known = next[i] as Step;
      if (isNext(known.words, reader)) {
        reader.offset += known.words.length * 4;
        return known;
      }
    }
    return learn(step, reader);
  }

  function learn(step: Step, reader: XdrReader): Step {
    if (++steps > MAX_STEPS) forget();
    const found = readStep(step, reader);
    step.next.unshift(found);
    if (step.next.length > MAX_NEXT) step.next.pop();
    return found;
  }

  function layoutOf(step: Step): Layout {
    if (step.layout !== undefined) return step.layout;
    step.layout = collect(step);
    layoutKeys += step.layout.keys.length;
    if (layoutKeys > MAX_LAYOUT_KEYS) forget();
    return step.layout;
  }

  function forget(): void {
    root.next.length = 0;
    root.layout = undefined;
    steps = 0;
    layoutKeys = 0;
  }
}

function stepTo(key: string, type: number, words: Int32Array, before: Step | undefined): Step {
  return { key, type, words, before, next: [], layout: undefined };
}

function isNext(words: Int32Array, { view, offset }: XdrReader): boolean {
  if (offset + words.length * 4 > view.byteLength) return false;
  for (let i = 0; i < words.length; i++) {
    if (view.getInt32(offset + i * 4) !== words[i]) return false;
  }
  return true;
}

function readStep(before: Step, reader: XdrReader): Step {
  const { bytes, view, offset } = reader;
  const length = readUint(reader);
  if (length > MAX_KEY_BYTES) throw new LibvirtProtocolError(`a key of ${length} bytes`);
  const start = skip(reader, length);
  const key = bytes.toString('utf8', start, start + length);
  const type = readInt(reader);
  const words = new Int32Array((reader.offset - offset) / 4);
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(offset + i * 4);
  return stepTo(key, type, words, before);
}

function collect(step: Step): Layout {
  const keys: string[] = [];
  for (let at = step; at.before !== undefined; at = at.before) keys.push(at.key);
  keys.reverse();
  return { keys, slots: new Map(keys.map((key, slot) => [key, slot])) };
}
