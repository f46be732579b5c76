import { MACHINE } from '../../catalog/machine.ts';
import type { Metric } from '../../catalog/metric.ts';
import type { Recorder, SeriesTemplate } from '../../helper/metrics-builder.ts';
import type { CpuStats } from '../../platform/cgroupfs/cpu.ts';
import type { MemoryStats } from '../../platform/cgroupfs/memory.ts';
import type { HostFacts } from '../../platform/procfs/host.ts';
import type { Config } from './config.ts';
import { CPU_ROWS, createRows, LIFETIME_ROWS, type Lifetime, MEMORY_ROWS } from './slots.ts';

/** The rows that the options leave on, with the templates that their slots point into. */
export interface RowTable {
  readonly templates: readonly SeriesTemplate[];
  readonly hasCpu: boolean;
  readonly hasMemory: boolean;
  recordCpu(recorder: Recorder, stats: CpuStats): void;
  recordMemory(recorder: Recorder, stats: MemoryStats): void;
  recordLifetime(recorder: Recorder, lifetime: Lifetime): void;
  recordMachine(recorder: Recorder, facts: HostFacts): void;
}

/** Makes the table from `metric_sets` and `metrics`. */
export function createRowTable(config: Config): RowTable {
  const cpu = createRows(CPU_ROWS, isEnabled, 0);
  const memory = createRows(MEMORY_ROWS, isEnabled, cpu.templates.length);
  const lifetimeAt = cpu.templates.length + memory.templates.length;
  const lifetime = createRows(LIFETIME_ROWS, isEnabled, lifetimeAt);
  const machineAt = lifetimeAt + lifetime.templates.length;
  const machine = createRows<HostFacts>(
    [
      [MACHINE.machine_cpu_cores, (facts) => facts.cores],
      [MACHINE.machine_memory_bytes, (facts) => facts.memoryBytes],
    ],
    isEnabled,
    machineAt,
  );
  return {
    templates: [cpu, memory, lifetime, machine].flatMap((rows) => rows.templates),
    hasCpu: cpu.templates.length > 0,
    hasMemory: memory.templates.length > 0,
    recordCpu: cpu.record,
    recordMemory: memory.record,
    recordLifetime: lifetime.record,
    recordMachine: machine.record,
  };

  function isEnabled(metric: Metric): boolean {
    const sets: readonly string[] = config.metric_sets;
    return sets.includes(metric.set) && config.metrics[metric.name]?.enabled !== false;
  }
}
