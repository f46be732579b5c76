import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  writeSync,
} from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, O_TRUNC } = constants;
const DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
/** No file is ever made: there is no O_CREAT here. */
const WRITE = O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** Slices are systemd's and the kubelet's to make. */
const SLICE = /\.slice$/;
/** Names of cgroups: no way up, nothing hidden, no option. */
const NAME = /^\w[\w.:@-]*$/;
/** Nothing but limits may be written: no process is moved, no controller switched, nothing killed. */
const LIMITS: ReadonlySet<string> = new Set([
  ...['cpu.max', 'cpu.weight', 'cpu.shares', 'cpu.cfs_period_us', 'cpu.cfs_quota_us', 'pids.max'],
  ...['memory.max', 'memory.swap.max', 'memory.low', 'memory.min', 'memory.limit_in_bytes'],
  ...['memory.memsw.limit_in_bytes', 'memory.soft_limit_in_bytes'],
]);
/**
 * The sticky bit is the mark of directories that the agent made or wrote limits in. The kernel keeps it
 * for as long as the directory lives, mkdir(2) sets it in the same step, and nothing in a cgroup obeys it.
 */
const MARK = 0o1000;
const MODE = 0o755;
const MAX_BYTES = 64 * 1024;
const GONE = ['ENOENT', 'ENODEV', 'ENOTDIR'];

const buffer = Buffer.allocUnsafeSlow(MAX_BYTES);

/** A file at one moment. */
export interface LimitFile {
  /** What it holds, without the newline. */
  readonly text: string;
  /** Another one when the kernel took the file away and made it anew, with its controller. */
  readonly inode: number;
}

/** A cgroup's directory that is open: what is read and written is that cgroup's, whatever comes after it. */
export interface OpenCgroup {
  /** True when the agent made it or wrote in it, in this life or a former one. */
  readonly isMarked: boolean;
  /** v2: by `populated`, which holds for descendants too; v1: in this hierarchy, a child counts as one. */
  isPopulated(): boolean;
  /** Undefined when the file is absent or cannot be read. */
  read(file: string): LimitFile | undefined;
  /** Writes a limit to a file that is there. Throws what the kernel says. */
  write(file: string, value: string): void;
  /** Sets the mark or takes it away. */
  mark(isMarked: boolean): void;
}

/**
 * Opens the cgroup `path` of the hierarchy that is mounted on `mount`, for as long as `use` runs.
 * Undefined when it is not there, or when a part of the path is a symbolic link. Throws on what is no
 * path of a cgroup.
 */
export function withCgroup<T>(
  mount: string,
  path: string,
  use: (cgroup: OpenCgroup) => T,
): T | undefined {
  let fd: number;
  try {
    fd = openBelow(mount, namesOf(path));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  try {
    return use(openCgroup(fd));
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes the one directory of a cgroup, with the mark; its parents must be there. False when it is there
 * already. Throws what the kernel says: ENOENT where the parent is not; never makes a slice.
 */
export function makeCgroup(mount: string, path: string): boolean {
  if (SLICE.test(path)) throw new Error(`${JSON.stringify(path)} is a slice`);
  return inParent(mount, path, (target) => {
    try {
      mkdirSync(target, { mode: MARK | MODE });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Whether `removeCgroup` would remove it; undefined when it is not there. */
export function isRemovable(mount: string, path: string): boolean | undefined {
  return withCgroup(mount, path, (cgroup) => cgroup.isMarked && !cgroup.isPopulated());
}

/**
 * Removes the directory of a cgroup if it bears the mark and has neither processes nor children. Throws
 * what the kernel says, and nothing when it is gone.
 */
export function removeCgroup(mount: string, path: string): void {
  if (!isRemovable(mount, path)) return;
  try {
    inParent(mount, path, (target) => rmdirSync(target));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function openCgroup(fd: number): OpenCgroup {
  const stat = fstatSync(fd);
  const at = (file: string) => `/proc/self/fd/${fd}/${file}`;
  return { isMarked: (stat.mode & MARK) !== 0, isPopulated, read, write, mark };

  function isPopulated(): boolean {
    const events = read('cgroup.events');
    if (events !== undefined) return !/^populated 0$/m.test(events.text);
    // Each child directory is one link more.
    return stat.nlink > 2 || read('cgroup.procs')?.text !== '';
  }

  function read(file: string): LimitFile | undefined {
    let target: number;
    try {
      target = openSync(at(file), READ);
    } catch {
      return undefined;
    }
    try {
      const length = readSync(target, buffer, 0, MAX_BYTES, 0);
      const text = buffer.toString('latin1', 0, length).trimEnd();
      return { text, inode: fstatSync(target).ino };
    } catch {
      return undefined;
    } finally {
      closeSync(target);
    }
  }

  function write(file: string, value: string): void {
    if (!LIMITS.has(file)) throw new Error(`${file} holds no limit`);
    const target = openSync(at(file), WRITE);
    try {
      if (!fstatSync(target).isFile()) throw new Error('it is not a regular file');
      writeSync(target, value);
    } finally {
      closeSync(target);
    }
  }

  function mark(isMarked: boolean): void {
    const mode = stat.mode & 0o7777;
    fchmodSync(fd, isMarked ? mode | MARK : mode & ~MARK);
  }
}

/** Runs `use` with a path of the target that no link can lead elsewhere. */
function inParent<T>(mount: string, path: string, use: (target: string) => T): T {
  const names = namesOf(path);
  const parent = openBelow(mount, names.slice(0, -1));
  try {
    return use(`/proc/self/fd/${parent}/${names.at(-1)}`);
  } finally {
    closeSync(parent);
  }
}

/** Opens a directory part by part, by openat(2)'s way: a link in any part is refused. */
function openBelow(mount: string, names: readonly string[]): number {
  let fd = openSync(mount, DIRECTORY);
  for (const name of names) {
    const parent = fd;
    try {
      fd = openSync(`/proc/self/fd/${parent}/${name}`, DIRECTORY);
    } finally {
      closeSync(parent);
    }
  }
  return fd;
}

/** Throws for the root, which is nobody's to change, and for what is no path of a cgroup. */
function namesOf(path: string): string[] {
  const [root, ...names] = path.split('/');
  if (root !== '' || names.length === 0 || !names.every((name) => NAME.test(name))) {
    throw new Error(`${JSON.stringify(path)} is no path of a cgroup`);
  }
  return names;
}

function isGone(error: unknown): boolean {
  return GONE.includes((error as NodeJS.ErrnoException).code ?? '');
}
