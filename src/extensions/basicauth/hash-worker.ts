import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** What the thread is asked. */
export interface Check {
  readonly password: string;
  readonly hash: string;
}

/** Checks slow hashes one after the other in a thread. */
export interface HashWorker {
  /** Undefined when 16 are waiting already, or when the thread failed. */
  matches(check: Check): Promise<boolean | undefined>;
  close(): Promise<void>;
}

/** The bundled thread as text; the build puts it in, since a single file has no other to start. */
declare const SANDGAUGE_PASSWORD_WORKER: string;

const MAX_WAITING = 16;
/** After a wrong password the thread rests, so that guesses take a quarter of a core at most. */
const REST_PER_WORK = 3;
const HEAP_MEGABYTES = 32;

/** Starts the thread with the first check. */
export function createHashWorker(): HashWorker {
  let worker: Worker | undefined;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  let rest: Promise<unknown> = Promise.resolve();
  let resolveAsked: (isRight: boolean | undefined) => void = () => {};
  const closing = new AbortController();
  return { matches, close };

  async function matches(check: Check): Promise<boolean | undefined> {
    if (waiting >= MAX_WAITING || closing.signal.aborted) return undefined;
    waiting++;
    const mine = last.then(() => run(check)).finally(() => waiting--);
    last = mine;
    return mine;
  }

  async function run(check: Check): Promise<boolean | undefined> {
    await rest;
    if (closing.signal.aborted) return undefined;
    const start = performance.now();
    const isRight = await ask(check);
    const pause = (performance.now() - start) * REST_PER_WORK;
    if (!isRight) rest = sleep(pause, undefined, closing).catch(() => {});
    return isRight;
  }

  function ask(check: Check): Promise<boolean | undefined> {
    worker ??= startThread({
      answer: (isRight) => resolveAsked(isRight),
      ended() {
        worker = undefined;
        resolveAsked(undefined);
      },
    });
    worker.postMessage(check);
    return new Promise((resolve) => {
      resolveAsked = resolve;
    });
  }

  async function close(): Promise<void> {
    closing.abort();
    await worker?.terminate();
    worker = undefined;
  }
}

interface ThreadEvents {
  answer(isRight: boolean): void;
  /** It failed or was stopped: the next check needs another. */
  ended(): void;
}

function startThread({ answer, ended }: ThreadEvents): Worker {
  const options = { resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES } };
  const worker =
    typeof SANDGAUGE_PASSWORD_WORKER === 'string'
      ? new Worker(SANDGAUGE_PASSWORD_WORKER, { ...options, eval: true })
      : new Worker(new URL('./worker.ts', import.meta.url), options);
  // An error is followed by the exit.
  worker
    .on('message', answer)
    .on('error', () => {})
    .on('exit', ended);
  worker.unref();
  return worker;
}
