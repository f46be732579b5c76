import { fingerprint } from '../helper/watch-files.ts';

const POLL_MILLIS = 1000;

/**
 * Calls `onChange` when one of the files was changed and has been still for a second since, so that no
 * half-written file is read. Looks each second: that sees replaced links as well, as Kubernetes
 * makes for a ConfigMap. Returns what ends the watch.
 */
export function watchConfig(paths: readonly string[], onChange: () => void): () => void {
  let settled = fingerprint(paths);
  let last = settled;
  const timer = setInterval(() => {
    const now = fingerprint(paths);
    const isStill = now === last;
    last = now;
    if (!isStill || now === settled) return;
    settled = now;
    onChange();
  }, POLL_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}
