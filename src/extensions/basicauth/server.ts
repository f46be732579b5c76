import type { Authenticator, Verdict } from '../../component/authenticator.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { followConfigFiles, readConfigFile } from '../../helper/config-file.ts';
import type { Htpasswd } from './config.ts';
import { createHashWorker } from './hash-worker.ts';
import { type Hash, parseHtpasswd } from './htpasswd.ts';
import { createPasswords } from './passwords.ts';

const BASIC = /^basic +([A-Za-z0-9+/]+=*) *$/i;

/** Judges names and passwords by lines of htpasswd. */
export function createServerAuth(
  { id, telemetry }: Settings,
  { file, inline }: Htpasswd,
): Authenticator {
  const key = `extensions::${id.text}::htpasswd`;
  const worker = createHashWorker();
  const passwords = createPasswords(worker);
  let following: { close(): void } | undefined;
  return {
    challenge: 'Basic realm="sandgauge", charset="UTF-8"',
    header: 'authorization',
    authenticate,
    async start() {
      passwords.replace(readUsers());
      const followed = { paths: [file], key: `${key}::file`, telemetry };
      following = followConfigFiles(followed, () => passwords.replace(readUsers()));
    },
    async shutdown() {
      following?.close();
      await worker.close();
    },
  };

  /** Lines of the configuration win over those of the file. */
  function readUsers(): ReadonlyMap<string, Hash> {
    const ofFile = file === '' ? [] : usersOf(readConfigFile(file, `${key}::file`), `${key}::file`);
    const users = new Map([...ofFile, ...usersOf(inline.reveal(), `${key}::inline`)]);
    if (users.size === 0) throw new ConfigError(key, 'no user: give file or inline');
    return users;
  }

  async function authenticate(authorization: string | undefined): Promise<Verdict> {
    const encoded = BASIC.exec(authorization ?? '')?.[1];
    const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
    const colon = decoded.indexOf(':');
    if (colon <= 0) return 'denied';
    return passwords.judge(decoded.slice(0, colon), decoded.slice(colon + 1));
  }
}

function usersOf(text: string, key: string): ReadonlyMap<string, Hash> {
  const parsed = parseHtpasswd(text);
  if ('users' in parsed) return parsed.users;
  throw new ConfigError(key, `line ${parsed.line}: ${parsed.fault}`);
}
