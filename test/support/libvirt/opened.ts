import { afterEach, beforeEach } from 'vitest';
import { connectLibvirt, type LibvirtClient } from '../../../src/platform/libvirt/client.ts';
import { type DoubleCall, type LibvirtDouble, startDouble } from './double.ts';

/** What a suite does with its double of a daemon. */
interface Opened {
  double(): LibvirtDouble;
  /** Connects to it, or to other sockets. */
  open(
    sockets?: readonly string[],
    keepalive?: { intervalMillis: number; count: number },
  ): Promise<LibvirtClient>;
  /** Every answer of a procedure is `answer`. */
  on(procedure: number, answer: (call: DoubleCall) => void): void;
  /** A deadline. */
  soon(millis?: number): number;
}

const PATIENT = { intervalMillis: 60_000, count: 5 };

/** A fresh double for each test of a suite. */
export function useDouble(): Opened {
  let double: LibvirtDouble;
  const clients: LibvirtClient[] = [];
  beforeEach(async () => {
    double = await startDouble();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await double.close();
  });
  const soon = (millis = 5000) => performance.now() + millis;
  return {
    double: () => double,
    async open(sockets = [double.socket], keepalive = PATIENT) {
      const target = { driverUri: 'qemu:///system', sockets, isReadOnly: true };
      const client = await connectLibvirt(target, soon(), keepalive);
      clients.push(client);
      return client;
    },
    on: (procedure, answer) => double.answers.set(procedure, answer),
    soon,
  };
}
