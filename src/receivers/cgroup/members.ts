import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { RowTable } from '../../helper/receiver/row-table.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { MetricGroup } from '../../workload/voices.ts';
import { createBounds } from './bounds.ts';
import type { Config } from './config.ts';
import { createMember, type Member, type MemberContext } from './member.ts';
import { createOverheads } from './overheads.ts';
import { createSelection } from './selection.ts';
import type { MetricSet, SetReader } from './sets/set.ts';
import type { CgroupNode, TreeListener } from './tree.ts';

/** The cgroups of the tree as members, and what each of them says in a pass. */
export interface Members extends Pick<TreeListener, 'mayAdd' | 'added' | 'removed'> {
  /** Records all that are selected, below `root`; yields often. `now` is in ms since the epoch. */
  record(root: CgroupNode, pass: number, now: number): Iterable<void>;
  close(): void;
}

/** What they are made with. */
export interface MembersOptions {
  readonly config: Config;
  readonly context: Omit<MemberContext, 'memberOf' | 'overheadsOf'>;
  readonly table: RowTable;
  readonly metricSets: readonly MetricSet[];
  readonly speaker: Speaker;
  /** Hears of a cgroup for which there is no room. */
  leftOut(path: string): void;
}

/** A cgroup and how its sets are read: nothing until the first pass that reports it. */
interface Entry {
  readonly member: Member;
  readers: readonly (readonly [MetricGroup, SetReader])[];
  /** Groups that this receiver was granted, for the cgroup's life. */
  readonly granted: Set<MetricGroup>;
}

/** Makes them, none yet. */
export function createMembers(options: MembersOptions): Members {
  const { config, table, metricSets, speaker, leftOut } = options;
  const lifetime = table.add(LIFETIME_ROWS);
  const bounds = createBounds();
  const overheads = createOverheads();
  const entries = new Map<CgroupNode, Entry>();
  const memberOf = (node: CgroupNode) => entries.get(node)?.member;
  const context = { ...options.context, memberOf, overheadsOf: overheads.of };
  const selection = createSelection(config, (node) => identified(memberOf(node)));
  return { mayAdd, added, removed, record, close };

  function mayAdd(path: string): boolean {
    const mayAdd = bounds.mayAdd(path);
    if (!mayAdd) leftOut(path);
    return mayAdd;
  }

  function added(node: CgroupNode): void {
    bounds.added(node.path);
    const workload = parseCgroupPath(node.path);
    const parent = parseCgroupPath(node.path.slice(0, node.path.lastIndexOf('/')) || '/');
    const isPartOfParent = parent.kind === 'container' && node.path.endsWith('/container');
    const member = createMember(context, node, workload, isPartOfParent);
    entries.set(node, { member, readers: [], granted: new Set() });
    overheads.added(member);
    speaker.announce(workload, { sinceMillis: node.modifiedMillis });
  }

  function removed(node: CgroupNode): void {
    const entry = entries.get(node);
    if (entry === undefined) return;
    bounds.removed(node.path);
    overheads.removed(entry.member);
    closeEntry(entry);
    speaker.withdraw(entry.member.workload);
    entries.delete(node);
  }

  /** Parents come last: what they count holds all that was read of their children before. */
  function* record(root: CgroupNode, pass: number, now: number): Iterable<void> {
    selection.begin(root);
    for (const entry of [...entries.values()].reverse()) {
      yield* recordEntry(entry, pass, now);
      yield;
    }
  }

  function* recordEntry(entry: Entry, pass: number, now: number): Iterable<void> {
    const { member } = entry;
    const { node, workload } = member;
    if (!entries.has(node) || member.isPartOfParent || !selection.hasPath(workload)) return;
    if (!identified(member)?.identity || !selection.hasRuntime(member)) return;
    if (entry.readers.length === 0) {
      entry.readers = metricSets.map((set) => [set.group, set.open(member)] as const);
    }
    let isUsed = false;
    for (const [group, reader] of entry.readers) {
      if (!maySpeak(entry, group)) continue;
      const result = reader.record(member.recorder, pass);
      const isRecorded = typeof result === 'boolean' ? result : yield* result;
      if (isRecorded && group === 'usage') isUsed = true;
    }
    const { start, recorder } = member;
    if (isUsed) lifetime.record(recorder(), { startMillis: start(), seenMillis: now });
  }

  function identified(member: Member | undefined): Member | undefined {
    if (member !== undefined) member.identity ??= speaker.identify(member.workload);
    return member;
  }

  function maySpeak({ member, granted }: Entry, group: MetricGroup): boolean {
    if (granted.has(group)) return true;
    const isGranted = speaker.maySpeak(member.workload, group);
    // A bare cgroup may turn out to be a container's: that is asked again.
    if (isGranted && member.workload.kind !== 'cgroup') granted.add(group);
    return isGranted;
  }

  function closeEntry({ member, readers }: Entry): void {
    for (const [, reader] of readers) reader.close();
    member.close();
  }

  function close(): void {
    for (const entry of entries.values()) closeEntry(entry);
    entries.clear();
  }
}
