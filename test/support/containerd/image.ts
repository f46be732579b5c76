import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch } from 'node:process';

const APPLETS = ['sh', 'sleep', 'dd', 'nc', 'cat', 'awk', 'ulimit', 'true'];

/**
 * Writes an OCI image layout as a tar: an image for each of `names`, all with one layer that holds a
 * static busybox and `programs` (host paths by path in the image). Returns the tar's path.
 */
export function makeImage(
  folder: string,
  names: readonly string[],
  busybox: string,
  programs: Readonly<Record<string, string>>,
): string {
  const rootfs = join(folder, 'rootfs');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'etc']) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
  copyFileSync(busybox, join(rootfs, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(rootfs, 'bin', applet));
  for (const [path, source] of Object.entries(programs)) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    copyFileSync(source, join(rootfs, path));
  }
  const layout = join(folder, 'layout');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  execFileSync('tar', ['cf', join(folder, 'layer.tar'), '--owner=0', '--group=0', '.'], {
    cwd: rootfs,
  });
  const layer = blob(readFileSync(join(folder, 'layer.tar')));
  const type = 'application/vnd.oci.image';
  const manifests = names.map((name) => ({
    mediaType: `${type}.manifest.v1+json`,
    ...manifestOf(name),
    annotations: { 'io.containerd.image.name': name },
  }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const image = join(folder, 'image.tar');
  execFileSync('tar', ['cf', image, '.'], { cwd: layout });
  return image;

  /** The label makes it another image: containerd goes by the configuration's digest. */
  function manifestOf(name: string): { digest: string; size: number } {
    const config = blob({
      architecture: arch === 'x64' ? 'amd64' : arch,
      os: 'linux',
      config: { Cmd: ['/bin/sleep', '100000'], Labels: { name } },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
    return blob({
      schemaVersion: 2,
      config: { mediaType: `${type}.config.v1+json`, ...config },
      layers: [{ mediaType: `${type}.layer.v1.tar`, ...layer }],
    });
  }

  function blob(content: Buffer | object): { digest: string; size: number } {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hash), bytes);
    return { digest: `sha256:${hash}`, size: bytes.length };
  }
}
