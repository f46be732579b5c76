/** An encoded request: the same in the queue, in a retry and on disk. */
export interface ExportRequest {
  readonly bytes: Buffer;
  /** Data points in it. */
  readonly points: number;
  /** Those of one turn may be sent side by side; one of another waits until they have ended. */
  readonly turn?: number;
}

/** The receiver of data took part of a request; the rest is lost and must not be sent again. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** A way to the other side, which connects by itself when it is needed. */
export interface Connection {
  /**
   * Sends one request; `signal` ends the attempt. Once it resolves nobody reads the bytes any more;
   * once it throws somebody may. Throws a SendError.
   */
  send(request: ExportRequest, signal: AbortSignal): Promise<PartialSuccess | undefined>;
  /** Ends it; nothing is under way any more. */
  close(): Promise<void>;
}

/** A request was not taken. */
export class SendError extends Error {
  /** Whether the same request may be taken later. */
  readonly isRetryable: boolean;
  /** How long the other side wants to be left alone, in ms. */
  readonly throttleMillis: number;

  constructor(message: string, isRetryable: boolean, throttleMillis = 0) {
    super(message);
    this.name = 'SendError';
    this.isRetryable = isRetryable;
    this.throttleMillis = throttleMillis;
  }
}
