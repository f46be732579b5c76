import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import type { RowTable } from '../../helper/receiver/row-table.ts';
import type { Labels } from '../../pdata/series.ts';
import { openPopulation, type PopulationReader } from '../../platform/cgroupfs/population.ts';
import { openProcesses, type ProcessesReader } from '../../platform/cgroupfs/processes.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import type { Facts } from '../../workload/facts.ts';
import type { Identity } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Layout } from './layout.ts';
import type { CgroupNode } from './tree.ts';

/** One cgroup for as long as it lives. Nothing is opened before the first read. */
export interface Member {
  readonly node: CgroupNode;
  readonly workload: Workload;
  /** True for the child in which crun keeps a container's processes: the container reports them. */
  readonly isPartOfParent: boolean;
  /** Set once, when the observer knows. */
  identity: Identity | undefined;
  labels(): Labels;
  facts(): Facts | undefined;
  /** Directory in one hierarchy; undefined where it has none. */
  directory(mount: number): string | undefined;
  /**
   * True when the cgroup or a descendant has a process in this hierarchy, as of `pass`. A v1
   * cgroup can have processes in some hierarchies only: in the others its figures are false zeros.
   */
  hasProcesses(mount: number, pass: number): boolean;
  /** True when it has processes in any hierarchy. */
  isPopulated(pass: number): boolean;
  /** Processes of the cgroup itself and of its crun child. */
  pids(pass: number): readonly number[];
  /** Cgroups elsewhere that hold a part of this one, which is a pod's slice. */
  overheads(): ReadonlySet<Member>;
  /** When it started, in ms; found at the first rows and kept. */
  start(): number;
  /** The recorder of its plain rows, made at the first of them. */
  recorder(): Recorder;
  /** Closes its files and ends its series. */
  close(): void;
}

/** What a member needs of its receiver. */
export interface MemberContext {
  readonly layout: Layout;
  readonly files: FileStore;
  readonly builder: MetricsBuilder;
  readonly table: RowTable;
  memberOf(node: CgroupNode): Member | undefined;
  overheadsOf(pod: Member): ReadonlySet<Member>;
  startOf(member: Member): number;
}

/** Makes the member of a cgroup. */
export function createMember(
  context: MemberContext,
  node: CgroupNode,
  workload: Workload,
  isPartOfParent: boolean,
): Member {
  const { layout, files, builder, table } = context;
  const populations: (PopulationReader | undefined)[] = [];
  const processes: (ProcessesReader | undefined)[] = [];
  const populatedIn = new Float64Array(layout.mounts.length);
  const answers: boolean[] = [];
  let startMillis: number | undefined;
  let recorder: Recorder | undefined;
  const member: Member = {
    node,
    workload,
    isPartOfParent,
    identity: undefined,
    labels: () => member.identity?.labels ?? {},
    facts: () => member.identity?.facts,
    directory: (mount) => node.directories[mount],
    hasProcesses,
    isPopulated: (pass) => layout.mounts.some((_, mount) => hasProcesses(mount, pass)),
    pids,
    overheads: () => context.overheadsOf(member),
    start,
    recorder: () => {
      recorder ??= builder.recorder(table.templates, member.labels(), start());
      return recorder;
    },
    close,
  };
  return member;

  function hasProcesses(mount: number, pass: number): boolean {
    if (node.directories[mount] === undefined) return false;
    if (workload.kind === 'node') return true;
    if (populatedIn[mount] !== pass) {
      populatedIn[mount] = pass;
      answers[mount] = look(mount, pass);
    }
    return answers[mount] ?? false;
  }

  function look(mount: number, pass: number): boolean {
    const directory = node.directories[mount] as string;
    if (layout.mounts[mount]?.version === 2) {
      populations[mount] ??= openPopulation(directory, files);
      return populations[mount].read();
    }
    if (ownPids(mount, pass).length > 0) return true;
    for (const child of node.children.values()) {
      if (context.memberOf(child)?.hasProcesses(mount, pass)) return true;
    }
    return false;
  }

  function ownPids(mount: number, pass: number): readonly number[] {
    const directory = node.directories[mount];
    const version = layout.mounts[mount]?.version;
    if (directory === undefined || version === undefined) return [];
    processes[mount] ??= openProcesses(directory, files, version);
    return processes[mount].read(pass);
  }

  function pids(pass: number): readonly number[] {
    const own = layout.mounts.map((_, mount) => mount).find((m) => ownPids(m, pass).length > 0);
    if (own !== undefined) return ownPids(own, pass);
    if (workload.kind !== 'container') return [];
    const child = [...node.children.values()].map(context.memberOf).find((m) => m?.isPartOfParent);
    return child?.pids(pass) ?? [];
  }

  function start(): number {
    startMillis ??= context.startOf(member);
    return startMillis;
  }

  function close(): void {
    for (const reader of populations) reader?.close();
    for (const reader of processes) reader?.close();
    if (recorder !== undefined) builder.drop(recorder);
  }
}
