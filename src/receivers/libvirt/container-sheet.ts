import type { Metric } from '../../catalog/metric.ts';
import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable } from '../../helper/receiver/row-table.ts';
import { SPEC_ROWS } from '../../workload/spec.ts';
import {
  BLOCK_ROWS,
  CPU_ROWS,
  FAULT_ROWS,
  FILESYSTEM_ROWS,
  INTERFACE_ROWS,
  MEMORY_ROWS,
  RSS_ROWS,
} from './container-rows.ts';
import { blockKind, FILESYSTEM_KIND, interfaceKind } from './device-kinds.ts';
import { createDeviceRows } from './device-rows.ts';
import type { FilesystemUse } from './filesystems.ts';
import { guestUse, hostUse } from './guest-memory.ts';
import { createGuestRecorder } from './guest-recorder.ts';
import type { Owner } from './owner.ts';
import type { Reading, Sheet } from './sheet.ts';
import { specOfDomain } from './spec.ts';

/** What a VM's container_* rows are made with. */
export interface ContainerSheetOptions {
  readonly builder: MetricsBuilder;
  readonly owner: Owner;
  /** When it started; undefined where the host does not tell. */
  readonly startMillis: number | undefined;
  /** Of the cgroup controllers. */
  readonly version: 1 | 2;
}

/** Makes sheets of the container_* rows that are switched on. */
export function createContainerSheets(
  isEnabled: (metric: Metric) => boolean,
): (options: ContainerSheetOptions) => Sheet {
  const table = createRowTable(isEnabled);
  const cpu = table.add(CPU_ROWS);
  const memory = table.add(MEMORY_ROWS);
  const rss = table.add(RSS_ROWS);
  const spec = table.add(SPEC_ROWS);
  const life = table.add(LIFETIME_ROWS);
  const guestTable = createRowTable(isEnabled);
  const faults = guestTable.add(FAULT_ROWS);
  const openInterfaces = createDeviceRows(isEnabled, interfaceKind('interface'), INTERFACE_ROWS);
  const openBlocks = createDeviceRows(isEnabled, blockKind('device'), BLOCK_ROWS);
  const openFilesystems = createDeviceRows(isEnabled, FILESYSTEM_KIND, FILESYSTEM_ROWS);
  return open;

  function open({ builder, owner, startMillis, version }: ContainerSheetOptions): Sheet {
    const guest = createGuestRecorder(builder, guestTable, owner);
    const interfaces = openInterfaces(builder, owner);
    const blocks = openBlocks(builder, owner);
    const filesystems = openFilesystems(builder, owner);
    let recorder: Recorder | undefined;
    return { record, close };

    function record(reading: Reading): void {
      recorder ??= builder.recorder(table.templates, owner.labels(), owner.start());
      const { description, stats, time } = reading;
      if (owner.maySpeak('usage')) {
        recordUsage(recorder, reading);
        life.record(recorder, { startMillis, seenMillis: time });
      }
      if (owner.maySpeak('spec')) spec.record(recorder, specOfDomain(description, stats, version));
      if (owner.maySpeak('network')) interfaces.record(stats.interfaces, time);
      if (owner.maySpeak('disk_io')) blocks.record(stats.blocks, time);
      if (owner.maySpeak('disk')) {
        const known = reading.filesystems;
        filesystems.record(known?.value ?? sizesOf(reading), known?.time ?? time);
      }
    }

    function recordUsage(into: Recorder, { stats, description, time, toldAt }: Reading): void {
      const { balloon } = stats;
      if (stats.cpu !== undefined) cpu.record(into, stats.cpu, time);
      if (balloon === undefined) return;
      rss.record(into, balloon, time);
      // A guest that is to tell and does not is unknown: the host's view would be another number.
      if (!description.balloonPeriodSeconds) memory.record(into, hostUse(balloon), time);
      if (toldAt === undefined) return;
      memory.record(into, guestUse(balloon), toldAt);
      faults.record(guest.of(balloon), balloon, toldAt);
    }

    function close(): void {
      if (recorder !== undefined) builder.drop(recorder);
      for (const each of [guest, interfaces, blocks, filesystems]) each.close();
    }
  }
}

/** Where nobody tells the file systems of a guest, the sizes of its disks are known, their use is not. */
function sizesOf({ stats, description }: Reading): FilesystemUse[] {
  const isDisk = (target: string | undefined) =>
    description.disks.some(
      (disk) => disk.target === target && (disk.device === 'disk' || disk.device === 'lun'),
    );
  return stats.blocks
    .filter(({ name }) => isDisk(name))
    .map(({ name = '', capacityBytes }) => ({
      ...{ device: name, usedBytes: undefined, totalBytes: capacityBytes },
    }));
}
