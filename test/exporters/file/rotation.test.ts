import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { numbered } from '../../support/otlp/numbers.ts';
import { linesIn } from './running.ts';
import { makeScene, type Scene } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = makeScene();
});
afterEach(() => scene.close());

const MIB = 2 ** 20;
const batch = (from: number) => Array.from({ length: 2000 }, (_, i) => numbered(from + i));
const backups = () => readdirSync(scene.folder).filter((name) => name !== 'out.json');

test('full files get their time as a name; nothing is lost, none is larger than the limit', async () => {
  let clock = Date.parse('2026-11-21T10:00:00.5Z');
  const made = await scene.run('rotation: {max_megabytes: 1}', 'file', () => {
    clock += 3_600_000;
    return clock;
  });
  for (let i = 0; i < 10; i++) await made.write(...batch(2000 * i));
  await scene.stop(made);
  const names = backups().sort();
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    expect(name).toMatch(/^out-2026-11-2\dT\d\d-00-00\.500\.json$/);
    expect(statSync(join(scene.folder, name)).size).toBeLessThanOrEqual(MIB);
    expect(statSync(join(scene.folder, name)).mode & 0o777).toBe(0o600);
  }
  const all = [...names, 'out.json'].flatMap((name) => linesIn(join(scene.folder, name)));
  expect(all).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  expect(made.sent()).toBe(20_000);
});

test('a name that is taken is not overwritten, and a restart goes on in the same file', async () => {
  const now = () => 1_800_000_000_000;
  for (let life = 0; life < 12; life++) {
    const made = await scene.run('rotation: {max_megabytes: 1}', 'file', now);
    await made.write(...batch(2000 * life));
    await scene.stop(made);
  }
  const names = [...backups().sort(), 'out.json'];
  expect(names.length).toBeGreaterThan(2);
  expect(names.flatMap((name) => linesIn(join(scene.folder, name)))).toEqual(
    Array.from({ length: 24_000 }, (_, i) => i),
  );
});

test.each(['UTC', 'America/New_York'])(
  'old files go by number and by age, others stay (%s)',
  async (zone) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      const now = Date.parse('2026-11-21T03:00:00Z');
      const foreign = [
        'out-notes.json',
        'out-2026-01-01.json',
        'other-2020-01-01T00-00-00.000.json',
        'out-2020-01-01T00-00-00.000.txt',
      ];
      for (const name of [
        ...foreign,
        'out-2026-11-19T00-00-00.000.json',
        'out-2026-11-20T00-00-00.000.json',
      ]) {
        writeFileSync(join(scene.folder, name), '');
      }
      const made = await scene.run(
        'rotation: {max_megabytes: 1, max_days: 2, max_backups: 2, localtime: true}',
        'file',
        () => now,
      );
      for (let i = 0; i < 15; i++) await made.write(...batch(2000 * i));
      await scene.stop(made);
      const stamp = zone === 'UTC' ? '2026-11-21T03' : '2026-11-20T22';
      const left = backups().filter((name) => !foreign.includes(name));
      expect(left).toHaveLength(2);
      expect(left.every((name) => name.startsWith(`out-${stamp}`))).toBe(true);
      expect(backups()).toEqual(expect.arrayContaining(foreign));
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  },
);

test('an old file that is too old goes, though there is room', async () => {
  const old = join(scene.folder, 'out-2026-11-18T00-00-00.000.json');
  writeFileSync(old, '');
  const young = join(scene.folder, 'out-2026-11-20T00-00-00.000.json');
  writeFileSync(young, '');
  const now = () => Date.parse('2026-11-21T00:00:00Z');
  const made = await scene.run(
    'rotation: {max_megabytes: 1, max_days: 2, max_backups: 0}',
    'file',
    now,
  );
  for (let i = 0; i < 5; i++) await made.write(...batch(0));
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});
