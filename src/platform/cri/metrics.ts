/** cAdvisor's metrics over the CRI (runtime.v1), by the standard's field numbers. */
import { enumeration, int64, message, repeated, string, strings, wrapped } from './message.ts';

/** MetricType: a count that only grows. */
export const METRIC_COUNTER = 0;
/** MetricType: a value that goes up and down. */
export const METRIC_GAUGE = 1;

/** A metric's name and the keys of its labels, in the order of the values. */
export const MetricDescriptor = message('MetricDescriptor', {
  name: string(1),
  help: string(2),
  label_keys: strings(3),
});

/** One value; whole numbers only, since the standard has no others. `timestamp` in ns. */
export const Metric = message('Metric', {
  name: string(1),
  timestamp: int64(2),
  metric_type: enumeration(3),
  label_values: strings(4),
  value: wrapped(5),
});

const ContainerMetrics = message('ContainerMetrics', {
  container_id: string(1),
  metrics: repeated(2, Metric),
});

/** The metrics of a pod and of its containers. */
export const PodSandboxMetrics = message('PodSandboxMetrics', {
  pod_sandbox_id: string(1),
  metrics: repeated(2, Metric),
  container_metrics: repeated(3, ContainerMetrics),
});
