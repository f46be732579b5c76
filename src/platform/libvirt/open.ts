import type { Connection } from './connection.ts';
import { LibvirtError, LibvirtUnreachable } from './errors.ts';
import type { KeepaliveOptions } from './keepalive.ts';
import { PROCEDURE } from './procedures.ts';
import type { LibvirtTarget } from './uri.ts';
import { encodeInt, encodeString, readArray, readInt } from './xdr.ts';

/** remote_auth_type. */
const AUTH = { none: 0, polkit: 2 } as const;
/** VIR_DRV_FEATURE_PROGRAM_KEEPALIVE. */
const KEEPALIVE_FEATURE = 10;
const READ_ONLY = 1;

/** Authenticates, starts the signs of life where the daemon has them, and opens the driver. */
export async function openConnection(
  connection: Connection,
  { driverUri, isReadOnly }: LibvirtTarget,
  keepalive: KeepaliveOptions,
  deadline: number,
): Promise<void> {
  await authenticate(connection, deadline);
  // To ask is also to say that this end answers.
  const hasKeepalive = await connection
    .call(PROCEDURE.connectSupportsFeature, [encodeInt(KEEPALIVE_FEATURE)], readInt, deadline)
    .catch(noIfRefused);
  if (hasKeepalive !== 0) connection.startKeepalive(keepalive);
  const name = driverUri === undefined ? [encodeInt(0)] : [encodeInt(1), encodeString(driverUri)];
  const args = [...name, encodeInt(isReadOnly ? READ_ONLY : 0)];
  await connection.call(PROCEDURE.connectOpen, args, () => {}, deadline);
}

async function authenticate(connection: Connection, deadline: number): Promise<void> {
  const types = await connection.call(
    PROCEDURE.authList,
    [],
    (result) => readArray(result, 4, readInt),
    deadline,
  );
  if (types.includes(AUTH.none)) return;
  if (!types.includes(AUTH.polkit)) {
    const text = 'the daemon asks for a password (SASL), which is not supported';
    throw new LibvirtUnreachable('denied', connection.socketPath, text);
  }
  const isComplete = await connection.call(PROCEDURE.authPolkit, [], readInt, deadline);
  if (isComplete !== 1) {
    throw new LibvirtUnreachable('denied', connection.socketPath, 'polkit does not allow it');
  }
}

/** Daemons without the feature, or with it switched off, may refuse the question. */
function noIfRefused(error: unknown): number {
  if (error instanceof LibvirtError) return 0;
  throw error;
}
