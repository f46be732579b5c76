import { readFileSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import type { Domain } from '../../../src/platform/libvirt/domain.ts';
import { libvirt } from '../../../src/receivers/libvirt/factory.ts';
import type { FakeRoot } from '../bundles.ts';
import { makeHost } from '../fake-host.ts';
import { type Observed, type Row, runObserved } from '../observed.ts';
import { type LibvirtDouble, startDouble } from './double.ts';
import { listReply, type Stats, statsReply, textReply } from './replies.ts';

/** A double of a daemon and the receiver beside it, fresh for each test. */
export interface Served {
  readonly double: LibvirtDouble;
  /** An empty host; the observer's, and the receiver's where its options say so. */
  readonly root: FakeRoot;
  /** What the receiver's clock says, in ms; the recorded guest told a moment ago. */
  time: number;
  /** Starts the receiver, for the double's socket unless `yaml` names others. */
  start(yaml?: string): Promise<Observed>;
  /** Answers with these domains. */
  serve(domains: readonly (readonly [Domain, Stats])[], xml?: string): void;
}

const TINY = readFileSync('test/fixtures/libvirt/tiny0.xml', 'utf8');
/** `balloon.last-update` of the recorded reply. */
export const TOLD_MILLIS = 1_795_259_564_000;
export const UUID = '11111111-2222-4333-8444-555555555555';
/** Procedures of the protocol. */
export const PROCEDURE = { open: 1, xml: 14, authList: 66, list: 273, stats: 344 };
/** The least that a domain tells. */
export const RUNNING = { 'state.state': 1, 'cpu.time': 5e9 };

/** Makes them for the tests of a file. */
export function useServed(): Served {
  let double: LibvirtDouble;
  let root: FakeRoot;
  let observed: Observed | undefined;
  const served = {
    get double() {
      return double;
    },
    get root() {
      return root;
    },
    time: 0,
    start,
    serve,
  };
  beforeEach(async () => {
    double = await startDouble();
    root = makeHost();
    served.time = TOLD_MILLIS + 1500;
  });
  afterEach(async () => {
    await observed?.shutdown();
    await double.close();
    root.remove();
  });
  return served;

  async function start(yaml = ''): Promise<Observed> {
    const where = yaml.includes('sockets:') ? '' : `uri: qemu:///system?socket=${double.socket}\n`;
    // The socket of the double is not below the root.
    const rooted = yaml.includes('root_path:') ? '' : 'root_path: /\n';
    const receiver = `${rooted}${where}${yaml}`;
    const sections = { factory: libvirt, receiver, observer: `root_path: ${root.path}` };
    observed = await runObserved(sections, () => served.time);
    return observed;
  }

  function serve(domains: readonly (readonly [Domain, Stats])[], xml = TINY): void {
    const listed = domains.map(([each]) => each);
    double.answers.set(PROCEDURE.list, (call) => call.reply(listReply(listed)));
    double.answers.set(PROCEDURE.stats, (call) => call.reply(statsReply(domains)));
    double.answers.set(PROCEDURE.xml, (call) => call.reply(textReply(xml)));
  }
}

/** The rows of a metric that have these labels. */
export function find(
  rows: readonly Row[],
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): Row[] {
  const wanted = Object.entries(labels);
  return rows.filter(
    (row) => row.metric === metric && wanted.every(([label, text]) => row.labels[label] === text),
  );
}

/** The values of those rows. */
export function valuesOf(
  rows: readonly Row[],
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): number[] {
  return find(rows, metric, labels).map(({ value }) => value);
}

/** A domain of the one uuid. */
export function domain(name: string, id = 1): Domain {
  return { name, id, uuid: UUID };
}

/** The XML of a domain with this in it. */
export function domainXml(name: string, content: string): string {
  return `<domain type='kvm'><name>${name}</name><uuid>${UUID}</uuid>${content}</domain>`;
}
