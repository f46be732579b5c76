import {
  type Limits,
  type LimitsReader,
  openLimitsV1,
  openLimitsV2,
} from '../../../platform/cgroupfs/limits.ts';
import { SPEC_ROWS, specOf } from '../../../workload/spec.ts';
import type { Member } from '../member.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

/** Limits: of cgroups with processes, and of containers without whose bundle is known. */
export function createSpecSet({ layout, files, table, host }: SetContext): MetricSet | undefined {
  const rows = table.add(SPEC_ROWS);
  const version = layout.mounts[layout.memory]?.version ?? 2;
  const isV2 = (layout.mounts[layout.cpu]?.version ?? version) === 2;
  return rows.isEmpty ? undefined : { group: 'spec', open };

  function open(member: Member): SetReader {
    let reader: LimitsReader | undefined;
    return { record, close: () => reader?.close() };

    function record(recorder: Parameters<SetReader['record']>[0], pass: number): boolean {
      const oci = member.facts()?.resources;
      if (oci === undefined && !member.isPopulated(pass)) return false;
      const directories = {
        cpu: member.directory(layout.cpu),
        memory: member.directory(layout.memory),
      };
      reader ??= isV2 ? openLimitsV2(directories, files) : openLimitsV1(directories, files);
      const read = reader.read();
      const kernel = member.workload.kind === 'node' ? ofNode(read) : read;
      const { memoryBytes: hostMemoryBytes } = host();
      rows.record(recorder(), specOf({ oci, kernel, version, hostMemoryBytes }));
      return true;
    }
  }

  function ofNode(limits: Limits): Limits {
    const { memoryBytes, swapBytes } = host();
    return { ...limits, memoryBytes, swapBytes };
  }
}
