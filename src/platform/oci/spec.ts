import * as z from 'zod/mini';

const MAX_LABEL = 4096;

/** What a container was made to be: the parts of an OCI config.json that tell names and limits. */
export interface OciSpec {
  readonly annotations: Readonly<Record<string, string>>;
  /** Where the root file system is mounted, as written: a relative path is the bundle's. */
  readonly rootfs: string | undefined;
  readonly cgroupsPath: string | undefined;
  readonly resources: OciResources;
  readonly network: OciNetwork;
}

/** The limits of linux.resources (OCI runtime spec, config-linux.md); Infinity is unlimited. */
export interface OciResources {
  readonly cpuShares: number | undefined;
  readonly cpuQuotaMicros: number | undefined;
  readonly cpuPeriodMicros: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  /** Memory and swap together. */
  readonly memorySwapBytes: number | undefined;
  readonly memoryReservationBytes: number | undefined;
  readonly pidsLimit: number | undefined;
}

/** Those of a container for which none are told. */
export const NO_LIMITS: OciResources = {
  cpuShares: undefined,
  cpuQuotaMicros: undefined,
  cpuPeriodMicros: undefined,
  memoryLimitBytes: undefined,
  memorySwapBytes: undefined,
  memoryReservationBytes: undefined,
  pidsLimit: undefined,
};

/** Whose network namespace a container is in: a process' of another container, or the host's. */
export type OciNetwork = 'own' | 'joined' | 'host';

const amount = z.nullish(z.number());
const SPEC = z.object({
  annotations: z.nullish(z.record(z.string(), z.unknown())),
  root: z.nullish(z.object({ path: z.nullish(z.string()) })),
  linux: z.nullish(
    z.object({
      cgroupsPath: z.nullish(z.string()),
      namespaces: z.nullish(z.array(z.object({ type: z.string(), path: z.nullish(z.string()) }))),
      resources: z.nullish(
        z.object({
          cpu: z.nullish(z.object({ shares: amount, quota: amount, period: amount })),
          memory: z.nullish(z.object({ limit: amount, swap: amount, reservation: amount })),
          pids: z.nullish(z.object({ limit: amount })),
        }),
      ),
    }),
  ),
});

/** Takes what is wanted out of a parsed config.json. Throws an Error that names the wrong key. */
export function parseOciSpec(json: unknown): OciSpec {
  const parsed = SPEC.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`it is not an OCI config: ${issue?.path.join('.') || 'the whole'} is wrong`);
  }
  const { annotations, root, linux } = parsed.data;
  const { cpu, memory, pids } = linux?.resources ?? {};
  const network = linux?.namespaces?.find(({ type }) => type === 'network');
  return {
    annotations: textsOf(annotations ?? {}),
    rootfs: labelOf(root?.path) || undefined,
    cgroupsPath: labelOf(linux?.cgroupsPath),
    resources: {
      cpuShares: cpu?.shares || undefined,
      cpuQuotaMicros: limitOf(cpu?.quota),
      cpuPeriodMicros: cpu?.period || undefined,
      memoryLimitBytes: limitOf(memory?.limit),
      memorySwapBytes: limitOf(memory?.swap),
      memoryReservationBytes: limitOf(memory?.reservation),
      pidsLimit: limitOf(pids?.limit),
    },
    network: network === undefined ? 'host' : network.path?.startsWith('/proc/') ? 'joined' : 'own',
  };
}

/** 0 and absent are not set, -1 is unlimited, and so is what no memory can reach. */
function limitOf(value: number | null | undefined): number | undefined {
  if (value === null || value === undefined || value === 0) return undefined;
  return value < 0 || value >= 2 ** 62 ? Number.POSITIVE_INFINITY : value;
}

/** What may become a label: a text of its size that can be written as UTF-8. */
export function labelOf(value: unknown): string | undefined {
  const isLabel = typeof value === 'string' && value.length <= MAX_LABEL && value.isWellFormed();
  return isLabel ? value : undefined;
}

/** Annotations are a tenant's in part: only those that may become labels are kept. */
export function textsOf(annotations: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]) => {
      const text = labelOf(value);
      return text === undefined ? [] : [[key, text]];
    }),
  );
}
