import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connectLibvirt } from '../../../src/platform/libvirt/client.ts';
import {
  LibvirtBusy,
  LibvirtProtocolError,
  LibvirtTimeout,
  LibvirtUnreachable,
} from '../../../src/platform/libvirt/errors.ts';
import { type DoubleCall, messageOf, words } from '../../support/libvirt/double.ts';
import { useDouble } from '../../support/libvirt/opened.ts';

const ALL = { groups: 0, domains: 'active' } as const;
const STATS = 344;
const KEEPALIVE = 0x6b656570;
const REMOTE = 0x20008086;

const { double, open, on, soon } = useDouble();

describe('a daemon that does not answer', () => {
  test('a late reply is dropped, counted, and harms nothing', async () => {
    const held: DoubleCall[] = [];
    on(STATS, (call) => held.push(call));
    const opened = await open();
    await expect(opened.readDomainStats(ALL, soon(30))).rejects.toBeInstanceOf(LibvirtTimeout);
    expect(opened.stuck).toBe(1);
    on(157, (call) => call.reply(words(0, 9)));
    expect(await opened.readVersion(soon())).toBe(9);
    held[0]?.reply(words(0));
    await expect.poll(() => opened.lateReplies).toBe(1);
    expect(opened).toMatchObject({ isOpen: true, stuck: 0 });
  });

  test('stuck calls do not pile up', async () => {
    const held: DoubleCall[] = [];
    on(STATS, (call) => held.push(call));
    const opened = await open();
    const calls = Array.from({ length: 20 }, () => opened.readDomainStats(ALL, soon(30)));
    const errors = (await Promise.allSettled(calls)).map(
      (each) => each.status === 'rejected' && each.reason,
    );
    expect(errors.filter((error) => error instanceof LibvirtTimeout)).toHaveLength(4);
    expect(errors.filter((error) => error instanceof LibvirtBusy)).toHaveLength(16);
    expect(held).toHaveLength(4);
    held[0]?.reply(words(0));
    await expect.poll(() => opened.stuck).toBe(3);
    double().answers.delete(STATS);
    expect(await opened.readDomainStats(ALL, soon())).toHaveLength(1);
  });

  test('not even to the first call', async () => {
    on(66, () => {});
    const target = { driverUri: undefined, sockets: [double().socket], isReadOnly: true };
    await expect(connectLibvirt(target, soon(50))).rejects.toBeInstanceOf(LibvirtTimeout);
  });

  test('half a reply', async () => {
    const message = messageOf([REMOTE, 1, STATS, 1, 4, 0], words(0));
    on(STATS, (call) => call.send(message.subarray(0, 20)));
    const opened = await open();
    await expect(opened.readDomainStats(ALL, soon(30))).rejects.toBeInstanceOf(LibvirtTimeout);
    double().broadcast(message.subarray(20));
    await expect.poll(() => opened.lateReplies).toBe(1);
  });

  test('a silent daemon is asked for a sign of life, then given up', async () => {
    on(STATS, () => {});
    const opened = await open([double().socket], { intervalMillis: 20, count: 2 });
    const call = opened.readDomainStats(ALL, soon()).catch((each) => each);
    expect(await call).toMatchObject({ reason: 'failed' });
    expect((await call).message).toContain('no sign of life');
    expect(double().keepalive).toEqual([1, 1]);
    expect(opened.isOpen).toBe(false);
  });

  test('a daemon that gives one lives, and is given one', async () => {
    const opened = await open([double().socket], { intervalMillis: 20, count: 2 });
    const pong = messageOf([KEEPALIVE, 1, 2, 2, 0, 0], words());
    const ping = messageOf([KEEPALIVE, 1, 1, 2, 0, 0], words());
    const timer = setInterval(() => double().broadcast(Buffer.concat([pong, ping])), 15);
    await sleep(200);
    clearInterval(timer);
    expect(opened.isOpen).toBe(true);
    expect(double().keepalive).toContain(2);
  });

  test('it hangs up on a call', async () => {
    on(STATS, (call) => call.hangUp());
    const opened = await open();
    const error = await opened.readDomainStats(ALL, soon()).catch((each) => each);
    expect(error).toMatchObject({ reason: 'failed', socketPath: double().socket });
    expect(opened.isOpen).toBe(false);
    // A write to an end that is gone would never settle.
    await expect(opened.readDomainStats(ALL, soon())).rejects.toBe(error);
  });

  test('it hangs up between calls', async () => {
    const opened = await open();
    await double().close();
    await expect.poll(() => opened.isOpen).toBe(false);
    await expect(opened.readVersion(soon())).rejects.toBeInstanceOf(LibvirtUnreachable);
  });
});

describe('what is not the protocol ends the connection, with a reason', () => {
  const wrong: readonly (readonly [string, (call: DoubleCall) => void])[] = [
    ['a length too small', (call) => call.reply(words(0), { 0: 8 })],
    ['a length too large', (call) => call.reply(words(0), { 0: 0x7fff_ffff })],
    ['another program', (call) => call.reply(words(0), { 1: 0x1234 })],
    ['another version', (call) => call.reply(words(0), { 2: 2 })],
    ['another procedure', (call) => call.reply(words(0), { 3: 1 })],
    ['a call', (call) => call.reply(words(0), { 4: 0 })],
    ['a reply to no call', (call) => call.reply(words(0), { 5: 77 })],
    ['a status that is none', (call) => call.reply(words(0), { 6: 2 })],
    ['an error without its fields', (call) => call.reply(words(42), { 6: 1 })],
    ['more than was asked for', (call) => call.reply(words(0, 0))],
    ['less than was asked for', (call) => call.reply(words(1))],
    ['more elements than bytes', (call) => call.reply(words(0x00ff_ffff))],
    ['text', (call) => call.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    [
      'an unknown sign of life',
      (call) => call.send(messageOf([KEEPALIVE, 1, 9, 2, 0, 0], words())),
    ],
  ];
  test.each(wrong)('%s', async (_, answer) => {
    on(STATS, answer);
    const opened = await open();
    const error = await opened.readDomainStats(ALL, soon()).catch((each) => each);
    expect(error).toBeInstanceOf(LibvirtProtocolError);
    expect(error.message).toContain(double().socket);
    expect(opened.isOpen).toBe(false);
  });
});
