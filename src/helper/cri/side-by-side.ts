/** Calls of a runtime at a time: more would only wait there. */
const AT_A_TIME = 8;

/** Works on items, some at a time, in their order; rejects with the first error, when all is at rest. */
export async function forEachOf<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let first: { readonly error: unknown } | undefined;
  async function next(): Promise<void> {
    for (const item of queue) {
      if (first !== undefined) return;
      await work(item).catch((error) => {
        first ??= { error };
      });
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
  if (first !== undefined) throw first.error;
}
