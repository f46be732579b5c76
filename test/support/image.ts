import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { NODE } from './agent.ts';
import { packagedBinary } from './binary.ts';

/**
 * Gathers the image's files with `npm run image`, builds it from the Dockerfile with buildah, without
 * a network, and returns the path of an OCI archive in `folder` that bears `name`.
 */
export function buildImage(folder: string, name: string): string {
  const context = join(folder, 'context');
  execFileSync(NODE, ['tools/image.ts', packagedBinary(), context], { stdio: 'pipe' });
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  const buildah = (...args: string[]) =>
    execFileSync('unshare', ['--net', 'buildah', ...storage, '--storage-driver=vfs', ...args], {
      stdio: 'pipe',
    });
  buildah('build', '--isolation=chroot', '--tag', name, context);
  const archive = join(folder, 'image.tar');
  buildah('push', name, `oci-archive:${archive}:${name}`);
  return archive;
}
