import { execFileSync } from 'node:child_process';

/** Two network namespaces of a test's own, joined by a veth pair: 10.78.0.1 and 10.78.0.2. */
export interface TestNetwork {
  /** The one with `eth0`, 10.78.0.2, for what is tested. */
  readonly inside: string;
  /** The one at the other end, 10.78.0.1. */
  readonly outside: string;
  remove(): void;
}

/** Makes them; needs root and `ip`. */
export function makeNetwork(name: string): TestNetwork {
  const inside = `sandgauge-${process.pid}-${name}`;
  const outside = `${inside}-peer`;
  for (const each of [inside, outside]) ip('netns', 'add', each);
  ip(
    '-n',
    outside,
    'link',
    'add',
    'veth0',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    inside,
  );
  for (const [namespace, device, address] of [
    [outside, 'veth0', '10.78.0.1/24'],
    [inside, 'eth0', '10.78.0.2/24'],
  ] as const) {
    ip('-n', namespace, 'addr', 'add', address, 'dev', device);
    ip('-n', namespace, 'link', 'set', device, 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  return {
    inside,
    outside,
    remove() {
      for (const each of [inside, outside]) ip('netns', 'delete', each);
    },
  };
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}
