import { isInTime } from '../in-time.ts';

/** One pass over a source that several callers may wait for, each with its own deadline. */
export interface SharedPass {
  /** Resolves true when the pass ended, false at the deadline (ms of performance.now()). */
  wait(deadline: number): Promise<boolean>;
  /** True while callers may still join: the source is being read. */
  readonly isReading: boolean;
  /** True once the last caller gave up: what it still brings is for nobody. */
  readonly isAbandoned: boolean;
}

/** The two halves of a pass: `read` can be given up, `deliver` hands its result on. */
export interface PassWork<Result> {
  read(signal: AbortSignal): Promise<Result>;
  deliver(result: Result, isAbandoned: boolean): Promise<void>;
}

/** Starts a pass. `stop` aborts it with the receiver. */
export function startPass<Result>(work: PassWork<Result>, stop: AbortSignal): SharedPass {
  const leave = new AbortController();
  let waiting = 0;
  let isReading = true;
  const done = run();
  done.catch(() => {});
  return {
    wait,
    get isReading() {
      return isReading;
    },
    get isAbandoned() {
      return leave.signal.aborted;
    },
  };

  async function run(): Promise<void> {
    let result: Result;
    try {
      result = await work.read(AbortSignal.any([stop, leave.signal]));
    } finally {
      isReading = false;
    }
    await work.deliver(result, leave.signal.aborted);
  }

  async function wait(deadline: number): Promise<boolean> {
    waiting++;
    try {
      const inTime = await isInTime(done, deadline);
      if (!inTime && waiting === 1 && isReading) leave.abort();
      return inTime;
    } finally {
      waiting--;
    }
  }
}
