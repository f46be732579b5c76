import type { Domain } from '../../platform/libvirt/domain.ts';
import { readVirtDf } from '../../platform/libvirt/virt-df.ts';
import { type BackgroundOptions, createBackground, type Followed } from './background.ts';
import type { Config } from './config.ts';
import { type FilesystemUse, usesOfDisks } from './filesystems.ts';

/** virt-df, run for one guest after another. */
export interface VirtDf {
  /** `socket` is that of the domain's daemon. */
  of(domain: Domain, socket: string): Followed<readonly FilesystemUse[]>;
  close(): void;
}

/** The first run makes what libguestfs boots. */
const LONGEST_MILLIS = 300_000;

/** Makes it; undefined where it is switched off. */
export function createVirtDf(
  { virt_df, virt_df_interval, virt_df_path: program }: Config,
  options: Pick<BackgroundOptions, 'now' | 'said' | 'failures'>,
): VirtDf | undefined {
  if (!virt_df) return undefined;
  const background = createBackground<readonly FilesystemUse[]>({
    ...options,
    intervalMillis: virt_df_interval,
    messages: {
      failed: 'virt-df cannot look into the disks of a domain; how full they are is unknown',
      recovered: 'virt-df can look into the disks again',
    },
  });
  return {
    of: (domain, socket) =>
      background.follow({ domain: domain.name, id: domain.uuid }, async () => {
        const deadline = performance.now() + LONGEST_MILLIS;
        return usesOfDisks(await readVirtDf({ program, socket }, domain.uuid, deadline));
      }),
    close: background.close,
  };
}
