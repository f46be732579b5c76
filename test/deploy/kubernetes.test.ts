import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, freePort, runAgent, startAgent } from '../support/agent.ts';
import { buildRenderer, type Manifests, renderManifests } from '../support/kubernetes/manifests.ts';
import { findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('the manifests for Kubernetes', { go: findPeer('go') });

const ENGINES = ['docker', 'microk8s'];
/** What a receiver reads whatever its options say. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  runsc: ['/proc', '/sys/fs/cgroup'],
  // What is used of each file system, wherever it is mounted.
  cgroup: ['/'],
};
/** Podman's; CRI-O keeps in /run what is read. */
const OF_NO_KUBELET = '/var/lib/containers/storage';
/** For a port below 1024. */
const OF_LOW_PORTS = 'NET_BIND_SERVICE';

interface PrintedConfig {
  readonly receivers: Record<string, object>;
  readonly exporters: Record<string, { endpoint: string }>;
  readonly extensions: Record<string, object>;
}

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-kubernetes-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The `--config` arguments of the container, for files that hold its ConfigMap. */
function configArguments({ container, files }: Manifests): string[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return container.args.map((arg) => arg.replace('/etc/sandgauge', folder));
}

function printedConfig(manifests: Manifests): PrintedConfig {
  for (const { name, value } of manifests.container.env) process.env[name] = value;
  const args = ['print-config', '--format=json', ...configArguments(manifests)];
  const { status, output } = runAgent(args);
  for (const { name } of manifests.container.env) delete process.env[name];
  expect(status, output).toBe(0);
  return JSON.parse(output);
}

/** Paths of the host among the options, without the parts in which a `*` stands. */
function hostPaths({ receivers, extensions }: PrintedConfig): string[] {
  const { docker_data_directories = [], ...observer } = extensions.workload_observer as {
    docker_data_directories?: string[];
  };
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
  };
  const options = [...Object.values(receivers), observer].flatMap((component) =>
    texts({ ...component, root_path: '' }),
  );
  return [
    ...Object.keys(receivers).flatMap((name) => ALWAYS[name] ?? []),
    ...docker_data_directories.map((directory) => `${directory}/containers`),
    ...options
      .filter((text) => text.startsWith('/'))
      .map((text) => text.replace(/\/[^/]*\*.*/, '')),
  ];
}

const isBelow = (path: string, directory: string) =>
  directory === '/' || `${path}/`.startsWith(`${directory}/`);

describe.skipIf(isSkipped)('config/k8s', () => {
  beforeAll(() => void buildRenderer(), 600_000);

  describe.each(['base', 'all'])('%s', (name) => {
    let plain: Manifests;
    let manifests: Manifests;
    let config: PrintedConfig;
    beforeAll(() => {
      plain = renderManifests(name);
      manifests = renderManifests(name, ENGINES);
      config = printedConfig(manifests);
    });

    test('every path of the host that is read is mounted, read-only, and none besides', () => {
      const { pod, container } = manifests;
      const mounted = container.volumeMounts.flatMap((mount) => {
        const path = pod.volumes.find((volume) => volume.name === mount.name)?.hostPath?.path;
        expect(mount.readOnly, mount.name).toBe(true);
        if (path !== undefined) expect(mount.mountPath).toBe(`/host${path}`.replace(/\/$/, ''));
        return path ?? [];
      });
      const read = hostPaths(config).filter((path) => path !== OF_NO_KUBELET);
      expect(read.filter((path) => !mounted.some((each) => isBelow(path, each)))).toEqual([]);
      expect(mounted.filter((each) => !read.some((path) => isBelow(path, each)))).toEqual([]);
      expect(plain.pod.volumes.length).toBe(pod.volumes.length - ENGINES.length);
    });

    test('with state: what is stored lies on the node, and only there is written', () => {
      const { pod, container, ...rest } = renderManifests(name, ['state']);
      const { receivers, extensions } = printedConfig({ pod, container, ...rest });
      const { directory } = extensions.file_storage as { directory: string };
      expect(receivers.runsc).toMatchObject({ storage: 'file_storage' });
      const [mount, ...others] = container.volumeMounts.filter(({ readOnly }) => !readOnly);
      expect(others).toEqual([]);
      expect(isBelow(directory, mount?.mountPath ?? '')).toBe(true);
      const volume = pod.volumes.find((each) => each.name === mount?.name);
      expect(volume?.hostPath).toEqual({ path: mount?.mountPath, type: 'DirectoryOrCreate' });
      const plainly = Object.keys(config.extensions);
      expect(Object.keys(extensions)).toEqual(expect.arrayContaining(plainly));
    });

    test("its capabilities are those of the components' READMEs", () => {
      const readmes = [
        ...Object.keys(config.receivers).map((type) => `src/receivers/${type}/README.md`),
        ...Object.keys(config.extensions).map((type) => `src/extensions/${type}/README.md`),
      ];
      const named = readmes
        .map((path) => readFileSync(path, 'utf8').split('## Rights')[1] ?? '')
        .flatMap((rights) => rights.match(/(?<=CAP_)[A-Z_]+/g) ?? [])
        .filter((capability) => capability !== OF_LOW_PORTS);
      const { capabilities } = plain.container.securityContext;
      expect(new Set(capabilities.add)).toEqual(new Set(named));
      expect(capabilities.drop).toEqual(['ALL']);
    });

    test('its ports are those that the configuration listens on', () => {
      const { prometheus } = config.exporters;
      const { health_check } = config.extensions as Record<string, { endpoint: string }>;
      const ports = [prometheus, health_check].map((each) => Number(each?.endpoint.slice(1)));
      expect(plain.container.ports.map(({ containerPort }) => containerPort)).toEqual(ports);
      expect(plain.object('Service')).toMatchObject({ spec: { ports: [{ port: ports[0] }] } });
    });

    test('its image has the version of this checkout, its account no rights', () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
      expect(plain.container.image).toBe(`registry.example/sandgauge:${version}`);
      expect(plain.object('ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
      expect(plain.pod).toMatchObject({ automountServiceAccountToken: false });
      // Whose pids stand in cgroup files is the cgroup receiver's concern alone.
      expect(plain.pod.hostPID).toBe('cgroup' in config.receivers ? true : undefined);
      expect(plain.pod.hostNetwork).toBeUndefined();
      expect(renderManifests(name, ['host-network']).pod.hostNetwork).toBe(true);
    });
  });

  describe('on this host', () => {
    let agent: Agent | undefined;
    afterEach(async () => {
      await agent?.stop();
      delete process.env.HEALTH_LISTEN;
    });

    test('the paths of the probes are answered', async () => {
      const manifests = renderManifests('all');
      const { livenessProbe, readinessProbe } = manifests.container;
      process.env.HEALTH_LISTEN = `127.0.0.1:${await freePort()}`;
      agent = await startAgent(configArguments(manifests));
      for (const { httpGet } of [livenessProbe, readinessProbe]) {
        const reply = await fetch(`http://${process.env.HEALTH_LISTEN}${httpGet.path}`);
        expect(reply.status, httpGet.path).toBe(200);
      }
    });
  });

  test("the README's own kustomization is rendered, with an image by digest", () => {
    const readme = readFileSync('config/k8s/README.md', 'utf8');
    const text = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const digest = `sha256:${'0'.repeat(64)}`;
    writeFileSync(join(folder, 'kustomization.yaml'), text.replace('sha256:...', digest));
    symlinkSync(process.cwd(), join(folder, 'sandgauge'));
    const { container, object } = renderManifests(folder);
    expect(container.image).toBe(`your.registry/sandgauge@${digest}`);
    expect(object('PodMonitor')).toBeDefined();
  });

  test('a key that Kubernetes does not know is refused', () => {
    const kustomization = JSON.stringify({ resources: ['daemon-set.yaml'] });
    writeFileSync(join(folder, 'kustomization.yaml'), kustomization);
    const set = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'x' } };
    writeFileSync(
      join(folder, 'daemon-set.yaml'),
      JSON.stringify({ ...set, spec: { template: { spec: { hostPid: true } } } }),
    );
    expect(() => renderManifests(folder)).toThrow(/unknown field.*hostPid/);
  });
});
