import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { STATS_GROUP } from '../../../src/platform/libvirt/client.ts';
import {
  ERROR_CODE,
  isDenied,
  LibvirtError,
  LibvirtUnreachable,
} from '../../../src/platform/libvirt/errors.ts';
import type { LifecycleEvent } from '../../../src/platform/libvirt/lifecycle.ts';
import { type DoubleCall, messageOf, words } from '../../support/libvirt/double.ts';
import { useDouble } from '../../support/libvirt/opened.ts';
import { readExchange } from '../../support/libvirt/recorded.ts';

const ALL = { groups: 0, domains: 'active' } as const;
const STATS = 344;
const REMOTE = 0x20008086;
/** A domain `vm`, its uuid and its id, as they are sent. */
const DOMAIN = Buffer.concat([words(2), Buffer.from('vm\0\0'), Buffer.alloc(16, 0x11), words(7)]);

const { double, open, on, soon } = useDouble();

describe('calls', () => {
  test('authenticates, asks for signs of life, and opens to read only', async () => {
    let args: Buffer | undefined;
    on(1, (call) => {
      args = Buffer.from(call.args);
      call.reply(Buffer.alloc(0));
    });
    const opened = await open();
    expect(double().asked).toEqual([66, 60, 1]);
    const uri = Buffer.concat([words(1, 14), Buffer.from('qemu:///system\0\0')]);
    expect(args).toEqual(Buffer.concat([uri, words(1)]));
    expect(opened).toMatchObject({ isOpen: true, stuck: 0, lateReplies: 0 });
    expect(opened.socketPath).toBe(double().socket);
  });

  test('statistics are always asked without waiting for busy domains', async () => {
    const asked: Buffer[] = [];
    const reply = readExchange('exchange.txt').find(
      (m) => m.isReply && m.procedure === STATS,
    )?.body;
    on(STATS, (call) => {
      asked.push(Buffer.from(call.args));
      call.reply(reply as Buffer);
    });
    const opened = await open();
    const [record] = await opened.readDomainStats(ALL, soon());
    const domain = record?.domain ?? { name: '', uuid: '', id: 0 };
    expect(domain).toMatchObject({ name: 'tiny0', id: 1 });
    await opened.readDomainStats({ groups: 0, domains: 'all' }, soon());
    await opened.readDomainStats({ groups: STATS_GROUP.cpu, domains: [domain] }, soon());
    const sent = readExchange('exchange.txt').find(
      (m) => !m.isReply && m.procedure === STATS,
    )?.body;
    expect(asked[0]).toEqual(sent);
    expect(asked[1]).toEqual(words(0, 0, 0x2000_0000));
    const listed = readExchange('exchange.txt')
      .find((m) => m.procedure === 14)
      ?.body.subarray(0, -4);
    expect(asked[2]).toEqual(Buffer.concat([words(1), listed ?? words(), words(2, 0x2000_0000)]));
    // To a daemon an empty list means all.
    expect(await opened.readDomainStats({ groups: 0, domains: [] }, soon())).toEqual([]);
    expect(asked).toHaveLength(3);
  });

  test('replies find their calls in any order', async () => {
    const held: DoubleCall[] = [];
    on(157, (call) => {
      held.push(call);
      if (held.length === 3) {
        held.reverse().forEach((each, i) => {
          each.reply(words(0, i));
        });
      }
    });
    const opened = await open();
    const versions = [1, 2, 3].map(() => opened.readVersion(soon()));
    expect(await Promise.all(versions)).toEqual([2, 1, 0]);
  });

  test('an answer that is an error is typed, and the connection goes on', async () => {
    const opened = await open();
    const refused = readExchange('exchange.txt').at(-1)?.bytes as Buffer;
    on(14, (call) => call.reply(refused.subarray(28), { 6: 1 }));
    const domain = { name: 'tiny0', uuid: '00000000-0000-0000-0000-000000000000', id: 1 };
    const error = await opened.readDomainXml(domain, soon()).catch((each) => each);
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({ errorNumber: ERROR_CODE.noDomain, errorDomain: 10 });
    expect(error.message).toContain('Domain not found');
    expect(await opened.readDomainStats(ALL, soon())).toHaveLength(1);
  });

  test('events come to the listener', async () => {
    const events: LifecycleEvent[] = [];
    on(316, (call) => call.reply(words(0)));
    const opened = await open();
    await opened.watchLifecycle((event) => events.push(event), soon());
    const body = Buffer.concat([words(0), DOMAIN, words(5, 1)]);
    double().broadcast(messageOf([REMOTE, 1, 318, 2, 0, 0], body));
    double().broadcast(messageOf([REMOTE, 1, 319, 2, 0, 0], body));
    await expect.poll(() => events.length).toBe(1);
    const uuid = '11111111-1111-1111-1111-111111111111';
    expect(events[0]).toEqual({ domain: { name: 'vm', uuid, id: 7 }, event: 5, detail: 1 });
    expect(opened.isOpen).toBe(true);
  });
});

describe('authentication', () => {
  test('polkit', async () => {
    on(66, (call) => call.reply(words(1, 2)));
    on(70, (call) => call.reply(words(1)));
    await open();
    expect(double().asked.slice(0, 2)).toEqual([66, 70]);
  });

  test('polkit that says no', async () => {
    on(66, (call) => call.reply(words(1, 2)));
    const message = Buffer.from('no agent');
    on(70, (call) => call.reply(Buffer.concat([words(45, 7, 1, 8), message, words(2)]), { 6: 1 }));
    const error = await open().catch((each) => each);
    expect(error).toMatchObject({ errorNumber: ERROR_CODE.authFailed, message: 'no agent' });
    expect(isDenied(error)).toBe(true);
  });

  test('a password is not supported', async () => {
    on(66, (call) => call.reply(words(1, 1)));
    const error = await open().catch((each) => each);
    expect(error).toMatchObject({ reason: 'denied' });
    expect(error.message).toContain('SASL');
  });

  test('a daemon that knows no signs of life', async () => {
    on(60, (call) => call.reply(words(3, 7, 0), { 6: 1 }));
    const opened = await open([double().socket], { intervalMillis: 5, count: 1 });
    await sleep(60);
    expect(opened.isOpen).toBe(true);
    expect(double().keepalive).toEqual([]);
  });
});

describe('sockets', () => {
  test('the first on which a daemon listens', async () => {
    const refusing = join(dirname(double().socket), 'refusing');
    const server = createServer().listen(refusing);
    await new Promise((resolve) => server.close(resolve));
    writeFileSync(refusing, '');
    const opened = await open(['/nowhere/libvirt-sock-ro', refusing, double().socket]);
    expect(opened.socketPath).toBe(double().socket);
  });

  test('none at all', async () => {
    const error = await open(['/nowhere/a', '/nowhere/b']).catch((each) => each);
    expect(error).toBeInstanceOf(LibvirtUnreachable);
    expect(error).toMatchObject({ reason: 'absent' });
    expect(error.message).toContain('/nowhere/a, /nowhere/b');
  });

  test('a path too long for an address', async () => {
    const folder = join(dirname(double().socket), 'x'.repeat(120));
    const path = join(folder, 'sock');
    mkdirSync(folder);
    expect((await open([path]).catch((each) => each)).reason).toBe('absent');
    symlinkSync(double().socket, path);
    expect((await open([path])).socketPath).toBe(path);
  });

  test.runIf(process.getuid?.() === 0)('one that may not be used', async () => {
    chmodSync(double().socket, 0o600);
    chmodSync(dirname(double().socket), 0o755);
    process.seteuid?.(65_534);
    const error = await open(['/nowhere/a', double().socket])
      .catch((each) => each)
      .finally(() => process.seteuid?.(0));
    expect(error).toMatchObject({ reason: 'denied', socketPath: double().socket });
    expect(isDenied(error)).toBe(true);
  });
});
