import type { SandboxSample, Transport } from './sample.ts';
import type { ContainerState } from './state.ts';

/** Nothing listens, or what listens may not be reached: another way may work. */
const UNREACHABLE = /^E(CONNREFUSED|NOENT|ACCES|PERM|NOTSOCK)$/;

/**
 * Asks through `first`; while that cannot be reached, through `second`. The first of them that answers
 * is kept for the sandbox' whole life: their figures do not continue each other.
 */
export function chooseTransport(first: Transport, second: Transport): Transport {
  let chosen: Transport | undefined;
  return {
    async read(containers, deadline): Promise<SandboxSample> {
      if (chosen !== undefined) return chosen.read(containers, deadline);
      try {
        const sample = await first.read(containers, deadline);
        chosen = first;
        return sample;
      } catch (error) {
        if (!UNREACHABLE.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
        return await ask(containers, deadline, error as Error);
      }
    },
    kept: () => chosen?.kept(),
    resume(kept) {
      for (const each of [first, second]) each.resume(kept);
      chosen = [first, second].find((each) => each.kept() !== undefined);
    },
    close() {
      first.close();
      second.close();
    },
  };

  async function ask(
    containers: readonly ContainerState[],
    deadline: number,
    cause: Error,
  ): Promise<SandboxSample> {
    try {
      const sample = await second.read(containers, deadline);
      if (sample.containers.size > 0) chosen = second;
      return sample;
    } catch (error) {
      throw new Error(`${cause.message}; ${(error as Error).message}`, { cause: error });
    }
  }
}
