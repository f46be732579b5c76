import type { OwnMetrics } from '../telemetry.ts';

const MADE = new WeakMap<OwnMetrics, () => void>();

/** Gives what brings the metrics of this process up to date; it costs some microseconds. */
export function processMetrics(metrics: OwnMetrics): () => void {
  const refresh = MADE.get(metrics) ?? createProcessMetrics(metrics);
  MADE.set(metrics, refresh);
  return refresh;
}

function createProcessMetrics(metrics: OwnMetrics): () => void {
  const cpu = settable('otelcol_process_cpu_seconds');
  const uptime = settable('otelcol_process_uptime');
  const busy = settable('sandgauge_process_eventloop_busy_seconds');
  const rss = metrics.gauge('otelcol_process_memory_rss');
  const heap = metrics.gauge('otelcol_process_runtime_heap_alloc_bytes');
  const taken = metrics.gauge('otelcol_process_runtime_total_sys_memory_bytes');
  return () => {
    const { user, system } = process.cpuUsage();
    cpu((user + system) / 1e6);
    uptime(process.uptime());
    busy(performance.eventLoopUtilization().active / 1000);
    const memory = process.memoryUsage();
    rss.set(memory.rss);
    heap.set(memory.heapUsed);
    taken.set(memory.heapTotal + memory.external);
  };

  /** A counter that the system keeps. */
  function settable(name: string): (total: number) => void {
    const counter = metrics.counter(name);
    let last = 0;
    return (total) => {
      counter.add(total - last);
      last = total;
    };
  }
}
