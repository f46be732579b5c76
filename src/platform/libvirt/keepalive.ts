import { LibvirtProtocolError } from './errors.ts';

/** The program of signs of life: virkeepaliveprotocol.x. */
export const KEEPALIVE_PROGRAM = 0x6b656570;

const PROCEDURE = { ping: 1, pong: 2 } as const;

/** How long a daemon may be silent: it is asked `count` times, `intervalMillis` apart. */
export interface KeepaliveOptions {
  readonly intervalMillis: number;
  readonly count: number;
}

/** Answers the daemon's questions for a sign of life, and asks it where it is silent. */
export interface Keepalive {
  /** Starts to ask. */
  start(options: KeepaliveOptions): void;
  /** Anything came. */
  heard(): void;
  /** A message of this program came. */
  take(procedure: number): void;
  stop(): void;
}

/** `die` is called once, when the daemon stayed silent. */
export function createKeepalive(to: {
  send(procedure: number): void;
  die(message: string): void;
}): Keepalive {
  let timer: NodeJS.Timeout | undefined;
  let isSilent = false;
  let asked = 0;
  return {
    start({ intervalMillis, count }) {
      clearInterval(timer);
      timer = setInterval(() => tick(intervalMillis, count), intervalMillis).unref();
    },
    heard() {
      isSilent = false;
      asked = 0;
    },
    take(procedure) {
      if (procedure === PROCEDURE.ping) to.send(PROCEDURE.pong);
      else if (procedure !== PROCEDURE.pong) {
        throw new LibvirtProtocolError(`procedure ${procedure} of the keepalive program`);
      }
    },
    stop: () => clearInterval(timer),
  };

  function tick(intervalMillis: number, count: number): void {
    if (!isSilent) {
      isSilent = true;
      return;
    }
    if (asked === count) {
      clearInterval(timer);
      to.die(`the daemon gave no sign of life for ${(intervalMillis * (count + 1)) / 1000} s`);
      return;
    }
    asked++;
    to.send(PROCEDURE.ping);
  }
}
