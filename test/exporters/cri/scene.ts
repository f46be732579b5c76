import { CPU } from '../../../src/catalog/cpu.ts';
import { idOf, makeContainer, makeLone, makeSlice, NOW, runCri } from './running.ts';

/** The pod of two containers. */
export const POD = {
  ...{ uid: '11111111-2222-3333-4444-555555555555', name: 'web', sandboxId: idOf('f0') },
};
/** The pod of one. */
export const OTHER = {
  ...{ uid: '99999999-2222-3333-4444-555555555555', name: 'job', sandboxId: idOf('e0') },
};
/** The labels of the row of all cores. */
export const TOTAL = { cpu: 'total' };

/** Two pods, the first of two containers, and one container beside them. */
export async function runScene(yaml = '') {
  const running = await runCri(yaml);
  const scene = {
    slice: makeSlice(POD),
    pause: makeContainer(POD, POD.sandboxId),
    app: makeContainer(POD, idOf('01'), 'app', {
      labels: { app: 'web', tier: 'front' },
      rootfs: '/r',
    }),
    side: makeContainer(POD, idOf('02'), 'side'),
    otherPause: makeContainer(OTHER, OTHER.sandboxId),
    work: makeContainer(OTHER, `b${idOf('03').slice(1)}`, 'work', { labels: { app: 'web' } }),
    lone: makeLone(`c${idOf('04').slice(1)}`, 'lonely'),
  };
  running.known.push(...Object.values(scene).map(({ known }) => known));
  await running.give(
    Object.values(scene).map((each) =>
      each.point(CPU.container_cpu_usage_seconds_total, 1, NOW, TOTAL),
    ),
  );
  return { running, ...scene };
}
