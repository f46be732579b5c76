import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endedPoint } from '../../../src/pdata/point.ts';
import { loadDecoder } from '../../support/otlp/decode.ts';
import { numbered, valuesIn } from '../../support/otlp/numbers.ts';
import { linesIn, makeExporter, recordsIn } from './running.ts';
import { makeScene, type Scene } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = makeScene();
});
afterEach(() => scene.close());

const FORMS = [
  ['json', ''],
  ['json', 'zstd'],
  ['proto', ''],
  ['proto', 'zstd'],
] as const;

describe.each(FORMS)('%s %s', (format, compression) => {
  const yaml = `format: ${format}, compression: '${compression}'`;
  const isFramed = format === 'proto' || compression !== '';
  const read = async () => {
    const decode = format === 'proto' ? await loadDecoder() : JSON.parse;
    return recordsIn(scene.path, isFramed, compression !== '').map((each) => decode(each as never));
  };

  test('what was written is read back, and told as sent once it is on the disk', async () => {
    const made = await scene.run(yaml);
    await made.write(numbered(1), numbered(2));
    await made.write(numbered(2 ** 53 - 1), endedPoint(numbered(0).series, 5));
    expect((await read()).map(valuesIn)).toEqual([[1, 2], [2 ** 53 - 1]]);
    expect(JSON.stringify(await read())).toContain('"flags":1');
    expect([made.sent(), made.failed()]).toEqual([0, 0]);
    await scene.stop(made);
    expect([made.sent(), made.failed()]).toEqual([4, 0]);
    expect(statSync(scene.path).mode & 0o777).toBe(0o600);
    expect(made.exporter.health?.()).toEqual({ status: 'ok' });
  });

  test('a record that has no end is taken off where the file is kept, wherever it was cut', async () => {
    const made = await scene.run(yaml);
    await made.write(numbered(1));
    const first = statSync(scene.path).size;
    await made.write(numbered(2));
    await scene.stop(made);
    const whole = readFileSync(scene.path);
    for (const cut of [first + 1, first + 5, first + 30, whole.length - 1, first, whole.length]) {
      writeFileSync(scene.path, whole.subarray(0, cut));
      const again = await scene.run(`append: true, ${yaml}`);
      await again.write(numbered(3));
      await scene.stop(again);
      const expected = cut === whole.length ? [[1], [2], [3]] : [[1], [3]];
      expect((await read()).map(valuesIn)).toEqual(expected);
      expect(again.log.length).toBe(cut === first || cut === whole.length ? 0 : 1);
    }
  });

  test('a file of another kind is not touched', async () => {
    const foreign = isFramed ? '{"resourceMetrics":[]}\n' : 'a note\nwithout end';
    writeFileSync(scene.path, foreign);
    const made = makeExporter(`{path: '${scene.path}', append: true, ${yaml}}`);
    await expect(made.start()).rejects.toThrow(/^exporters::file::path: .*(lengths|line of OTLP)/);
    expect(readFileSync(scene.path, 'utf8')).toBe(foreign);
  });
});

test('large batches become several records, none of which is cut', async () => {
  const made = await scene.run();
  const points = Array.from({ length: 20_000 }, (_, i) => numbered(i));
  await made.write(...points);
  await scene.stop(made);
  expect(recordsIn(scene.path, false, false).length).toBeGreaterThan(2);
  expect(linesIn(scene.path)).toEqual(points.map((_, i) => i));
  expect(made.sent()).toBe(20_000);
});

test('a file is emptied at the start, as with the Collector, unless append is set', async () => {
  const first = await scene.run();
  await first.write(numbered(1));
  await scene.stop(first);
  const second = await scene.run('append: true');
  await second.write(numbered(2));
  await scene.stop(second);
  expect(linesIn(scene.path)).toEqual([1, 2]);
  await scene.stop(await scene.run());
  expect(linesIn(scene.path)).toEqual([]);
});

test('flush_interval: on the disk by a clock, or each time', async () => {
  const clocked = await scene.run('flush_interval: 20ms');
  await clocked.write(numbered(1));
  await expect.poll(clocked.sent, { timeout: 5000 }).toBe(1);
  await scene.stop(clocked);
  const each = await scene.run('flush_interval: 0s');
  await each.write(numbered(1));
  expect(each.sent()).toBe(1);
  rmSync(scene.path);
  await each.write(numbered(2));
  expect([each.sent(), each.failed(), linesIn(scene.path)]).toEqual([2, 0, [2]]);
});

test.each([
  ['{}', 'exporters::file::path: is required'],
  ['{path: x, format: xml}', 'expected one of'],
  ['{path: x, compression: gzip}', 'expected one of'],
  ['{path: x, rotation: {max_megabytes: 0}}', 'must be between 1'],
  ['{path: x, directory_permissions: 755}', 'permissions in octal'],
  ['{path: x, group_by: {enabled: true}}', 'group_by: unknown key'],
])('%s is refused', (yaml, reason) => {
  expect(() => makeExporter(yaml)).toThrow(reason);
});

test('what is no file, and a file that another exporter writes, are refused', async () => {
  scene.path = scene.folder;
  await expect(scene.run()).rejects.toThrow('is a directory; name a file in it');
  scene.path = join(scene.folder, 'pipe');
  execFileSync('mkfifo', [scene.path]);
  await expect(scene.run()).rejects.toThrow(/no regular file|ENXIO/);
  scene.path = join(scene.folder, 'out.json');
  const first = await scene.run();
  await expect(scene.run('', 'file/2')).rejects.toThrow(
    `exporters::file/2::path: another file exporter writes ${scene.path}`,
  );
  await scene.stop(first);
  await scene.run('', 'file/2');
});
