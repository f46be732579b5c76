import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { openSocketAddress } from '../file/socket-address.ts';

/** A shim's socket, or kata-monitor. */
export type Target =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/** It answered, but not with what was asked for. */
class HttpError extends Error {}

/** More than a thousand times what a sandbox says; packed and unpacked. */
const MAX_BYTES = 4 * 1024 * 1024;
const unpack = promisify(gunzip);

/**
 * GETs a text over a connection of its own, which is closed after it: shims keep none. Rejects with
 * an HttpError for any status but 200 and for more than 4 MiB, else with the system's error;
 * `deadline` is in ms of performance.now().
 */
export async function getText(target: Target, path: string, deadline: number): Promise<string> {
  const late = new AbortController();
  const wait = Math.max(0, deadline - performance.now());
  const timer = setTimeout(() => late.abort(), wait);
  const address = 'socketPath' in target ? openSocketAddress(target.socketPath) : undefined;
  const where = address ? { socketPath: address.path } : target;
  try {
    const headers = { host: 'localhost', connection: 'close' };
    const options = { ...where, path, headers, agent: false, signal: late.signal };
    const { bytes, isPacked } = await exchange(options);
    const text = isPacked ? await unpack(bytes, { maxOutputLength: MAX_BYTES }) : bytes;
    return text.toString();
  } catch (error) {
    if (late.signal.aborted) throw new HttpError('no answer in time');
    throw error;
  } finally {
    clearTimeout(timer);
    address?.close();
  }
}

interface Body {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

function exchange(options: RequestOptions): Promise<Body> {
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      readBody(answer).then(resolve, (error) => {
        asked.destroy();
        reject(error);
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function readBody(answer: IncomingMessage): Promise<Body> {
  if (answer.statusCode !== 200) throw new HttpError(`it answered ${answer.statusCode}`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new HttpError(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const isPacked = answer.headers['content-encoding'] === 'gzip';
  return { bytes: Buffer.concat(chunks), isPacked };
}
