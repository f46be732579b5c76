import type { Metric } from '../../catalog/metric.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable, type Row } from '../../helper/receiver/row-table.ts';
import { blockKind, FILESYSTEM_KIND, interfaceKind, VCPU_KIND } from './device-kinds.ts';
import { createDeviceRows } from './device-rows.ts';
import {
  BALLOON_ROWS,
  BLOCK_DETAIL_ROWS,
  BLOCK_IO_ROWS,
  CPU_TIME_ROWS,
  DIRTY_RATE_ROWS,
  GUEST_COUNT_ROWS,
  GUEST_FILESYSTEM_ROWS,
  GUEST_MEMORY_ROWS,
  HALT_POLL_ROWS,
  INTERFACE_IO_ROWS,
  STATE_ROWS,
  VCPU_COUNT_ROWS,
  VCPU_ROWS,
} from './domain-rows.ts';
import { createGuestRecorder } from './guest-recorder.ts';
import type { Owner } from './owner.ts';
import type { Reading, Sheet } from './sheet.ts';

/**
 * Makes sheets of the libvirt_domain_* rows that are switched on: those that cAdvisor has no name for,
 * and for a domain whose container has rows of its own (`isInContainer`) all others too.
 */
export function createDomainSheets(
  isEnabled: (metric: Metric) => boolean,
  isInContainer: boolean,
): (builder: MetricsBuilder, owner: Owner) => Sheet {
  const inContainer = <T>(rows: readonly Row<T>[]) => (isInContainer ? rows : []);
  const table = createRowTable(isEnabled);
  const state = table.add(STATE_ROWS);
  const cpu = table.add([...HALT_POLL_ROWS, ...inContainer(CPU_TIME_ROWS)]);
  const vcpuCount = table.add(VCPU_COUNT_ROWS);
  const balloonRows = table.add(BALLOON_ROWS);
  const memory = table.add(GUEST_MEMORY_ROWS);
  const dirty = table.add(DIRTY_RATE_ROWS);
  const guestTable = createRowTable(isEnabled);
  const counts = guestTable.add(GUEST_COUNT_ROWS);
  const blockRows = [...BLOCK_DETAIL_ROWS, ...inContainer(BLOCK_IO_ROWS)];
  const interfaceRows = inContainer(INTERFACE_IO_ROWS);
  const filesystemRows = inContainer(GUEST_FILESYSTEM_ROWS);
  const target = 'target_device';
  const openVcpus = createDeviceRows(isEnabled, VCPU_KIND, VCPU_ROWS);
  const openInterfaces = createDeviceRows(isEnabled, interfaceKind(target), interfaceRows);
  const openBlocks = createDeviceRows(isEnabled, blockKind(target), blockRows);
  const openFilesystems = createDeviceRows(isEnabled, FILESYSTEM_KIND, filesystemRows);
  return open;

  function open(builder: MetricsBuilder, owner: Owner): Sheet {
    const guest = createGuestRecorder(builder, guestTable, owner);
    const vcpus = openVcpus(builder, owner);
    const interfaces = openInterfaces(builder, owner);
    const blocks = openBlocks(builder, owner);
    const filesystems = openFilesystems(builder, owner);
    let recorder: Recorder | undefined;
    return { record, close };

    function record({ stats, time, toldAt, filesystems: known }: Reading): void {
      recorder ??= builder.recorder(table.templates, owner.labels(), owner.start());
      const { balloon, dirtyRate } = stats;
      if (stats.state !== undefined) state.record(recorder, stats.state, time);
      if (stats.cpu !== undefined) cpu.record(recorder, stats.cpu, time);
      if (stats.vcpuCount !== undefined) vcpuCount.record(recorder, stats.vcpuCount, time);
      if (dirtyRate !== undefined) dirty.record(recorder, dirtyRate, time);
      if (balloon !== undefined) balloonRows.record(recorder, balloon, time);
      if (balloon !== undefined && toldAt !== undefined) {
        memory.record(recorder, balloon, toldAt);
        counts.record(guest.of(balloon), balloon, toldAt);
      }
      vcpus.record(stats.vcpus, time);
      interfaces.record(stats.interfaces, time);
      blocks.record(stats.blocks, time);
      filesystems.record(known?.value ?? [], known?.time ?? time);
    }

    function close(): void {
      if (recorder !== undefined) builder.drop(recorder);
      for (const each of [guest, vcpus, interfaces, blocks, filesystems]) each.close();
    }
  }
}
