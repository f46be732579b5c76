import { runProgram } from '../file/program.ts';

/** A file system as virt-df sees it from outside. */
export interface DiskFilesystem {
  /** The device, by the name that it has in virt-df's own guest, such as `/dev/sda1`. */
  readonly name: string;
  readonly usedBytes: number;
  /** Without what is kept for root: used + available. */
  readonly totalBytes: number;
}

/** How virt-df is run. */
export interface VirtDfCommand {
  /** The program: a name in PATH or an absolute path. */
  readonly program: string;
  /** The socket of the daemon that has the domain. */
  readonly socket: string;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
const KILL_MILLIS = 2000;
/** What it says stands in the log. */
const MAX_REASON = 512;
/** Its columns: machine, file system, 1K-blocks, used, available, use%. */
const LINE = /^[^,]*,"?([^",]+)"?,\d+,(\d+),(\d+),[^,]*$/;

/**
 * Runs `virt-df --csv` on a domain's disks, which it opens for reading in a guest of its own: some
 * seconds of CPU. Rejects when libguestfs is not installed, fails, or has not ended before `deadline`
 * (ms of performance.now()): it is then killed.
 */
export async function readVirtDf(
  { program, socket }: VirtDfCommand,
  uuid: string,
  deadline: number,
): Promise<DiskFilesystem[]> {
  const uri = `qemu:///system?socket=${socket}`;
  const args = ['--csv', '--uuid', '-c', uri, '-d', uuid];
  const bounds = { deadline, maxBytes: MAX_OUTPUT_BYTES, killMillis: KILL_MILLIS };
  const result = await runProgram(program, args, bounds).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${program} is not installed: install guestfs-tools, or switch virt_df off`);
  });
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new Error(`${program} failed: ${reason.slice(0, MAX_REASON)}`);
  }
  return parseVirtDf(result.stdout);
}

/** Reads the CSV; lines that are no file system are left out. */
export function parseVirtDf(csv: string): DiskFilesystem[] {
  return csv.split('\n').flatMap((line) => {
    const [, name = '', used = '', available = ''] = LINE.exec(line.trim()) ?? [];
    if (name === '') return [];
    const usedBytes = Number(used) * 1024;
    return [{ name, usedBytes, totalBytes: usedBytes + Number(available) * 1024 }];
  });
}
