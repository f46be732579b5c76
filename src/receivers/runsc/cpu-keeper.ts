import type { RecordLog, Storage, StoredRecord } from '../../component/storage.ts';
import type { Counter } from '../../component/telemetry.ts';
import { isInTime } from '../../helper/in-time.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import { encodeLives, type KeptCpu, type KeptLife, parseLives } from './kept-cpu.ts';
import type { ContainerState } from './state.ts';

/** Keeps what the CPU counters of all sandboxes go on from after a restart of the agent. */
export interface CpuKeeper {
  /** What was stored of the life of a sandbox whose own state this is; given once. */
  take(root: ContainerState): KeptCpu | undefined;
  /**
   * Stores it, before anything is told that was counted since: what is told later then goes on from
   * no less. Never rejects, and takes half the time until `deadline` (ms of performance.now()) at most.
   */
  save(lives: readonly KeptLife[], deadline: number): Promise<void>;
  close(): Promise<void>;
}

/** What a keeper is made with. */
export interface KeeperOptions {
  readonly receiver: string;
  readonly said: LogOnce;
  readonly failures: Counter;
  /** Looks whether the process still runs this sandbox. */
  isAlive(life: KeptLife): boolean;
}

/** How long a pass waits for a disk that does not answer, and a stop. */
const WAIT_MILLIS = 1000;

/** Opens the receiver's log; in it is one record, or two where the agent was killed in between. */
export async function openCpuKeeper(storage: Storage, options: KeeperOptions): Promise<CpuKeeper> {
  const { receiver, said, failures, isAlive } = options;
  const log: RecordLog = await storage.openLog({
    ...{ name: `receiver_${receiver}`, format: 'json' },
    lost: () => failures.add(1),
  });
  /** The newest record; it stays in the log until there is another. */
  let newest: StoredRecord | undefined;
  let stored: Buffer | undefined;
  let isWriting = false;
  const unseen = new Map((await load()).map((life) => [lifeKey(life.pid, life.id), life]));
  return { take, save, close };

  async function load(): Promise<KeptLife[]> {
    try {
      await takeNewest();
      return newest === undefined ? [] : parseLives(newest.bytes);
    } catch (error) {
      tell('What was stored of CPU counters cannot be used: they begin anew', error);
      return [];
    }
  }

  /** Takes what is in the log, and removes what is not the newest. */
  async function takeNewest(): Promise<void> {
    for (;;) {
      const next = await log.take(Buffer.allocUnsafe);
      if (next === undefined) return;
      const before = newest;
      newest = next;
      await before?.remove();
    }
  }

  function take({ sandboxPid, sandboxId, createdMillis }: ContainerState): KeptCpu | undefined {
    const key = lifeKey(sandboxPid, sandboxId);
    const life = unseen.get(key);
    unseen.delete(key);
    return life?.createdMillis === createdMillis ? life.cpu : undefined;
  }

  async function save(lives: readonly KeptLife[], deadline: number): Promise<void> {
    // One whose state files cannot be read at the moment may be seen later.
    for (const [key, life] of unseen) if (!isAlive(life)) unseen.delete(key);
    const bytes = encodeLives([...unseen.values(), ...lives]);
    const now = performance.now();
    const end = Math.min(now + WAIT_MILLIS, (now + deadline) / 2);
    try {
      const isStored = stored?.equals(bytes) || (!isWriting && (await isInTime(write(bytes), end)));
      if (!isStored) throw new Error(STUCK);
      said.recovered(UNSTORED, 'CPU counters are stored again', { receiver });
    } catch (error) {
      tell(UNSTORED, error);
    }
  }

  async function write(bytes: Buffer): Promise<void> {
    isWriting = true;
    try {
      await log.append([{ bytes, points: 0 }]);
      stored = bytes;
      await takeNewest();
    } finally {
      isWriting = false;
    }
  }

  function tell(message: string, error: unknown): void {
    failures.add(1);
    said.trouble(message, message, { receiver, error: (error as Error).message });
  }

  async function close(): Promise<void> {
    await isInTime(log.close(), performance.now() + WAIT_MILLIS);
  }
}

const UNSTORED = 'CPU counters are not stored: after a restart of the agent they may begin lower';
const STUCK = 'the storage does not answer';

function lifeKey(pid: number, id: string): string {
  return `${pid} ${id}`;
}
