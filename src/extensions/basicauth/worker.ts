/** Checks slow hashes in a thread of its own, so that the agent's loop is free meanwhile. */
import { timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import apacheMd5 from 'apache-md5';
import bcrypt from 'bcryptjs';
import type { Check } from './hash-worker.ts';

/** The types of the package tell of a default export; its only export is the function. */
const apr1 = apacheMd5 as unknown as (password: string, salted: string) => string;

parentPort?.on('message', ({ password, hash }: Check) => {
  parentPort?.postMessage(matches(password, hash));
});

function matches(password: string, hash: string): boolean {
  if (!hash.startsWith('$apr1$')) return bcrypt.compareSync(password, hash);
  // The package takes one letter for one byte.
  const bytes = Buffer.from(password).toString('latin1');
  const made = Buffer.from(apr1(bytes, hash));
  const kept = Buffer.from(hash);
  return made.length === kept.length && timingSafeEqual(made, kept);
}
