import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../../src/platform/runsc/event.ts';
import { createBoundedCpu, isPossible } from '../../../src/receivers/runsc/bounded-cpu.ts';
import { createScaledCpu } from '../../../src/receivers/runsc/scaled-cpu.ts';

const SECOND = 1e9;

describe('the times that a sandbox tells', () => {
  test('are held to what its cgroup used, in proportion', () => {
    const cpu = createBoundedCpu();
    const times = (a: number, b: number) =>
      new Map([
        ['a', a * SECOND],
        ['b', b * SECOND],
      ]);
    expect(cpu.add(times(1, 1), 4 * SECOND)).toEqual(times(1, 1));
    // 3 s were told and 1.5 s used, but for the slack of two ticks each.
    const held = cpu.add(times(3, 2), 5.5 * SECOND);
    expect((held.get('a') ?? 0) / SECOND).toBeCloseTo(1 + 2 * (1.54 / 3), 6);
    expect((held.get('b') ?? 0) / SECOND).toBeCloseTo(1 + 1.54 / 3, 6);
  });

  test('are taken as they are where there is no cgroup to hold them', () => {
    const cpu = createBoundedCpu();
    cpu.add(new Map([['a', SECOND]]), undefined);
    expect(cpu.add(new Map([['a', 9 * SECOND]]), undefined).get('a')).toBe(9 * SECOND);
  });

  test('never go back, and their sum never exceeds the cgroup', () => {
    const figure = fc.integer({ min: 0, max: 2 ** 40 });
    const reading = fc.record({ a: figure, b: fc.option(figure), rise: figure });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 30 }), (readings) => {
        const cpu = createBoundedCpu();
        const last = new Map<string, number>();
        let host = 0;
        for (const { a, b, rise } of readings) {
          host += rise;
          const times = new Map([['a', a], ...(b === null ? [] : [['b', b] as const])]);
          const counters = cpu.add(times, host);
          for (const [id, value] of counters) {
            if (value < (last.get(id) ?? 0)) return false;
            last.set(id, value);
          }
          const sum = [...last.values()].reduce((total, value) => total + value, 0);
          if (sum > host * (1 + 1e-9)) return false;
        }
        return true;
      }),
    );
  });
});

describe('what another goes on from', () => {
  const stored = <T>(kept: T): T => JSON.parse(JSON.stringify(kept));
  const amount = fc.integer({ min: 0, max: 2 ** 40 });

  test('the times of a sandbox: its counters are those of one that went on', () => {
    const reading = fc.record({
      a: amount,
      b: fc.option(amount),
      rise: amount,
      isNew: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 30 }), (readings) => {
        const whole = createBoundedCpu();
        let parts = createBoundedCpu();
        let host = 0;
        for (const { a, b, rise, isNew } of readings) {
          host += rise;
          const times = new Map([['a', a], ...(b === null ? [] : [['b', b] as const])]);
          if (isNew) parts = createBoundedCpu(stored(parts.kept()));
          expect(parts.add(times, host)).toEqual(whole.add(times, host));
          expect(isPossible(parts.kept(), host)).toBe(true);
        }
      }),
    );
  });

  test('a host that used less than was kept, or than its containers did, is not its own', () => {
    const cpu = createBoundedCpu();
    cpu.add(new Map([['a', 9 * SECOND]]), 5 * SECOND);
    const kept = cpu.kept();
    expect([4.9, 5, 6].map((host) => isPossible(kept, host * SECOND))).toEqual([false, true, true]);
    expect(isPossible({ ...kept, host: 0 }, 4.9 * SECOND)).toBe(false);
  });

  test('the figures of runsc events: never back, and nothing more than was used', () => {
    const share = fc.record({ a: amount, rise: amount, isNew: fc.boolean(), b: fc.boolean() });
    fc.assert(
      fc.property(fc.array(share, { maxLength: 30 }), (shares) => {
        let cpu = createScaledCpu(() => 1e6);
        const last = new Map<string, number>();
        let used = 0;
        for (const [i, { a, rise, isNew, b }] of shares.entries()) {
          used += rise;
          const part = b ? (used * a) / 2 ** 40 : used;
          const figures = new Map([['a', part], ...(b ? [['b', used - part] as const] : [])]);
          const before = new Map(last);
          if (isNew) cpu = createScaledCpu(() => 1e6, stored(cpu.kept()));
          for (const [id, total] of cpu.add(figures, i * 1000)) {
            expect(total).toBeGreaterThanOrEqual(last.get(id) ?? 0);
            last.set(id, total);
          }
          // What was used until then is left out, but for containers that are new.
          if (isNew) for (const [id, total] of before) expect(last.get(id)).toBe(total);
          for (const id of last.keys()) if (!figures.has(id)) last.delete(id);
        }
      }),
    );
  });

  test('the figures of runsc events are credited again from the second on', () => {
    const figures = (a: number) => new Map([['a', a * SECOND]]);
    const first = createScaledCpu(() => 2);
    first.add(figures(5), 1_000_000);
    first.add(figures(6), 1_001_000);
    const cpu = createScaledCpu(() => 2, stored(first.kept()));
    const seen = [8, 9, 10].map((a, i) => cpu.add(figures(a), i * 1000).get('a'));
    expect(seen).toEqual([6, 7, 8].map((seconds) => seconds * SECOND));
  });
});

describe('the figures of runsc events', () => {
  const totals = (name: string) =>
    readFileSync(`test/fixtures/runsc/${name}`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => parseEvent(JSON.parse(line)).cpuNanos ?? 0);
  const idle = totals('events-stream-idle.txt');
  const burner = totals('events-stream-burner.txt');
  const [afterExit = 0] = totals('events-dd-after-bb-exit.json');

  test('go back and jump, as captured; the counter does neither', () => {
    expect(idle.some((value, i) => value < (idle[i - 1] ?? 0))).toBe(true);
    expect(afterExit).toBeGreaterThan(30 * SECOND);
    const cpu = createScaledCpu(() => 2);
    const seen: number[] = [];
    for (const [i, value] of idle.entries()) {
      const figures = new Map([
        ['idle', value],
        ['burner', burner[i] ?? 0],
      ]);
      seen.push(cpu.add(figures, i * 1000).get('idle') ?? Number.NaN);
    }
    seen.push(cpu.add(new Map([['idle', afterExit]]), idle.length * 1000).get('idle') ?? 0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect((seen.at(-1) ?? 0) - (seen[0] ?? 0)).toBeLessThan(0.001 * SECOND);
    // It goes on from there.
    const later = new Map([['idle', afterExit + 0.2 * SECOND]]);
    const last = cpu.add(later, (idle.length + 1) * 1000).get('idle') ?? 0;
    expect(last - (seen.at(-1) ?? 0)).toBeCloseTo(0.2 * SECOND, -3);
  });

  test('a container that ends between two of the reads shows as a sum that is not credible', () => {
    const cpu = createScaledCpu(() => 2);
    const figures = (a: number, b: number) =>
      new Map([
        ['a', a * SECOND],
        ['b', b * SECOND],
      ]);
    cpu.add(figures(1, 40), 0);
    expect(cpu.add(figures(41, 40), 1000).get('a')).toBe(SECOND);
  });
});
