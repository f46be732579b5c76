/**
 * Decoding the statistics of 500 domains (a real one, replicated) against JSON.parse of the same
 * facts, and CPU of a collection on a kept connection against one `virsh domstats --raw`, for the same
 * paused domains of a real libvirtd. Beside prometheus-libvirt-exporter a scrape of the agent is only
 * reported: they do not tell the same.
 */
import { execFileSync } from 'node:child_process';
import { connectLibvirt, STATS_GROUP } from '../../src/platform/libvirt/client.ts';
import { parseDomainStats, readRecords } from '../../src/platform/libvirt/domain-stats.ts';
import { createKeyTrie } from '../../src/platform/libvirt/key-trie.ts';
import { parseLibvirtUri } from '../../src/platform/libvirt/uri.ts';
import { createXdrReader } from '../../src/platform/libvirt/xdr.ts';
import { startLibvirtd } from '../support/libvirt/libvirtd.ts';
import { replicateStats } from '../support/libvirt/recorded.ts';
import { compareExporters } from './libvirt-exporter.ts';
import { cpuMillis, median, report } from './report.ts';

const DOMAINS = 500;
const ROUNDS = 15;
const REPEATS = 20;
const REAL_DOMAINS = 10;
const PASSES = 200;
const WARM_UP = 2000;
const SPAWNS = 20;

const libvirtd = await startLibvirtd('bench');
try {
  for (let i = 0; i < REAL_DOMAINS; i++) libvirtd.create({ name: `vm-${i}`, vcpus: 2 }, 'paused');
  // First, while the heap is small, as it is in the agent.
  const collection = await collectionMillis();
  const virsh = virshMillis();
  const [decode = 0, group = 0, json = 0] = alternate(decoders());
  report([
    { name: 'domains collected', value: REAL_DOMAINS, unit: 'domains' },
    { name: 'collection, CPU', value: collection, unit: 'ms' },
    { name: 'one virsh domstats --raw, CPU', value: virsh, unit: 'ms' },
    { name: 'collection over virsh', value: collection / virsh, unit: 'of 1', limit: 1 / 20 },
    { name: 'domains decoded', value: DOMAINS, unit: 'domains' },
    { name: 'decode', value: decode, unit: 'ms' },
    { name: 'decode and group', value: group, unit: 'ms' },
    { name: 'JSON.parse', value: json, unit: 'ms' },
    { name: 'decode over JSON.parse', value: decode / json, unit: 'of 1', limit: 3 },
    { name: 'decode and group over JSON.parse', value: group / json, unit: 'of 1', limit: 3 },
    ...(await compareExporters(libvirtd)),
  ]);
} finally {
  await libvirtd.stop();
}

/** Decoding, decoding into groups, and JSON.parse of the same keys and values. */
function decoders(): (() => unknown)[] {
  const reply = replicateStats(DOMAINS);
  const keys = createKeyTrie();
  const decode = () => readRecords(createXdrReader(reply), keys);
  const facts = JSON.stringify(
    decode().map(({ domain, layout, values }) => ({
      domain,
      stats: Object.fromEntries(layout.keys.map((key, i) => [key, values[i]])),
    })),
  );
  // The groups of a domain are used and let go before those of the next are made.
  const group = () => {
    for (const record of decode()) parseDomainStats(record);
  };
  return [decode, group, () => JSON.parse(facts)];
}

/** CPU of each task, run in turns so that a slow moment hits all of them. */
function alternate(tasks: readonly (() => unknown)[]): number[] {
  const samples = tasks.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    tasks.forEach((task, i) => {
      const start = cpuMillis();
      for (let repeat = 0; repeat < REPEATS; repeat++) task();
      samples[i]?.push((cpuMillis() - start) / REPEATS);
    });
  }
  return samples.map(median);
}

async function collectionMillis(): Promise<number> {
  const uri = `qemu:///system?socket=${libvirtd.readOnlySocket}`;
  const deadline = () => performance.now() + 60_000;
  const client = await connectLibvirt(parseLibvirtUri(uri, { isReadOnly: true }), deadline());
  const collect = async (groups: number) => {
    const records = await client.readDomainStats({ groups, domains: 'active' }, deadline());
    if (records.map(parseDomainStats).length !== REAL_DOMAINS) throw new Error('some are missing');
  };
  for (let i = 0; i < WARM_UP; i++) await collect(STATS_GROUP.state);
  for (let i = 0; i < PASSES / 4; i++) await collect(0);
  const start = cpuMillis();
  for (let i = 0; i < PASSES; i++) await collect(0);
  client.close();
  return (cpuMillis() - start) / PASSES;
}

/** User and system time of one run, by the shell's `times`. */
function virshMillis(): number {
  const script = `for i in $(seq ${SPAWNS}); do "$@" >/dev/null; done; times`;
  const uri = `qemu:///system?socket=${libvirtd.readOnlySocket}`;
  const command = ['virsh', '-r', '-c', uri, 'domstats', '--raw'];
  const output = execFileSync('bash', ['-c', script, 'bash', ...command], { encoding: 'utf8' });
  const children = output.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return (seconds.reduce((sum, value) => sum + value, 0) * 1000) / SPAWNS;
}
