import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A real process that listens as a shim does, and answers with a text that the test may change. */
export interface ShimProcess {
  readonly id: string;
  readonly pid: number;
  /** Where sandboxes are: the option `shim_directories`. */
  readonly directory: string;
  write(text: string): void;
  stop(): Promise<void>;
}

/** Its program, for `node -e`, with the socket, the file of the text and the megabytes to hold. */
export const SHIM_PROGRAM = `
const { readFileSync } = require('node:fs');
const [, socket, text, megabytes] = process.argv;
const held = Buffer.alloc(Number(megabytes) * 2 ** 20, 1);
require('node:http').createServer((_, response) => {
  response.end(readFileSync(text));
}).listen(socket, () => process.stdout.write('.' + held.length));
if (held.length > 0) setInterval(() => {
  for (const end = performance.now() + 50; performance.now() < end;);
}, 100);
`;

/** Starts one in the directory of its sandbox, as runtime-rs with \`hypervisor\` leaves it. */
export async function startShimProcess(
  folder: string,
  hypervisor: string,
  options: { megabytes?: number; id?: string; unshares?: boolean } = {},
): Promise<ShimProcess> {
  const id = options.id ?? `sandgauge${process.pid}x${Math.floor(performance.now())}`;
  const sandbox = join(folder, 'kata', id);
  const text = join(folder, 'text');
  mkdirSync(sandbox, { recursive: true });
  writeFileSync(text, '');
  const socket = join(sandbox, 'shim-monitor.sock');
  const args = ['-e', SHIM_PROGRAM, socket, text, String(options.megabytes ?? 0), '-id', id];
  const child = options.unshares
    ? spawn('unshare', ['--net', process.execPath, ...args])
    : spawn(process.execPath, args);
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const state = { hypervisor: { hypervisor_type: hypervisor, pid } };
  writeFileSync(join(sandbox, 'state.json'), JSON.stringify(state));
  return {
    ...{ id, pid, directory: join(folder, 'kata') },
    write: (next) => writeFileSync(text, next),
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
