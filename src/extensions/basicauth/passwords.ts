import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Verdict } from '../../component/authenticator.ts';
import type { HashWorker } from './hash-worker.ts';
import { type Hash, matchesFast } from './htpasswd.ts';

/** Judges user names with passwords. */
export interface Passwords {
  judge(user: string, password: string): Promise<Verdict>;
  /** Takes other users; who was right before is checked anew. */
  replace(users: ReadonlyMap<string, Hash>): void;
}

/**
 * Starts without users. What was right is kept as a keyed digest, so that a scraper costs a slow
 * hash once. An unknown user costs what a wrong password costs.
 */
export function createPasswords(worker: HashWorker): Passwords {
  const secret = randomBytes(32);
  let users: ReadonlyMap<string, Hash> = new Map();
  let decoy: Hash | undefined;
  let granted = new Map<string, Buffer>();
  const checking = new Map<string, Promise<boolean | undefined>>();
  return { judge, replace };

  function replace(other: ReadonlyMap<string, Hash>): void {
    users = other;
    granted = new Map();
    decoy = [...other.values()].sort((a, b) => Number(b.isSlow) - Number(a.isSlow))[0];
  }

  async function judge(user: string, password: string): Promise<Verdict> {
    const known = users.get(user);
    const hash = known ?? decoy;
    if (hash === undefined) return 'denied';
    const remembered = granted;
    const tag = createHmac('sha256', secret)
      .update(JSON.stringify([user, password, hash.text]))
      .digest();
    const before = remembered.get(user);
    if (before !== undefined && timingSafeEqual(before, tag)) return 'granted';
    const isRight = hash.isSlow
      ? await matchesSlow(hash, password, tag)
      : matchesFast(hash, password);
    if (isRight === undefined) return 'busy';
    if (!isRight || known === undefined) return 'denied';
    remembered.set(user, tag);
    return 'granted';
  }

  /** The same question asked at once by several is asked once. */
  function matchesSlow(hash: Hash, password: string, tag: Buffer): Promise<boolean | undefined> {
    const key = tag.toString('base64');
    const same = checking.get(key);
    if (same !== undefined) return same;
    const asked = worker.matches({ password, hash: hash.text }).finally(() => checking.delete(key));
    checking.set(key, asked);
    return asked;
  }
}
