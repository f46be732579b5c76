import { DISK } from '../../../catalog/disk.ts';
import { createLayerRows, type LayerRecorder } from '../../../helper/layers/rows.ts';
import { createLabelledRecorders } from '../../../helper/receiver/labelled-recorders.ts';
import { createRowTable, type Row } from '../../../helper/receiver/row-table.ts';
import type { Capacity } from '../../../platform/disk/capacity.ts';
import { createFileSystems } from '../file-systems.ts';
import type { Member } from '../member.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

const NODE_ROWS: readonly Row<Capacity>[] = [
  [DISK.container_fs_usage_bytes, (s) => s.usedBytes],
  [DISK.container_fs_limit_bytes, (s) => s.totalBytes],
  [DISK.container_fs_inodes_total, (s) => s.inodes],
  [DISK.container_fs_inodes_free, (s) => s.freeInodes],
];

/** File systems: of the node by asking them, of containers by walking what they wrote. */
export function createDiskSet(context: SetContext): MetricSet | undefined {
  const { paths, said, builder, layers, walks, told, isEnabled } = context;
  const layerRows = createLayerRows(isEnabled);
  const nodeTable = createRowTable(isEnabled);
  const nodeRows = nodeTable.add(NODE_ROWS);
  const fileSystems = createFileSystems(paths, said, context.failed);
  let found: ReadonlyMap<string, Capacity> = new Map();
  return nodeRows.isEmpty ? undefined : { group: 'disk', prepare, open };

  async function prepare(): Promise<void> {
    found = await fileSystems.read();
  }

  function open(member: Member): SetReader {
    return member.workload.kind === 'node' ? openNode(member) : openContainer(member);
  }

  function openNode(member: Member): SetReader {
    const devices = createLabelledRecorders(builder, nodeTable, member, 'device');
    return { record, close: devices.close };

    function record(): boolean {
      for (const [device, capacity] of found) {
        const recorder = devices.of(device, 0);
        if (recorder !== undefined) nodeRows.record(recorder, capacity);
      }
      devices.sweep();
      return found.size > 0;
    }
  }

  function openContainer(member: Member): SetReader {
    let recorder: LayerRecorder | undefined;
    return { record, close: () => recorder?.close() };

    function record(_: unknown, pass: number): boolean {
      if (layerRows.isEmpty || !member.isPopulated(pass)) return false;
      recorder ??= follow();
      return recorder?.record() ?? false;
    }

    function follow(): LayerRecorder | undefined {
      const { containerId } = member.workload;
      const rootfs = member.facts()?.rootfs;
      if (containerId === undefined || (rootfs ?? told) === undefined) return undefined;
      const walk = rootfs === undefined ? undefined : walks.of(rootfs);
      const layer = layers.follow(containerId, async (signal) => {
        return (await told?.(containerId)) ?? walk?.(signal);
      });
      return layerRows.open(builder, member, layer);
    }
  }
}
