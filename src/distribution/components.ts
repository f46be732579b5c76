import type { Registry } from '../component/factory.ts';
import { debug } from '../exporters/debug/factory.ts';
import { otlpGrpc } from '../exporters/otlp_grpc/factory.ts';
import { otlpHttp } from '../exporters/otlp_http/factory.ts';
import { prometheus } from '../exporters/prometheus/factory.ts';
import { basicauth } from '../extensions/basicauth/factory.ts';
import { bearertokenauth } from '../extensions/bearertokenauth/factory.ts';
import { healthCheck } from '../extensions/health_check/factory.ts';
import { workloadObserver } from '../extensions/workload_observer/factory.ts';
import { attributes } from '../processors/attributes/factory.ts';
import { batch } from '../processors/batch/factory.ts';
import { filter } from '../processors/filter/factory.ts';
import { memoryLimiter } from '../processors/memory_limiter/factory.ts';
import { resource } from '../processors/resource/factory.ts';
import { cgroup } from '../receivers/cgroup/factory.ts';
import { runsc } from '../receivers/runsc/factory.ts';

/** Every component of this distribution. */
export const COMPONENTS: Registry = {
  receivers: [cgroup, runsc],
  processors: [attributes, batch, filter, memoryLimiter, resource],
  exporters: [debug, otlpGrpc, otlpHttp, prometheus],
  extensions: [basicauth, bearertokenauth, healthCheck, workloadObserver],
};
