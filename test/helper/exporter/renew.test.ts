import type { SecureContextOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { renewOnChange } from '../../../src/helper/exporter/renew.ts';

const turns = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what is under way ends on the old connection, which is closed after that', async () => {
  const events: string[] = [];
  const ends: (() => void)[] = [];
  let change: (options: SecureContextOptions) => void = () => {};
  const certificates = {
    options: { cert: 'one' },
    follow(use: typeof change) {
      change = use;
      return { close: () => void events.push('unwatched') };
    },
  };
  const renewed = renewOnChange(certificates, ({ cert }) => ({
    async send() {
      events.push(`send ${cert}`);
      await new Promise<void>((resolve) => ends.push(resolve));
      return undefined;
    },
    close: async () => void events.push(`close ${cert}`),
  }));
  const send = () => renewed.send({ bytes: Buffer.alloc(0), points: 1 }, AbortSignal.abort());
  const sent = [send(), send()];
  change({ cert: 'two' });
  sent.push(send());
  ends[0]?.();
  await turns();
  expect(events).toEqual(['send one', 'send one', 'send two']);
  ends[1]?.();
  await turns();
  expect(events.at(-1)).toBe('close one');
  ends[2]?.();
  await Promise.all(sent);
  await renewed.close();
  expect(events.slice(-2)).toEqual(['unwatched', 'close two']);
});
