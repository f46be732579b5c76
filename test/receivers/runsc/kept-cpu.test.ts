import {
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogRecord, RecordLog } from '../../../src/component/storage.ts';
import { type Held, startHeld, TURNS, type Turn } from '../../support/runsc/held.ts';
import { startReading } from './reading.ts';
import { ids, kept, recordsIn, wrapLog } from './stored.ts';

const CREATED = '2026-11-21T00:06:41.511012092Z';
const IDLE: Turn = { a: 0, b: 0, host: 0 };
const MISFIT = 'What was stored of a sandbox does not fit it: its CPU begins anew';

/** Reads the turns, with a new agent for each where `isNew`. */
async function readTurns(isNew: boolean, isStored: boolean) {
  const held = await startHeld();
  const directory = isStored ? kept(held) : undefined;
  let agent = await startReading(held, directory);
  const seen: Record<string, number>[] = [];
  for (const turn of [IDLE, ...TURNS]) {
    held.turn(turn);
    seen.push(await agent.read());
    const sum = Object.values(seen.at(-1) ?? {}).reduce((all, value) => all + value, 0);
    expect(sum).toBeLessThanOrEqual(held.host + 1e-6);
    expect(agent.observed.log).toEqual([]);
    if (!isNew) continue;
    await agent.stop();
    agent = await startReading(held, directory);
  }
  return seen;
}

/** Reads the turns and stops. */
async function storeTurns(held: Held): Promise<void> {
  const agent = await startReading(held, kept(held));
  for (const turn of TURNS) {
    held.turn(turn);
    await agent.read();
  }
  await agent.stop();
}

test('restarted between all reads, counters are those of an agent that went on', async () => {
  const whole = await readTurns(false, true);
  // The slack is two ticks of three containers.
  expect(whole[2]?.a).toBe(1);
  expect(whole[2]?.b).toBeCloseTo(1, 6);
  expect(await readTurns(true, true)).toEqual(whole);
  expect(await readTurns(false, false)).toEqual(whole);
});

test('without storage a restart tells other shares: one counter falls, one leaps', async () => {
  const whole = await readTurns(false, false);
  const parts = await readTurns(true, false);
  expect(parts[1]?.a).toBe(1);
  expect(parts[2]?.a).toBe(0.5);
  expect(parts[2]?.b).toBe(1.5);
  expect(whole[2]?.a).toBe(1);
});

test('killed at any moment of a write: no counter goes back, one record is left', async () => {
  const held = await startHeld();
  const images: string[] = [];
  const toldBefore: number[] = [];
  const image = (log: RecordLog) => ({
    async append(records: readonly LogRecord[]) {
      toldBefore.push(agent.observed.points.length);
      cpSync(kept(held), join(held.folder, `before-${images.length}`), { recursive: true });
      const isKept = await log.append(records);
      cpSync(kept(held), join(held.folder, `after-${images.length}`), { recursive: true });
      images.push(`after-${images.length}`);
      return isKept;
    },
  });
  const agent = await startReading(held, kept(held), { faulty: wrapLog(image) });
  for (const turn of TURNS.slice(0, 3)) {
    held.turn(turn);
    await agent.read();
  }
  const told = await agent.read();
  // A read without any change writes nothing.
  expect(images).toHaveLength(3);
  expect(toldBefore[0]).toBe(0);
  const after = join(held.folder, 'after-2');
  expect(await recordsIn(after)).toHaveLength(2);
  const last = await startReading(held, after);
  expect(await last.read()).toEqual(told);
  await last.stop();
  expect(await recordsIn(after)).toHaveLength(1);

  // What was told last was not yet told then.
  const before = await startReading(held, join(held.folder, 'before-2'));
  const [, , { a: first, b: second } = {}] = await readTurns(false, false);
  expect((await before.read()).a).toBeGreaterThanOrEqual(first ?? Number.NaN);
  expect((await before.read()).b).toBeGreaterThanOrEqual(second ?? Number.NaN);
});

test('a sandbox of which another life was stored under the same pid and id begins anew', async () => {
  const held = await startHeld();
  await storeTurns(held);
  const root = join(held.folder, 'run/runsc');
  for (const name of readdirSync(root).filter((each) => each.endsWith('.state'))) {
    const text = readFileSync(join(root, name), 'utf8');
    writeFileSync(join(root, name), text.replace(CREATED, '2026-11-22T08:00:00Z'));
  }
  for (const each of Object.values(held.double.containers)) each.cpuNanos = 0;
  held.used(0);
  held.turn({ a: 20, b: 20, host: 20 });
  const again = await startReading(held, kept(held));
  expect(await again.read()).toEqual({ '': 0, a: 10, b: 10 });
  expect(again.observed.log).toEqual([]);
  await again.stop();
  const [text = ''] = await recordsIn(kept(held));
  expect(JSON.parse(text).sandboxes).toHaveLength(1);
});

test('a cgroup that used less than was stored: the sandbox begins anew, which is said', async () => {
  const held = await startHeld();
  await storeTurns(held);
  for (const each of Object.values(held.double.containers)) each.cpuNanos = 1e9;
  held.used(1.5);
  const again = await startReading(held, kept(held));
  expect(await again.read()).toEqual({ '': 0.5, a: 0.5, b: 0.5 });
  held.turn({ a: 1, b: 0, host: 1 });
  expect((await again.read()).a).toBeCloseTo(1.5, 6);
  expect(again.observed.log).toEqual([`warn: ${MISFIT} (${held.double.id}): undefined`]);
});

test('the time of a container that dipped meanwhile: its counter goes on from there', async () => {
  const held = await startHeld();
  const first = await startReading(held, kept(held));
  held.turn({ a: 3, b: 1, host: 4 });
  await first.read();
  await first.stop();
  // What ran in it and has ended is told no more.
  held.turn({ a: -2, b: 0, host: 0.1 });
  const again = await startReading(held, kept(held));
  expect(await again.read()).toEqual({ '': 0, a: 3, b: 1 });
  held.turn({ a: 0.5, b: 0, host: 1 });
  expect((await again.read()).a).toBeCloseTo(3.5, 6);
});

test('only what is there is kept: lives and containers that are gone are not', async () => {
  const held = await startHeld();
  const { double } = held;
  const agent = await startReading(held, kept(held));
  await agent.read();
  const told = async () => {
    await agent.read();
    const image = join(held.folder, `image-${Math.random()}`);
    cpSync(kept(held), image, { recursive: true });
    const { sandboxes } = JSON.parse((await recordsIn(image)).at(-1) ?? '');
    return sandboxes.map((each: { cpu: { counters: [string][] } }) =>
      each.cpu.counters.map(([id]) => id).sort(),
    );
  };
  const { a, b } = ids(double);
  expect(await told()).toEqual([[double.id, a, b].sort()]);
  const stateOf = (id: string) => join(held.folder, `run/runsc/${id}_sandbox:${double.id}.state`);
  rmSync(stateOf(b));
  expect(await told()).toEqual([[double.id, a].sort()]);
  for (const id of [a, double.id]) rmSync(stateOf(id));
  expect(await told()).toEqual([]);
});

test('a sandbox whose state files are not seen at first goes on; one that has ended is let go', async () => {
  const held = await startHeld();
  const first = await startReading(held, kept(held));
  for (const turn of TURNS.slice(0, 1)) held.turn(turn);
  await first.read();
  held.turn({ a: 0, b: 3, host: 1 });
  const told = await first.read();
  await first.stop();
  const [root, away] = [join(held.folder, 'run/runsc'), join(held.folder, 'run/away')];
  renameSync(root, away);
  const blind = await startReading(held, kept(held));
  expect(await blind.read()).toEqual({});
  await blind.stop();
  const again = await startReading(held, kept(held));
  expect(await again.read()).toEqual({});
  renameSync(away, root);
  expect(await again.read()).toEqual(told);
  await again.stop();
  renameSync(root, away);
  held.double.kill();
  const last = await startReading(held, kept(held));
  expect(await last.read()).toEqual({});
  await last.stop();
  expect((await recordsIn(kept(held))).map((text) => JSON.parse(text).sandboxes)).toEqual([[]]);
});

test('a sandbox that does not answer after a restart keeps what was stored of it', async () => {
  const held = await startHeld();
  const first = await startReading(held, kept(held));
  held.turn({ a: 1, b: 0, host: 1 });
  await first.read();
  held.turn({ a: 0, b: 3, host: 1 });
  const told = await first.read();
  await first.stop();
  held.double.fault = 'close';
  const deaf = await startReading(held, kept(held));
  expect(await deaf.read()).toEqual({});
  await deaf.stop();
  held.double.fault = undefined;
  expect(await (await startReading(held, kept(held))).read()).toEqual(told);
});

test('runsc events: the interval of a restart is left out, and the way of asking stays', async () => {
  const held = await startHeld();
  const { a, b } = ids(held.double);
  const program = join(held.folder, 'runsc');
  const print = (one: number, other: number) => {
    const line = (seconds: number) =>
      JSON.stringify({
        data: { cpu: { usage: { total: seconds * 1e9 } }, memory: { usage: {} }, pids: {} },
      });
    const cases = `${a}) echo '${line(one)}';; ${b}) echo '${line(other)}';; *) echo '${line(0)}';;`;
    writeFileSync(program, `#!/bin/sh\ncase $5 in ${cases} esac\n`);
    chmodSync(program, 0o755);
  };
  const yaml = `runsc_path: ${program}`;
  const events = `transport: events\n${yaml}`;
  const first = await startReading(held, kept(held), { yaml: events });
  print(5, 1);
  expect(await first.read()).toEqual({ '': 0, a: 5, b: 1 });
  await first.stop();
  print(4, 3);
  const again = await startReading(held, kept(held), { yaml });
  expect(await again.read()).toEqual({ '': 0, a: 5, b: 1 });
  print(4.001, 3.002);
  const told = await again.read();
  expect([told.a, told.b].map((value) => value?.toFixed(6))).toEqual(['5.001000', '1.002000']);
});
