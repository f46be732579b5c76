/** What the daemon answered instead of a result (virterror.h). */
export class LibvirtError extends Error {
  /** One of virErrorNumber, such as those of ERROR_CODE. */
  readonly errorNumber: number;
  /** The part of libvirt that says it: virErrorDomain. */
  readonly errorDomain: number;

  constructor(errorNumber: number, errorDomain: number, message: string) {
    super(message);
    this.name = 'LibvirtError';
    this.errorNumber = errorNumber;
    this.errorDomain = errorDomain;
  }
}

/** virErrorNumber: those that a caller may want to tell apart. */
export const ERROR_CODE = {
  operationDenied: 29,
  noDomain: 42,
  authFailed: 45,
  authCancelled: 79,
  accessDenied: 88,
  authUnavailable: 94,
} as const;

/** Why no connection came about: nobody listens, it is not allowed, or anything else. */
export type UnreachableReason = 'absent' | 'denied' | 'failed';

/** No connection came about, or the one that was there ended; `socketPath` says where. */
export class LibvirtUnreachable extends Error {
  readonly reason: UnreachableReason;
  readonly socketPath: string;

  constructor(reason: UnreachableReason, socketPath: string, message: string, cause?: unknown) {
    super(`${socketPath}: ${message}`, { cause });
    this.name = 'LibvirtUnreachable';
    this.reason = reason;
    this.socketPath = socketPath;
  }
}

/** No answer before the deadline; the daemon may still be at work on the call. */
export class LibvirtTimeout extends Error {
  override readonly name = 'LibvirtTimeout';
}

/** Too many calls wait for their answer, so this one was not sent. */
export class LibvirtBusy extends Error {
  override readonly name = 'LibvirtBusy';
}

/** What came is not libvirt's protocol; the connection is closed. */
export class LibvirtProtocolError extends Error {
  override readonly name = 'LibvirtProtocolError';
}

const DENIED: readonly number[] = [
  ERROR_CODE.operationDenied,
  ERROR_CODE.authFailed,
  ERROR_CODE.authCancelled,
  ERROR_CODE.authUnavailable,
  ERROR_CODE.accessDenied,
];

/** True for an error that only more rights would mend. */
export function isDenied(error: unknown): boolean {
  if (error instanceof LibvirtUnreachable) return error.reason === 'denied';
  return error instanceof LibvirtError && DENIED.includes(error.errorNumber);
}
