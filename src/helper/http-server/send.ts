import type { ServerResponse } from 'node:http';

/**
 * Sends a body of several buffers and waits for the client between them, so that a slow one does
 * not make TLS hold the whole body once more. Resolves when all is handed over or it hung up.
 */
export async function sendChunks(
  response: ServerResponse,
  chunks: readonly Uint8Array[],
): Promise<void> {
  response.setHeader(
    'content-length',
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  );
  for (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await taken(response);
  }
  response.end();
}

function taken(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Answers with a status and a line of text. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
