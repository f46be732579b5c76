import type { Registry } from '../component/factory.ts';
import { cri } from '../exporters/cri/factory.ts';
import { debug } from '../exporters/debug/factory.ts';
import { file } from '../exporters/file/factory.ts';
import { otlpGrpc } from '../exporters/otlp_grpc/factory.ts';
import { otlpHttp } from '../exporters/otlp_http/factory.ts';
import { prometheus } from '../exporters/prometheus/factory.ts';
import { prometheusRemoteWrite } from '../exporters/prometheusremotewrite/factory.ts';
import { basicauth } from '../extensions/basicauth/factory.ts';
import { bearertokenauth } from '../extensions/bearertokenauth/factory.ts';
import { compatCgroup } from '../extensions/compat_cgroup/factory.ts';
import { fileStorage } from '../extensions/file_storage/factory.ts';
import { healthCheck } from '../extensions/health_check/factory.ts';
import { workloadObserver } from '../extensions/workload_observer/factory.ts';
import { zpages } from '../extensions/zpages/factory.ts';
import { aggregate } from '../processors/aggregate/factory.ts';
import { attributes } from '../processors/attributes/factory.ts';
import { batch } from '../processors/batch/factory.ts';
import { cumulativetodelta } from '../processors/cumulativetodelta/factory.ts';
import { deltatorate } from '../processors/deltatorate/factory.ts';
import { filter } from '../processors/filter/factory.ts';
import { memoryLimiter } from '../processors/memory_limiter/factory.ts';
import { metricstransform } from '../processors/metricstransform/factory.ts';
import { resource } from '../processors/resource/factory.ts';
import { semconv } from '../processors/semconv/factory.ts';
import { cgroup } from '../receivers/cgroup/factory.ts';
import { cri as criReceiver } from '../receivers/cri/factory.ts';
import { kata } from '../receivers/kata/factory.ts';
import { libvirt } from '../receivers/libvirt/factory.ts';
import { runsc } from '../receivers/runsc/factory.ts';

/** Every component of this distribution. */
export const COMPONENTS: Registry = {
  receivers: [cgroup, criReceiver, kata, libvirt, runsc],
  processors: [
    aggregate,
    attributes,
    batch,
    cumulativetodelta,
    deltatorate,
    filter,
    memoryLimiter,
    metricstransform,
    resource,
    semconv,
  ],
  exporters: [cri, debug, file, otlpGrpc, otlpHttp, prometheus, prometheusRemoteWrite],
  extensions: [
    basicauth,
    bearertokenauth,
    compatCgroup,
    fileStorage,
    healthCheck,
    workloadObserver,
    zpages,
  ],
};
