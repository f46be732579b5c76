import type { CriClient } from '../../platform/cri/client.ts';
import { parseStatusInfo } from '../../platform/cri/status-info.ts';
import { labelOf, NO_LIMITS, type OciSpec, parseOciSpec } from '../../platform/oci/spec.ts';
import { type Facts, factsOf } from '../../workload/facts.ts';
import type { Names } from '../../workload/identity.ts';
import type { Listed } from './listing.ts';

/** What a runtime tells of one container, as far as its files would. */
export interface Described {
  readonly facts: Facts;
  /** The cgroup that its OCI config asks for; undefined where the runtime does not show it. */
  readonly cgroupsPath: string | undefined;
}

/**
 * Asks what a container was made to be: its verbose status holds the OCI config. Rejects with CriError,
 * `not_found` where it has gone meanwhile.
 */
export async function describe(
  client: CriClient,
  listed: Listed,
  deadline: number,
): Promise<Described> {
  const { id, isSandbox } = listed;
  const { info } = isSandbox
    ? await client.call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true }, deadline)
    : await client.call('ContainerStatus', { container_id: id, verbose: true }, deadline);
  const told = parseStatusInfo(info);
  const spec = readSpec(told?.spec);
  const image = isSandbox ? labelOf(told?.image) : undefined;
  return {
    facts: factsOfListed(listed, spec, told?.runtime, image),
    cgroupsPath: spec?.cgroupsPath,
  };
}

/** What the lists alone tell: neither limits nor whose network it is. */
export function factsOfListed(
  listed: Listed,
  spec?: OciSpec,
  shim?: string,
  sandboxImage?: string,
): Facts {
  const { id, isSandbox, sandboxId, podUid, labels, handler } = listed;
  const known = spec ?? UNKNOWN;
  const runtime = shim ?? known.annotations[CRIO_HANDLER] ?? (handler || undefined);
  const facts = factsOf({
    id,
    spec: known,
    runtime,
    name: undefined,
    image: undefined,
    labels: {},
  });
  const image = listed.names.image || (sandboxImage ?? '');
  const names = { ...listed.names, image, ...filled(facts.names) };
  return { ...facts, names, podUid: facts.podUid ?? podUid, isSandbox, sandboxId, labels };
}

const CRIO_HANDLER = 'io.kubernetes.cri-o.RuntimeHandler';
const UNKNOWN: OciSpec = {
  ...{ annotations: {}, rootfs: undefined, cgroupsPath: undefined, resources: NO_LIMITS },
  // Nobody's, so that no interface is taken for the pod's.
  network: 'joined',
};

function filled(names: Names): Partial<Names> {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== ''));
}

function readSpec(json: unknown): OciSpec | undefined {
  try {
    return json === undefined || json === null ? undefined : parseOciSpec(json);
  } catch {
    return undefined;
  }
}
