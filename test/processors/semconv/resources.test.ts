import { describe, expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import type { Labels } from '../../../src/pdata/series.ts';

import {
  at,
  DOCKER,
  ID,
  IN_POD,
  labelsOf,
  make,
  NODE,
  PAUSE,
  POD,
  POD_ATTRIBUTES,
  POD_PATH,
  ROOT,
  resourceOf,
  SANDBOX,
  SLICE,
  series,
  shown,
  UID,
  WEB,
} from './made.ts';

describe('resources', () => {
  const rss = (identity: Labels) => at(series(MEMORY.container_memory_rss, identity), 1);

  test.each<[string, Labels, string, Labels]>([
    [
      'a container of a pod',
      WEB,
      'container.memory.rss',
      {
        ...POD_ATTRIBUTES,
        'container.id': ID,
        'container.image.name': 'registry.test:5000/team/web',
        'k8s.container.name': 'web',
      },
    ],
    [
      'a pause container',
      PAUSE,
      'container.memory.rss',
      {
        ...POD_ATTRIBUTES,
        'container.id': SANDBOX,
        'container.image.name': 'registry.test/pause',
      },
    ],
    [
      'a pause container of CRI-O',
      labelsOf({
        ...{ id: `/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice/crio-${ID}.scope` },
        ...{ container: 'POD', name: 'k8s_POD_web-7f', ...IN_POD },
      }),
      'container.memory.rss',
      { ...POD_ATTRIBUTES, 'container.id': ID, 'container.name': 'k8s_POD_web-7f' },
    ],
    ['a pod', POD, 'k8s.pod.memory.rss', POD_ATTRIBUTES],
    [
      'a pod without names',
      labelsOf({ id: POD_PATH }),
      'k8s.pod.memory.rss',
      { 'host.name': 'node-1', 'k8s.pod.uid': UID },
    ],
    [
      'a container of Docker',
      DOCKER,
      'container.memory.rss',
      {
        'host.name': 'node-1',
        'container.id': ID,
        'container.name': 'db',
        'container.image.id': `sha256:${ID}`,
      },
    ],
    [
      'a container of runsc by hand',
      labelsOf({ id: '/mine', name: 'mine' }),
      'container.memory.rss',
      { 'host.name': 'node-1', 'container.id': 'mine' },
    ],
    ['a service', SLICE, 'container_memory_rss', NODE.attributes],
    ['the node', ROOT, 'container_memory_rss', NODE.attributes],
  ])('%s', async (_, identity, name, attributes) => {
    const points = await make()(rss(identity));
    expect(points[0]?.series.descriptor.name).toBe(name);
    expect(resourceOf(points)).toEqual(attributes);
  });

  test('what is no container keeps its labels that are not empty', async () => {
    expect(shown(await make()(rss(SLICE)))).toEqual([
      ['container_memory_rss', 1, { id: '/system.slice/cron.service' }],
    ]);
  });

  test('labels that others gave stay on the points', async () => {
    const labelled = Object.freeze({ ...WEB, team: 'x' });
    expect(shown(await make()(rss(labelled)))).toEqual([
      ['container.memory.rss', 1, { team: 'x' }],
    ]);
  });

  test('the node is a node of Kubernetes where its resource says so', async () => {
    const node = { attributes: { 'host.name': 'node-1', 'k8s.node.name': 'n1' } };
    const points = await make()(at(series(MEMORY.container_memory_rss, ROOT, {}, node), 1));
    expect(shown(points)).toEqual([['k8s.node.memory.rss', 1, {}]]);
    expect(points[0]?.series.resource).toBe(node);
  });

  test('each workload has one resource, in every batch', async () => {
    const translate = make();
    const cache = at(series(MEMORY.container_memory_cache, WEB), 1);
    const received = series(NETWORK.container_network_receive_bytes_total, PAUSE, {
      interface: 'eth0',
    });
    const first = await translate(rss(WEB), cache, rss(POD), at(received, 1));
    const second = await translate(rss(WEB), rss(POD));
    const [web, kept, pod, network] = first.map(({ series: { resource } }) => resource);
    expect(kept).toBe(web);
    expect(network).toBe(pod);
    expect(second.map(({ series: { resource } }) => resource)).toEqual([web, pod]);
    expect(second[0]?.series.resource).toBe(web);
  });
});
