import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { OWNER } from './made.ts';
import { makeFolder, numbered, numbersOf, takeAll } from './opened.ts';

import { isRoot, modeOf, startStorage } from './running.ts';

test('what is made is 0700 and 0600, and a folder that was opened up is closed again', async () => {
  const folder = join(makeFolder(), 'deep/er');
  const yaml = `{directory: ${folder}, create_directory: true}`;
  const { storage } = await startStorage(yaml);
  const log = await storage.openLog(OWNER);
  await log.append([numbered(1)]);
  const own = join(folder, 'exporter_otlp_grpc');
  const [file = ''] = readdirSync(own);
  expect([folder, own, join(own, file), join(folder, 'lock')].map(modeOf)).toEqual([
    ...['700', '700', '600', '600'],
  ]);
  await log.close();
  await storage.shutdown();
  chmodSync(own, 0o777);
  await (await startStorage(yaml)).storage.openLog(OWNER);
  expect(modeOf(own)).toBe('700');
});

test('directory_permissions are those of directories that are made', async () => {
  const folder = join(makeFolder(), 'new');
  const yaml = `{directory: ${folder}, create_directory: true, directory_permissions: "0750"}`;
  await startStorage(yaml);
  expect(modeOf(folder)).toBe((0o750 & ~process.umask()).toString(8));
});

test('a directory that cannot be used is told with what to do', async () => {
  const folder = makeFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const start = (yaml: string) => startStorage(yaml);
  await expect(start(`{directory: ${folder}/none}`)).rejects.toThrow(
    `extensions::file_storage::directory: ${folder}/none: there is no such directory; make it, or set create_directory: true`,
  );
  await expect(start(`{directory: ${file}}`)).rejects.toThrow('is no directory');
  await expect(start(`{directory: ${file}/x, create_directory: true}`)).rejects.toThrow(
    'is no directory',
  );
  await expect(
    start(`{directory: ${folder}, compaction: {directory: ${folder}/none}}`),
  ).rejects.toThrow('compaction::directory');
  await expect(start(`{directory: ${folder}, compaction: {directory: /dev/shm}}`)).rejects.toThrow(
    '/dev/shm is on another file system',
  );
});

test('a folder that is not our own is not used', async () => {
  const folder = makeFolder();
  const { storage } = await startStorage(`{directory: ${folder}}`);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'exporter_a'));
  writeFileSync(join(folder, 'exporter_b'), '');
  for (const name of ['exporter_a', 'exporter_b']) {
    await expect(storage.openLog({ ...OWNER, name })).rejects.toThrow("is not the agent's own");
  }
  if (!isRoot) return;
  mkdirSync(join(folder, 'exporter_c'));
  chownSync(join(folder, 'exporter_c'), 65_534, 65_534);
  await expect(storage.openLog({ ...OWNER, name: 'exporter_c' })).rejects.toThrow(
    `extensions::file_storage::directory: ${folder}/exporter_c is not the agent's own`,
  );
});

test('names of components cannot lead out of the directory', async () => {
  const folder = makeFolder();
  const { storage } = await startStorage(`{directory: ${folder}}`);
  await storage.openLog({ ...OWNER, name: 'exporter_otlp_grpc/../../é~x' });
  expect(readdirSync(folder).sort()).toEqual([
    'exporter_otlp_grpc~002F..~002F..~002F~00E9~007Ex',
    'lock',
  ]);
  await expect(storage.openLog({ ...OWNER, name: 'exporter_otlp_grpc/../../é~x' })).rejects.toThrow(
    'is open',
  );
});

test('what is found is told: data, data in another encoding, data of nobody', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = makeFolder();
  const yaml = `{directory: ${folder}}`;
  const { storage, counted } = await startStorage(yaml);
  for (const name of ['exporter_a', 'exporter_b']) {
    const log = await storage.openLog({ ...OWNER, name });
    await log.append([numbered(7), numbered(8)]);
    await log.close();
  }
  expect(counted('size_bytes')).toBe(0);
  await storage.shutdown();

  const again = await startStorage(yaml);
  expect(again.counted('size_bytes')).toBe(500);
  const log = await again.storage.openLog({ ...OWNER, name: 'exporter_a' });
  await again.storage.openLog({ ...OWNER, name: 'exporter_c' });
  expect(again.counted('size_bytes')).toBe(500);
  expect(again.log).toEqual([
    {
      message: 'What was stored before was found',
      fields: {
        ...{ storage: 'file_storage', folder: join(folder, 'exporter_a') },
        ...{ records: 2, points: 15, bytes: 200 },
      },
    },
  ]);
  vi.advanceTimersByTime(11_000);
  expect(again.log.at(-1)).toMatchObject({
    message: 'What is stored belongs to no component that runs: bring it back, or remove it',
    fields: { path: join(folder, 'exporter_b'), bytes: 250 },
  });
  expect(again.log).toHaveLength(2);
  expect(numbersOf(await takeAll(log))).toEqual([7, 8]);
  await log.close();

  const json = await again.storage.openLog({ ...OWNER, name: 'exporter_a', format: 'json' });
  expect(json.waiting).toBe(0);
  expect(again.log.at(-1)?.message).toContain('in another encoding stays');
  expect(again.counted('size_bytes')).toBe(500);
});

test('max_size is a bound on all logs together', async () => {
  const folder = makeFolder();
  const { storage } = await startStorage(`{directory: ${folder}, max_size: 1000}`);
  const one = await storage.openLog({ ...OWNER, name: 'exporter_a' });
  const other = await storage.openLog({ ...OWNER, name: 'exporter_b' });
  await one.append([1, 2, 3, 4, 5].map((number) => numbered(number)));
  await expect(other.append([1, 2, 3, 4].map((number) => numbered(number)))).rejects.toThrow(
    '1000 bytes are stored, which is max_size',
  );
  await other.append([numbered(1)]);
  for (const record of await takeAll(one)) await record.remove();
  await other.append([1, 2, 3, 4, 5, 6, 7].map((number) => numbered(number)));
});

test.each([
  ['on_start: true', 0],
  ['on_rebound: true, rebound_needed_threshold_mib: 1, check_interval: 100ms', 3_000_000],
])('compaction {%s} takes out what was sent', async (compaction, extra) => {
  const folder = makeFolder();
  const yaml = `{directory: ${folder}, compaction: {${compaction}}}`;
  const first = await startStorage(yaml);
  const log = await first.storage.openLog(OWNER);
  await log.append([numbered(1), numbered(2, 900_000), numbered(3), numbered(4, extra || 10)]);
  const records = await takeAll(log);
  await records[1]?.remove();
  await records[3]?.remove();
  const size = () => first.counted('size_bytes');
  if (extra > 0) await expect.poll(size).toBe(250);
  await log.close();
  await first.storage.shutdown();
  const again = await startStorage(yaml);
  const opened = await again.storage.openLog(OWNER);
  expect(again.counted('size_bytes')).toBe(250);
  expect(numbersOf(await takeAll(opened))).toEqual([1, 3]);
});

test('what is left of a copy is removed, where it is made', async () => {
  const folder = makeFolder();
  const copies = join(folder, 'copies');
  for (const compaction of ['', `, compaction: {on_start: true, directory: ${copies}}`]) {
    const yaml = `{directory: ${folder}, create_directory: true${compaction}}`;
    const first = await startStorage(yaml);
    const log = await first.storage.openLog(OWNER);
    await log.append([1, 2, 3].map((number) => numbered(number)));
    for (const record of (await takeAll(log)).slice(1)) await record.remove();
    await log.close();
    await first.storage.shutdown();
    const own = join(folder, 'exporter_otlp_grpc');
    const at = compaction === '' ? own : copies;
    const left = join(at, `${readdirSync(own)[0]}.copy`);
    writeFileSync(left, 'half');
    writeFileSync(join(at, 'my.copy'), 'mine');
    const { storage } = await startStorage(yaml);
    const again = await storage.openLog(OWNER);
    expect([existsSync(left), existsSync(join(at, 'my.copy'))]).toEqual([false, true]);
    for (const record of await takeAll(again)) await record.remove();
    await again.close();
    await storage.shutdown();
  }
});

test.each([true, false])('fsync: %s', async (fsync) => {
  const folder = makeFolder();
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const calls: string[] = [];
  for (const name of ['writev', 'datasync', 'sync']) {
    const real = prototype[name];
    vi.spyOn(prototype, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
      calls.push(name);
      return real.apply(this, args);
    });
  }
  onTestFinished(() => void vi.restoreAllMocks());
  const { storage } = await startStorage(`{directory: ${folder}, fsync: ${fsync}}`);
  const log = await storage.openLog(OWNER);
  await log.append([numbered(1), numbered(2)]);
  await log.append([numbered(3)]);
  // That of the folder is for the name of the new file.
  const forced = ['sync', 'writev', 'datasync', 'writev', 'datasync'];
  expect(calls).toEqual(fsync ? forced : ['writev', 'writev']);
});

test('damage is said once for a file, counted, and told to its owner', async () => {
  const folder = makeFolder();
  const yaml = `{directory: ${folder}}`;
  const first = await startStorage(yaml);
  const log = await first.storage.openLog(OWNER);
  await log.append([1, 2, 3, 4].map((number) => numbered(number)));
  await log.close();
  await first.storage.shutdown();
  const own = join(folder, 'exporter_otlp_grpc');
  const path = join(own, readdirSync(own)[0] as string);
  const bytes = readFileSync(path);
  for (const at of [125 + 60, 2 * 125 + 60]) bytes[at] = 0;
  writeFileSync(path, bytes);

  const { storage, log: said, counted } = await startStorage(yaml);
  let lost = 0;
  const opened = await storage.openLog({ ...OWNER, lost: (points) => (lost += points) });
  expect(numbersOf(await takeAll(opened))).toEqual([1, 4]);
  expect(lost).toBe(5);
  expect(opened.stored).toEqual({ records: 2, points: 5, bytes: 200 });
  expect(counted('damaged_records')).toBe(2);
  const damage = said.filter(({ message }) => message.includes('damaged'));
  expect(damage).toEqual([
    { message: 'A torn or damaged record was left out', fields: { storage: 'file_storage', path } },
  ]);
  expect(existsSync(path)).toBe(true);
});
