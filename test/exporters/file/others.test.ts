import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadDecoder } from '../../support/otlp/decode.ts';
import { numbered, valuesIn } from '../../support/otlp/numbers.ts';
import { linesIn, recordsIn } from './running.ts';
import { makeScene, type Scene } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = makeScene();
});
afterEach(() => scene.close());

test('the directory vanishes: counted and said once, and written again when it is back', async () => {
  const inner = join(scene.folder, 'logs');
  scene.path = join(inner, 'out.json');
  await expect(scene.run()).rejects.toThrow(
    `exporters::file::path: ${scene.path}: there is no such directory; make it, or set create_directory: true`,
  );
  mkdirSync(inner);
  const made = await scene.run();
  await made.write(numbered(1));
  rmSync(inner, { recursive: true });
  await expect(made.write(numbered(2))).rejects.toThrow('ENOENT');
  await expect(made.write(numbered(3))).rejects.toThrow('ENOENT');
  // The first was in a file that is gone.
  expect([made.sent(), made.failed()]).toEqual([0, 3]);
  expect(made.log).toEqual(['The file cannot be written. Dropping data.']);
  expect(made.exporter.health?.().status).toBe('recoverable_error');
  mkdirSync(inner);
  await made.write(numbered(4));
  expect(linesIn(scene.path)).toEqual([4]);
  expect(made.log.at(-1)).toBe('The file can be written again');
  expect(made.exporter.health?.()).toEqual({ status: 'ok' });
});

test('create_directory makes it, at the start and again', async () => {
  scene.path = join(scene.folder, 'a/b/out.json');
  const made = await scene.run('create_directory: true, directory_permissions: "0700"');
  expect(statSync(join(scene.folder, 'a')).mode & 0o777).toBe(0o700);
  rmSync(join(scene.folder, 'a'), { recursive: true });
  await made.write(numbered(1));
  expect(linesIn(scene.path)).toEqual([1]);
});

test('the file is moved, as by logrotate: what was written is there, the rest in a new one', async () => {
  const made = await scene.run();
  await made.write(numbered(1));
  renameSync(scene.path, join(scene.folder, 'moved'));
  await made.write(numbered(2));
  expect(made.sent()).toBe(1);
  expect([linesIn(join(scene.folder, 'moved')), linesIn(scene.path)]).toEqual([[1], [2]]);
});

test('the file is removed before it was flushed: not told as sent', async () => {
  const made = await scene.run();
  await made.write(numbered(1));
  rmSync(scene.path);
  await scene.stop(made);
  expect([made.sent(), made.failed()]).toEqual([0, 1]);
});

test('the file is emptied: what comes goes on at its beginning', async () => {
  const made = await scene.run();
  await made.write(numbered(1));
  writeFileSync(scene.path, '');
  await made.write(numbered(2));
  expect(linesIn(scene.path)).toEqual([2]);
});

test('whatever happens to the file, each record in it is whole and in order, and none is told twice', async () => {
  const event = fc.constantFrom('write', 'write', 'write', 'tear', 'restart', 'move', 'remove');
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), fc.boolean(), async (events, isProto) => {
      rmSync(scene.folder, { recursive: true, force: true });
      mkdirSync(scene.folder);
      const yaml = `append: true, format: ${isProto ? 'proto' : 'json'}`;
      const decode = isProto ? await loadDecoder() : JSON.parse;
      const valuesAt = (file: string) =>
        recordsIn(join(scene.folder, file), isProto, false).flatMap((each) =>
          valuesIn(decode(each as never)),
        );
      let made = await scene.run(yaml);
      let [next, told, moved] = [0, 0, 0];
      const kept: number[] = [];
      let inFile: number[] = [];
      for (const each of events) {
        if (each === 'write') {
          await made.write(numbered(next));
          if (!existsSync(scene.path)) throw new Error('no file');
          inFile.push(next++);
        }
        if (each === 'move' && existsSync(scene.path)) {
          renameSync(scene.path, join(scene.folder, `moved-${moved++}`));
          kept.push(...inFile.splice(0));
        }
        if (each === 'remove') {
          rmSync(scene.path, { force: true });
          inFile = [];
        }
        if (each === 'restart' || each === 'tear') {
          await scene.stop(made);
          told += made.sent() + made.failed();
          if (each === 'tear' && existsSync(scene.path)) {
            appendFileSync(scene.path, isProto ? Buffer.from([0, 0, 1, 0, 7]) : '{"resourceMet');
          }
          made = await scene.run(yaml);
        }
      }
      await scene.stop(made);
      told += made.sent() + made.failed();
      const found = Array.from({ length: moved }, (_, i) => valuesAt(`moved-${i}`)).flat();
      expect(found).toEqual(kept);
      expect(existsSync(scene.path) ? valuesAt('out.json') : []).toEqual(inFile);
      expect(told).toBe(next);
    }),
    { numRuns: 100 },
  );
});
