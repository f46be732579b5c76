import { type Domain, readDomain } from './domain.ts';
import { readInt, type XdrReader } from './xdr.ts';

/** Something happened to a domain. */
export interface LifecycleEvent {
  readonly domain: Domain;
  /** One of LIFECYCLE. */
  readonly event: number;
  /** Depends on the event: virDomainEventStartedDetailType and so on. */
  readonly detail: number;
}

/** virDomainEventType. */
export const LIFECYCLE = {
  defined: 0,
  undefined: 1,
  started: 2,
  suspended: 3,
  resumed: 4,
  stopped: 5,
  shutdown: 6,
  suspendedByGuest: 7,
  crashed: 8,
} as const;

/** Reads remote_domain_event_callback_lifecycle_msg. */
export function readLifecycle(reader: XdrReader): LifecycleEvent {
  readInt(reader); // The callback's id: there is one.
  const domain = readDomain(reader);
  return { domain, event: readInt(reader), detail: readInt(reader) };
}
