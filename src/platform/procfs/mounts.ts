/** A mounted file system, as a line of /proc/<pid>/mountinfo tells it (proc(5)). */
export interface FileSystemMount {
  readonly major: number;
  readonly minor: number;
  readonly mountpoint: string;
  readonly type: string;
  /**
   * cAdvisor's name of the device: the source as mounted, the mount point of a tmpfs, and the source
   * with the device's number where it is an overlay.
   */
  readonly device: string;
  /** Where an overlay keeps what is written to it, as the host sees it. */
  readonly upper: string | undefined;
}

/** Types whose size is cAdvisor's to tell and can be asked without waiting for a network. */
const LOCAL = /^(?:ext\d*|xfs|btrfs|zfs|tmpfs)$/;
/** Mounted for one container or pod: as many as there are of these, and gone with them. */
const OF_ONE = /\/(?:[0-9a-f]{64}|pods\/[0-9a-f-]{32,36})\//;
const LINE = /^\d+ \d+ (\d+):(\d+) \S+ (\S+) .*? - (\S+) (\S*) (\S+)$/gm;

/** All mounts in the text of mountinfo, in its order. */
export function parseMounts(mountinfo: string): FileSystemMount[] {
  return [...mountinfo.matchAll(LINE)].map(
    ([, major, minor, point = '', type = '', source = '', options = '']) => {
      const mountpoint = decode(point);
      const upper = type === 'overlay' ? upperOf(options, mountpoint) : undefined;
      const device = deviceOf(type, decode(source), mountpoint, `${major}-${minor}`);
      return {
        ...{ major: Number(major), minor: Number(minor) },
        ...{ mountpoint, type: decode(type), device, upper },
      };
    },
  );
}

/**
 * The file systems of the node that cAdvisor lists, without those of a network, which could keep a
 * reader waiting, and without overlays but that of `/`, whose bytes stand on a device already.
 */
export function nodeFileSystems(mounts: readonly FileSystemMount[]): FileSystemMount[] {
  return mounts.filter(
    ({ type, mountpoint }) =>
      (LOCAL.test(type) && !OF_ONE.test(`${mountpoint}/`)) ||
      (type === 'overlay' && mountpoint === '/'),
  );
}

/** Tells whether a file whose stat(2) gave `dev` lies on the mount's device. */
export function isOnDevice({ major, minor }: FileSystemMount, dev: number): boolean {
  const numbers = numbersOf(dev);
  return numbers.major === major && numbers.minor === minor;
}

/**
 * The name of the device that holds `path`, whose stat(2) gave `dev`; its number where no mount has it.
 * Files of btrfs tell a number that no mount has.
 */
export function deviceNameOf(
  mounts: readonly FileSystemMount[],
  dev: number,
  path: string,
): string {
  const mount =
    mounts.find((each) => isOnDevice(each, dev)) ??
    mounts
      .filter(({ type, mountpoint }) => type === 'btrfs' && isBelow(path, mountpoint))
      .reduce<FileSystemMount | undefined>(deeper, undefined);
  const { major, minor } = numbersOf(dev);
  return mount?.device ?? `${major}:${minor}`;
}

function deeper(a: FileSystemMount | undefined, b: FileSystemMount): FileSystemMount {
  return a !== undefined && a.mountpoint.length > b.mountpoint.length ? a : b;
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** The kernel's 12 bits of major and 20 of minor (new_encode_dev in linux/kdev_t.h). */
function numbersOf(dev: number): { major: number; minor: number } {
  return { major: (dev >>> 8) & 0xfff, minor: (dev & 0xff) | ((dev >>> 12) & 0xfff00) };
}

function deviceOf(type: string, source: string, mountpoint: string, numbers: string): string {
  if (type === 'tmpfs') return mountpoint;
  return type === 'overlay' ? `${source}_${numbers}` : source;
}

/**
 * `upperdir` of the options. Docker and containers/storage shorten long options: then it is relative to
 * the directory that holds each layer's, `<id>/diff` of what is mounted on `<id>/merged`.
 */
function upperOf(options: string, mountpoint: string): string | undefined {
  const option = options.split(',').find((each) => each.startsWith('upperdir='));
  if (option === undefined) return undefined;
  const path = decode(option.slice('upperdir='.length));
  if (path.startsWith('/')) return path;
  const parts = mountpoint.split('/');
  const isOfLayer = parts.length > 2 && path.split('/')[0] === parts.at(-2);
  return isOfLayer ? [...parts.slice(0, -2), path].join('/') : undefined;
}

/** The kernel writes space, tab, newline, backslash and the like as `\040`. A copy: the text may go. */
function decode(text: string): string {
  const plain = text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
  return Buffer.from(plain).toString();
}
