import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build } from '../peers.ts';

/** Where a container finds a volume. */
interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly mountPropagation?: string;
}

/** A file system of the host, or the files of a ConfigMap. */
interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type: string };
  readonly configMap?: { readonly name: string };
}

/** A probe by HTTP. */
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** What a test looks at in a container of a DaemonSet. */
interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: {
    readonly runAsUser: number;
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  };
  readonly volumeMounts: readonly VolumeMount[];
}

/** The pod of a DaemonSet. */
interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly containers: readonly [Container];
  readonly volumes: readonly Volume[];
}

/** A rendered kustomization. */
export interface Manifests {
  readonly pod: PodSpec;
  readonly container: Container;
  /** The files of the ConfigMap that the pod mounts, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** The object of a kind; undefined when there is none. */
  object(kind: string): Record<string, unknown> | undefined;
}

interface RenderedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** The path of the program that renders; it is built once. */
export function buildRenderer(): string {
  return build('build-go.sh', 'kubernetes');
}

/** Renders a folder of config/k8s with components beside it; an unknown key is an error. */
export function renderManifests(folder: string, components: readonly string[] = []): Manifests {
  const own = mkdtempSync(join(tmpdir(), 'sandgauge-kustomize-'));
  try {
    const from = (name: string) => relative(own, resolve('config/k8s', name));
    const kustomization = {
      ...{ resources: [from(folder)], components: components.map(from) },
    };
    writeFileSync(join(own, 'kustomization.yaml'), JSON.stringify(kustomization));
    const printed = execFileSync(buildRenderer(), [own], { encoding: 'utf8', stdio: 'pipe' });
    return manifestsOf(JSON.parse(printed));
  } finally {
    rmSync(own, { recursive: true });
  }
}

function manifestsOf(objects: readonly RenderedObject[]): Manifests {
  const object = (kind: string) =>
    objects.find((each) => each.kind === kind) as Record<string, unknown> | undefined;
  const daemonSet = object('DaemonSet') as { spec: { template: { spec: PodSpec } } } | undefined;
  if (daemonSet === undefined) throw new Error('there is no DaemonSet');
  const pod = daemonSet.spec.template.spec;
  const { name } = pod.volumes.find(({ configMap }) => configMap)?.configMap ?? {};
  const configMap = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name,
  );
  const { data } = configMap as unknown as { data: Record<string, string> };
  return { pod, container: pod.containers[0], files: data, object };
}
