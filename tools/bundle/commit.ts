import { execFileSync } from 'node:child_process';

/** The commit of a checkout, `-dirty` when files differ from it; `unknown` outside git. */
export function readCommit(folder = '.'): string {
  const args = ['--no-optional-locks', 'describe', '--always', '--dirty', '--exclude=*'];
  try {
    return execFileSync('git', [...args, '--abbrev=12'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
