import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * The path of a cAdvisor as the kubelet has it; it is built once. `cadvisor ADDRESS PREFIX` lists the
 * cgroups whose path has the prefix.
 */
export function buildCadvisor(): string {
  const script = join(import.meta.dirname, 'build-cadvisor.sh');
  return execFileSync('bash', [script], { encoding: 'utf8', stdio: 'pipe' }).trim();
}
