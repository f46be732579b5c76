/**
 * One scrape of the agent and one of prometheus-libvirt-exporter (Debian), of the same domains: wall time,
 * CPU of each and of the daemon, and which facts of a running guest each tells.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUNDLE, freePort, NODE } from '../support/agent.ts';
import { makeGuestImage } from '../support/libvirt/guest.ts';
import { untilAgent } from '../support/libvirt/in-guest.ts';
import type { TestLibvirtd } from '../support/libvirt/libvirtd.ts';
import { findPeer } from '../support/peers.ts';
import { type Figure, median } from './report.ts';

const SCRAPES = 60;
const WARM_UP = 10;
/** Each by a pattern of its rows in either text. */
const FACTS: Readonly<Record<string, RegExp>> = {
  'CPU time': /^(container_cpu_usage_seconds_total|libvirt_domain_info_cpu_time_seconds_total)\{/m,
  'CPU by mode': /^container_cpu_(user|system)_seconds_total\{/m,
  'virtual CPUs, each': /^libvirt_domain_vcpu_time_seconds_total\{/m,
  'what the balloon leaves':
    /^(libvirt_domain_memory_stats_current_balloon|libvirt_domain_info_memory_usage)_bytes\{/m,
  'memory that the guest uses':
    /^(container_memory_working_set_bytes|libvirt_domain_memory_stats_usable_bytes)\{/m,
  'page faults':
    /^(container_memory_failures_total|libvirt_domain_memory_stats_minor_fault_total)\{/m,
  'network bytes':
    /^(container_network_receive_bytes_total|libvirt_domain_interface_stats_receive_bytes_total)\{/m,
  'disk bytes':
    /^(container_fs_writes_bytes_total|libvirt_domain_block_stats_write_bytes_total)\{/m,
  'disk times': /^(container_fs_write_seconds_total|libvirt_domain_block_stats_write_time\w*)\{/m,
  flushes: /^libvirt_domain_block_stats_flush_requests_total\{/m,
  'file systems of the guest': /^container_fs_usage_bytes\{/m,
  limits: /^container_spec_cpu_quota\{/m,
  'state of the domain': /^libvirt_domain_(info_state|state_code)\{/m,
};

interface Exporter {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
}

/** Empty, with a line that says so, where the exporter is not installed. */
export async function compareExporters(libvirtd: TestLibvirtd): Promise<Figure[]> {
  const program = findPeer('prometheus-libvirt-exporter');
  if (program === undefined) {
    process.stderr.write('skipped: prometheus-libvirt-exporter is not installed\n');
    return [];
  }
  libvirtd.create({
    ...{ name: 'guest', memoryMib: 192, vcpus: 2 },
    image: makeGuestImage(libvirtd.folder, ''),
  });
  await untilAgent(libvirtd, 'guest');
  const exporters = [await startOurs(libvirtd), await startTheirs(program, libvirtd)];
  try {
    const figures: Figure[] = [];
    for (const exporter of exporters) {
      await untilReady(exporter);
      figures.push(...(await measure(exporter, libvirtd)));
    }
    return figures;
  } finally {
    for (const { process: child } of exporters) child.kill('SIGKILL');
  }
}

async function startOurs({ readOnlySocket }: TestLibvirtd): Promise<Exporter> {
  const port = await freePort();
  const config = `receivers:
  libvirt:
    collection_interval: 0s
    guest_filesystems: agent
    sockets: [${readOnlySocket}]
extensions: { workload_observer: }
exporters: { prometheus: { endpoint: "127.0.0.1:${port}", collect_on_scrape: true, max_age: 0s } }
service:
  extensions: [workload_observer]
  pipelines: { metrics: { receivers: [libvirt], exporters: [prometheus] } }
`;
  const args = ['--max-semi-space-size=2', '--optimize-for-size', BUNDLE, '--config'];
  const child = spawn(NODE, [...args, `yaml:${config}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { name: 'agent', url: `http://127.0.0.1:${port}/metrics`, process: child };
}

async function startTheirs(program: string, { readOnlySocket }: TestLibvirtd): Promise<Exporter> {
  const port = await freePort();
  const args = [
    `--web.listen-address=127.0.0.1:${port}`,
    `--libvirt.uri=qemu:///system?socket=${readOnlySocket}`,
  ];
  const child = spawn(program, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/metrics`;
  return { name: 'prometheus-libvirt-exporter', url, process: child };
}

async function untilReady(exporter: Exporter): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const text = await scrape(exporter.url).catch(() => '');
    if (/guest/.test(text)) return;
    await sleep(100);
  }
  throw new Error(`${exporter.name} does not tell the guest`);
}

async function measure(
  { name, url, process: child }: Exporter,
  libvirtd: TestLibvirtd,
): Promise<Figure[]> {
  for (let i = 0; i < WARM_UP; i++) await scrape(url);
  const own = ticks(child.pid ?? 0);
  const daemon = ticks(libvirtd.daemonPid());
  const walls: number[] = [];
  for (let i = 0; i < SCRAPES; i++) {
    const start = performance.now();
    await scrape(url);
    walls.push(performance.now() - start);
  }
  const each = (pid: number, before: number) => ((ticks(pid) - before) * 10) / SCRAPES;
  const text = await scrape(url);
  const told = Object.keys(FACTS).filter((fact) => FACTS[fact]?.test(text));
  process.stderr.write(`${name} tells: ${told.join(', ')}\n`);
  return [
    { name: `${name}, scrape, wall`, value: median(walls), unit: 'ms' },
    { name: `${name}, scrape, CPU`, value: each(child.pid ?? 0, own), unit: 'ms' },
    {
      name: `${name}, scrape, CPU of libvirtd`,
      value: each(libvirtd.daemonPid(), daemon),
      unit: 'ms',
    },
    {
      name: `${name}, facts of a guest`,
      value: told.length,
      unit: `of ${Object.keys(FACTS).length}`,
    },
  ];
}

async function scrape(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** User and system time of a process, in ticks of 10 ms. */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
