import { numberAt } from '../file/bytes.ts';
import { ABSENT, type FileStore, type StoredFile } from '../file/file-store.ts';

/** A number that a kernel file gave, or undefined where the kernel does not give it. */
export type Absentable = number | undefined;

/** NaN, a key table's mark for an absent key, as undefined. */
export function present(value: Absentable): Absentable {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** A present value divided by its unit. */
export function scaled(value: Absentable, unit: number): Absentable {
  const known = present(value);
  return known === undefined ? undefined : known / unit;
}

/** Opens a controller's file; undefined where the controller is not mounted. */
export function openIn(
  directory: string | undefined,
  name: string,
  files: FileStore,
): StoredFile | undefined {
  return directory === undefined ? undefined : files.open(`${directory}/${name}`);
}

/** The number at the start of a file; Infinity for `max`. */
export function readNumber(file: StoredFile | undefined, files: FileStore): Absentable {
  if (file === undefined) return undefined;
  const length = file.read();
  return length === ABSENT ? undefined : numberAt(files.buffer, 0, length);
}

/** Closes every file of a reader. */
export function closeAll(files: readonly (StoredFile | undefined)[]): void {
  for (const file of files) file?.close();
}
