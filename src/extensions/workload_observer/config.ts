import type * as z from 'zod/mini';
import { list, option, section, text } from '../../confmap/codecs.ts';

/** The options of the workload_observer extension. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  containerd_state_directories: option(
    list(text()),
    [
      '/run/containerd',
      '/run/k3s/containerd',
      '/run/k0s/containerd',
      '/var/snap/microk8s/common/run/containerd',
      '/run/docker/containerd/daemon',
    ],
    'state directories of containerd, also of those that k3s, RKE2, k0s, MicroK8s and Docker run',
  ),
  storage_directories: option(
    list(text()),
    ['/run/containers/storage', '/var/lib/containers/storage'],
    'run and graph roots of CRI-O and Podman',
  ),
  docker_data_directories: option(
    list(text()),
    ['/var/lib/docker'],
    'data directories of Docker, which hold the names that its bundles do not',
  ),
  cri_socket: option(
    text(),
    '',
    "where a container runtime answers over the CRI, such as `unix:///run/containerd/containerd.sock`: labels, and names that bundles do not tell; '' is none",
  ),
  sandbox_image: option(
    text(),
    '',
    'image of pause containers whose bundle tells none (containerd before 1.7): its `sandbox_image`',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
