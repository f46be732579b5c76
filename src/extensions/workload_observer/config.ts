import type * as z from 'zod/mini';
import { list, section, text, withDefault } from '../../confmap/codecs.ts';

/** The options of the workload_observer extension. */
export const CONFIG = section({
  /** Where the host's file system begins. */
  root_path: withDefault(text(), '/'),
  /** State directories of containerd, also of those that k3s, RKE2, k0s, MicroK8s and Docker run. */
  containerd_state_directories: withDefault(list(text()), [
    '/run/containerd',
    '/run/k3s/containerd',
    '/run/k0s/containerd',
    '/var/snap/microk8s/common/run/containerd',
    '/run/docker/containerd/daemon',
  ]),
  /** Run and graph roots of CRI-O and Podman. */
  storage_directories: withDefault(list(text()), [
    '/run/containers/storage',
    '/var/lib/containers/storage',
  ]),
  /** Data directories of Docker, which hold the names that its bundles do not. */
  docker_data_directories: withDefault(list(text()), ['/var/lib/docker']),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
