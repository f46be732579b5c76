import { createHash, timingSafeEqual } from 'node:crypto';

/** How a password is kept. */
export interface Hash {
  readonly text: string;
  /** True where a check takes milliseconds of CPU by design: bcrypt and apr1. */
  readonly isSlow: boolean;
}

/** Users and their hashes, or what is wrong with a line; never its content. */
export type Parsed =
  | { readonly users: ReadonlyMap<string, Hash> }
  | { readonly line: number; readonly fault: string };

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const APR1 = /^\$apr1\$[^$:]{1,8}\$[./0-9A-Za-z]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;
/** A check at 14 takes about a second. */
const MAX_COST = 14;

/** Parses lines of `user:hash`; empty ones and those with # in front are skipped. */
export function parseHtpasswd(text: string): Parsed {
  const users = new Map<string, Hash>();
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    if (colon <= 0) return { line: i + 1, fault: 'expected user:hash' };
    const hash = parseHash(line.slice(colon + 1));
    if (typeof hash === 'string') return { line: i + 1, fault: hash };
    users.set(line.slice(0, colon), hash);
  }
  return { users };
}

function parseHash(text: string): Hash | string {
  const cost = BCRYPT.exec(text)?.[1];
  if (cost !== undefined) {
    const isPossible = Number(cost) >= 4 && Number(cost) <= MAX_COST;
    return isPossible ? { text, isSlow: true } : `the cost of bcrypt must be 4 to ${MAX_COST}`;
  }
  if (APR1.test(text)) return { text, isSlow: true };
  if (SHA1.test(text)) return { text, isSlow: false };
  if (text === '') return 'the password is empty';
  if (!/^[${]/.test(text)) return { text, isSlow: false };
  return 'unknown kind of hash: bcrypt (htpasswd -B), apr1 (-m), SHA1 (-s) and plain text are known';
}

/** Checks a password that is plain or SHA1, in a time that does not depend on it. */
export function matchesFast(hash: Hash, password: string): boolean {
  if (!SHA1.test(hash.text)) return sameText(hash.text, password);
  return sameText(hash.text.slice(5), createHash('sha1').update(password).digest('base64'));
}

/** Compares digests, so that neither length nor a common beginning shows in the time. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
