import type { Extension } from './component.ts';

/** What an authenticator says of a request; `busy` when it has more to check than it can. */
export type Verdict = 'granted' | 'denied' | 'busy';

/** An extension that says who may ask a server. */
export interface Authenticator extends Extension {
  /** The value of `WWW-Authenticate` for those who are denied. */
  readonly challenge: string;
  /** Judges the value of `Authorization`; undefined when the request has none. Never rejects. */
  authenticate(authorization: string | undefined): Promise<Verdict>;
}

/** True for an extension that authenticates. */
export function isAuthenticator(extension: Extension | undefined): extension is Authenticator {
  return extension !== undefined && 'authenticate' in extension;
}
