import { type Domain, MIN_DOMAIN_BYTES, readDomain } from './domain.ts';
import { planGroup, planNumbered, type Read } from './group-plan.ts';
import {
  planBalloon,
  planBlock,
  planCpu,
  planDirtyRate,
  planInterface,
  planState,
  planVcpu,
  planVcpuCount,
} from './groups.ts';
import type { KeyTrie, Layout } from './key-trie.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { readArray, type XdrReader } from './xdr.ts';

/** What was told of one domain: every key and value. */
export interface DomainRecord extends Parameters {
  readonly domain: Domain;
}

type Group<P extends (...args: never[]) => (...values: never[]) => object> = Readonly<
  ReturnType<ReturnType<P>>
>;

/**
 * What was told of one domain, by group; a group that was not told is undefined or empty. What else
 * there is, such as perf, iothread and memory, is in the record.
 */
export interface DomainStats {
  readonly state: Group<typeof planState> | undefined;
  readonly cpu: Group<typeof planCpu> | undefined;
  readonly balloon: Group<typeof planBalloon> | undefined;
  readonly vcpuCount: Group<typeof planVcpuCount> | undefined;
  readonly vcpus: readonly Group<typeof planVcpu>[];
  /** Only those that are told: a user-mode interface counts in net.count and is not. */
  readonly interfaces: readonly Group<typeof planInterface>[];
  readonly blocks: readonly Group<typeof planBlock>[];
  readonly dirtyRate: Group<typeof planDirtyRate> | undefined;
}

/** How each group is read from the values of a layout. */
type Plans = { readonly [K in keyof DomainStats]: Read<DomainStats[K]> };

const plans = new WeakMap<Layout, Plans>();

/** Reads the result of CONNECT_GET_ALL_DOMAIN_STATS. */
export function readRecords(reader: XdrReader, keys: KeyTrie): DomainRecord[] {
  return readArray(reader, MIN_DOMAIN_BYTES + 4, (from) => {
    const domain = readDomain(from);
    const { layout, values } = readParameters(from, keys);
    return { domain, layout, values };
  });
}

/** The groups of a record; what is negative, or was before it was made unsigned, is absent. */
export function parseDomainStats({ layout, values }: Parameters): DomainStats {
  let plan = plans.get(layout);
  if (plan === undefined) {
    plan = plansOf(layout);
    plans.set(layout, plan);
  }
  return {
    state: plan.state(values),
    cpu: plan.cpu(values),
    balloon: plan.balloon(values),
    vcpuCount: plan.vcpuCount(values),
    vcpus: plan.vcpus(values),
    interfaces: plan.interfaces(values),
    blocks: plan.blocks(values),
    dirtyRate: plan.dirtyRate(values),
  };
}

function plansOf(layout: Layout): Plans {
  return {
    state: planGroup(layout, 'state.', planState),
    cpu: planGroup(layout, 'cpu.', planCpu),
    balloon: planGroup(layout, 'balloon.', planBalloon),
    vcpuCount: planGroup(layout, 'vcpu.', planVcpuCount),
    vcpus: planNumbered(layout, 'vcpu.', planVcpu),
    interfaces: planNumbered(layout, 'net.', planInterface),
    blocks: planNumbered(layout, 'block.', planBlock),
    dirtyRate: planGroup(layout, 'dirtyrate.', planDirtyRate),
  };
}
