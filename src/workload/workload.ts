/** What kind of row a workload gives. */
export type WorkloadKind = 'node' | 'slice' | 'pod' | 'container' | 'cgroup';

/** The program that manages containers; known from a cgroup's path. */
export type Engine = 'containerd' | 'cri-o' | 'docker' | 'podman';

/** The program that runs a container; known from its bundle or from the runtime's own files. */
export type Runtime = (typeof RUNTIMES)[number];

/** crun and youki count as runc: their containers are processes of the host's cgroups. */
export const RUNTIMES = ['runc', 'runsc', 'kata', 'libvirt'] as const;

/** A thing that uses resources and has an identity. One object for the workload's whole life. */
export interface Workload {
  readonly kind: WorkloadKind;
  /** cgroup path; `/` is the node. */
  readonly id: string;
  readonly containerId: string | undefined;
  readonly podUid: string | undefined;
  readonly engine: Engine | undefined;
  readonly runtime: Runtime | undefined;
}
