import { isSandboxId } from './sandboxes.ts';

/** kata-monitor's paths; both of its programs, in Go and in Rust, answer them. */
export const MONITOR_PATHS = {
  sandboxes: '/sandboxes',
  /** The text of one shim, as it is. */
  sandbox: (id: string) => `/metrics?sandbox=${id}`,
  /** Its own figures; it reads all shims all the same. */
  own: '/metrics?filter_family=kata_monitor,kata_ctl_monitor',
} as const;

/** Reads the answer of /sandboxes: an id on each line, and whatever else stands there left out. */
export function parseSandboxes(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(isSandboxId);
}
