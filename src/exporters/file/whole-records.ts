import type { FileHandle } from 'node:fs/promises';

/** Far more than a record of this exporter has. */
const MAX_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 64 * 1024;
const NEW_LINE = 0x0a;
const LINE_START = Buffer.from('{"resourceMetrics":[');

/**
 * The bytes of a file up to the end of its last whole record: what is behind it was being written
 * when the agent or the machine died. Throws where the file is none of this exporter's.
 */
export async function measureWholeRecords(file: FileHandle, isFramed: boolean): Promise<number> {
  const { size } = await file.stat();
  if (size === 0) return 0;
  return isFramed ? endOfFrames(file, size) : endOfLines(file, size);
}

async function endOfLines(file: FileHandle, size: number): Promise<number> {
  let end = size;
  while (end > 0) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const at = (await readAt(file, from, end - from)).lastIndexOf(NEW_LINE);
    end = at < 0 ? from : from + at + 1;
    if (at >= 0 || size - end > MAX_BYTES) break;
  }
  const start = await readAt(file, end, Math.min(LINE_START.length, size - end));
  if (size - end <= MAX_BYTES && LINE_START.subarray(0, start.length).equals(start)) return end;
  throw new Error('does not end with a line of OTLP JSON');
}

async function endOfFrames(file: FileHandle, size: number): Promise<number> {
  let chunk: Buffer = Buffer.alloc(0);
  let chunkAt = 0;
  let end = 0;
  while (end + 4 <= size) {
    if (end < chunkAt || end + 4 > chunkAt + chunk.length) {
      chunkAt = end;
      chunk = await readAt(file, end, Math.min(CHUNK_BYTES, size - end));
    }
    const length = chunk.readUInt32BE(end - chunkAt);
    if (length === 0 || length > MAX_BYTES) throw new Error('is no file of records with lengths');
    if (end + 4 + length > size) break;
    end += 4 + length;
  }
  return end;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('became shorter while it was read');
  return buffer;
}
