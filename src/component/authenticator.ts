import type { Extension } from './component.ts';

/** What an authenticator says of a request; `busy` when it has more to check than it can. */
export type Verdict = 'granted' | 'denied' | 'busy';

/** An extension that says who may ask a server. */
export interface Authenticator extends Extension {
  /** The value of `WWW-Authenticate` for those who are denied. */
  readonly challenge: string;
  /** The header that it judges, in lower case. */
  readonly header: string;
  /** Judges the value of that header; undefined when the request has none. Never rejects. */
  authenticate(value: string | undefined): Promise<Verdict>;
}

/** What a client says of itself with each request. */
export interface Credentials {
  /** The name of a header, in lower case. */
  readonly header: string;
  /** Its value, a secret. */
  readonly value: string;
}

/** An extension that gives a client what it asks another side with. */
export interface ClientAuthenticator extends Extension {
  /** What holds at this moment; told from memory. */
  credentials(): Credentials;
}

/** True for an extension that authenticates those who ask a server. */
export function isAuthenticator(extension: Extension | undefined): extension is Authenticator {
  return extension !== undefined && 'authenticate' in extension;
}

/** True for an extension that has credentials for a client. */
export function isClientAuthenticator(
  extension: Extension | undefined,
): extension is ClientAuthenticator {
  return extension !== undefined && 'credentials' in extension;
}
