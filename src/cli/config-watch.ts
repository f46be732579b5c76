import { statSync } from 'node:fs';

const POLL_MILLIS = 1000;

/**
 * Calls `onChange` when one of the files was changed and has been still for a second since, so that no
 * half-written file is read. Looks each second: that sees replaced links as well, as Kubernetes
 * makes for a ConfigMap. Returns what ends the watch.
 */
export function watchFiles(paths: readonly string[], onChange: () => void): () => void {
  let settled = stampOf(paths);
  let last = settled;
  const timer = setInterval(() => {
    const now = stampOf(paths);
    const isStill = now === last;
    last = now;
    if (!isStill || now === settled) return;
    settled = now;
    onChange();
  }, POLL_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}

/** A file that is away for a moment is one that changes. */
function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
      return `${stat?.ino} ${stat?.mtimeNs} ${stat?.size}`;
    })
    .join();
}
