import { childOf, childrenOf, parseXml, type XmlElement } from './xml.ts';

/** What a domain's live XML says of it (libvirt.org/formatdomain.html); undefined is absent. */
export interface DomainDescription {
  readonly name: string;
  readonly uuid: string;
  /** What a user put there, each in a namespace of its own. */
  readonly metadata: readonly XmlElement[];
  /** Variables that its QEMU is started with (libvirt.org/drvqemu.html); undefined without any. */
  readonly environment: ReadonlyMap<string, string> | undefined;
  /** What the balloon leaves of the memory that the guest may have. */
  readonly currentMemoryBytes: number | undefined;
  readonly vcpus: VcpuCounts;
  readonly cpuTune: CpuTune;
  readonly memoryTune: MemoryTune;
  /** The cgroup below which the domain's is, such as `/machine`. */
  readonly partition: string | undefined;
  readonly disks: readonly DomainDisk[];
  /** How often the guest's driver tells its memory; undefined or 0 is never. */
  readonly balloonPeriodSeconds: number | undefined;
  /** Whether the agent inside the guest listens; undefined where the domain has no channel for it. */
  readonly isAgentConnected: boolean | undefined;
}

/** How many CPUs the guest has. */
interface VcpuCounts {
  readonly current: number | undefined;
  readonly maximum: number | undefined;
}

/** `<cputune>`: `quotaMicros` of each vcpu, `global...` of the whole domain; unlimited is Infinity. */
interface CpuTune {
  readonly shares: number | undefined;
  readonly periodMicros: number | undefined;
  readonly quotaMicros: number | undefined;
  readonly globalPeriodMicros: number | undefined;
  readonly globalQuotaMicros: number | undefined;
}

/** `<memtune>`: of the QEMU on the host; unlimited is Infinity. */
interface MemoryTune {
  readonly hardLimitBytes: number | undefined;
  readonly softLimitBytes: number | undefined;
  readonly swapHardLimitBytes: number | undefined;
}

/** `<disk>`, in the order of the statistics' block.N. */
interface DomainDisk {
  /** `disk`, `cdrom`, `floppy` or `lun`. */
  readonly device: string;
  /** The name that the statistics have, such as `vda`. */
  readonly target: string;
}

const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0';
const AGENT = 'org.qemu.guest_agent.0';
/** VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB, and what some versions round it to. */
const UNLIMITED_BYTES = 9_007_199_254_740_000 * 1024;
const UNITS: Readonly<Record<string, number>> = {
  ...{ b: 1, bytes: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ k: 2 ** 10, KiB: 2 ** 10, M: 2 ** 20, MiB: 2 ** 20 },
  ...{ G: 2 ** 30, GiB: 2 ** 30, T: 2 ** 40, TiB: 2 ** 40 },
};

/** Reads the XML of a domain. Throws an Error that says what is wrong with it. */
export function parseDomainXml(text: string): DomainDescription {
  const domain = parseXml(text);
  const name = childOf(domain, 'name')?.text;
  const uuid = childOf(domain, 'uuid')?.text;
  if (domain.name !== 'domain' || !name || !uuid) {
    throw new Error('the XML is not that of a domain: it has no name or no uuid');
  }
  const devices = childOf(domain, 'devices');
  return {
    ...{ name, uuid, metadata: childOf(domain, 'metadata')?.children ?? [] },
    environment: environmentOf(domain),
    currentMemoryBytes: bytesOf(childOf(domain, 'currentMemory') ?? childOf(domain, 'memory')),
    vcpus: vcpusOf(childOf(domain, 'vcpu')),
    cpuTune: cpuTuneOf(childOf(domain, 'cputune')),
    memoryTune: memoryTuneOf(childOf(domain, 'memtune')),
    partition: childOf(childOf(domain, 'resource'), 'partition')?.text || undefined,
    disks: childrenOf(devices, 'disk').flatMap(diskOf),
    balloonPeriodSeconds: numberOf(
      attributeOf(childOf(childOf(devices, 'memballoon'), 'stats'), 'period'),
    ),
    isAgentConnected: agentOf(childrenOf(devices, 'channel')),
  };
}

function environmentOf({ children }: XmlElement): ReadonlyMap<string, string> | undefined {
  const command = children.find(
    ({ name, namespace }) => name === 'commandline' && namespace === QEMU_NAMESPACE,
  );
  const pairs = (command?.children ?? [])
    .filter(({ name }) => name === 'env')
    .map(({ attributes: each }) => [each.get('name') ?? '', each.get('value') ?? ''] as const);
  return pairs.length > 0 ? new Map(pairs) : undefined;
}

function vcpusOf(vcpu: XmlElement | undefined): VcpuCounts {
  const maximum = numberOf(vcpu?.text);
  return { maximum, current: numberOf(attributeOf(vcpu, 'current')) ?? maximum };
}

function cpuTuneOf(tune: XmlElement | undefined): CpuTune {
  const number = (name: string) => numberOf(childOf(tune, name)?.text);
  return {
    shares: number('shares'),
    periodMicros: number('period'),
    quotaMicros: quotaOf(childOf(tune, 'quota')),
    globalPeriodMicros: number('global_period'),
    globalQuotaMicros: quotaOf(childOf(tune, 'global_quota')),
  };
}

/** A negative quota is none, and so is the largest that libvirt takes; 0 says nothing. */
function quotaOf(element: XmlElement | undefined): number | undefined {
  const text = element?.text ?? '';
  if (/^-\d+$/.test(text)) return Number.POSITIVE_INFINITY;
  const quota = numberOf(text);
  if (quota === 0) return undefined;
  return quota !== undefined && quota >= 17_592_186_044_415 ? Number.POSITIVE_INFINITY : quota;
}

function memoryTuneOf(tune: XmlElement | undefined): MemoryTune {
  const limit = (name: string) => {
    const bytes = bytesOf(childOf(tune, name));
    return bytes !== undefined && bytes >= UNLIMITED_BYTES ? Number.POSITIVE_INFINITY : bytes;
  };
  return {
    hardLimitBytes: limit('hard_limit'),
    softLimitBytes: limit('soft_limit'),
    swapHardLimitBytes: limit('swap_hard_limit'),
  };
}

function diskOf(disk: XmlElement): DomainDisk[] {
  const target = attributeOf(childOf(disk, 'target'), 'dev');
  if (target === undefined) return [];
  return [{ device: attributeOf(disk, 'device') ?? 'disk', target }];
}

function agentOf(channels: readonly XmlElement[]): boolean | undefined {
  const targets = channels.map((channel) => childOf(channel, 'target'));
  const target = targets.find((each) => attributeOf(each, 'name') === AGENT);
  return target === undefined ? undefined : attributeOf(target, 'state') === 'connected';
}

function attributeOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes.get(name);
}

/** A size with its unit; without one it is KiB. */
function bytesOf(element: XmlElement | undefined): number | undefined {
  const value = numberOf(element?.text);
  const unit = UNITS[attributeOf(element, 'unit') ?? 'KiB'];
  return value === undefined || unit === undefined ? undefined : value * unit;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,19}$/.test(text) ? Number(text) : undefined;
}
