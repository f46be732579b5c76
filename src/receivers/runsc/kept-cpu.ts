import * as z from 'zod/mini';
import { type ContainerState, isRoot } from './state.ts';

const VERSION = 1;
/** JSON has no NaN, but 1e999 is endless. */
const NANOS = z.number().check(z.gte(0), z.lte(2 ** 62));
/** Container id, its last figure, its counter. */
const COUNTER = z.tuple([z.string(), NANOS, NANOS]);
const BOUNDED = z.object({
  ...{ kind: z.literal('bounded'), counters: z.array(COUNTER) },
  ...{ host: NANOS, slack: NANOS },
});
const SCALED = z.object({ kind: z.literal('scaled'), counters: z.array(COUNTER) });
const LIFE = z.object({
  ...{ id: z.string(), pid: z.int().check(z.gte(1)), createdMillis: z.number() },
  cpu: z.union([BOUNDED, SCALED]),
});
const RECORD = z.object({ version: z.literal(VERSION), sandboxes: z.array(LIFE) });

/** What counters of the times that a sandbox tells go on from, in ns. */
export type KeptBounded = z.infer<typeof BOUNDED>;
/** What counters of the figures of `runsc events` go on from, in ns. */
export type KeptScaled = z.infer<typeof SCALED>;
/** What the CPU counters of a sandbox go on from. */
export type KeptCpu = KeptBounded | KeptScaled;
/** That of one life of a sandbox: after a reboot another may have its pid, and its id too. */
export type KeptLife = z.infer<typeof LIFE>;

/**
 * What is to be kept of a sandbox whose containers have state files now; undefined where that of the
 * sandbox itself cannot be read, which tells when its life began.
 */
export function keptLifeOf(
  containers: readonly ContainerState[],
  cpu: KeptCpu,
): KeptLife | undefined {
  const root = containers.find(isRoot);
  if (root === undefined) return undefined;
  const { sandboxId: id, sandboxPid: pid, createdMillis } = root;
  const ids = new Set(containers.map(({ containerId }) => containerId));
  const counters = cpu.counters.filter(([container]) => ids.has(container));
  return { ...{ id, pid, createdMillis }, cpu: { ...cpu, counters } };
}

/** All of them as one record. */
export function encodeLives(sandboxes: readonly KeptLife[]): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, sandboxes }));
}

/** Throws an Error that says what is wrong with a record. */
export function parseLives(bytes: Buffer): KeptLife[] {
  const parsed = RECORD.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data.sandboxes;
  throw new Error(`${parsed.error.issues[0]?.path.join('.') || 'the record'} is wrong`);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw new Error('it is not JSON', { cause: error });
  }
}
