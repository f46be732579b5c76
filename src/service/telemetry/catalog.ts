/** How much of the agent's own metrics is asked for; each level has those of the ones before it. */
type Level = 'basic' | 'normal' | 'detailed';

/** What an own metric is. */
export interface OwnMetric {
  readonly level: Level;
  readonly type: 'counter' | 'gauge';
  /** UCUM, as OTLP has it. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const POINTS = '{datapoints}';

/**
 * Every own metric by name. `otelcol_*` are the Collector's
 * (https://opentelemetry.io/docs/collector/internal-telemetry/), `sandgauge_*` what it has no word for.
 */
export const OWN_METRICS: Readonly<Record<string, OwnMetric>> = {
  otelcol_receiver_accepted_metric_points: counter(POINTS, ['receiver'], 'Points handed on'),
  otelcol_receiver_refused_metric_points: counter(
    POINTS,
    ['receiver'],
    'Points that a processor or an exporter refused',
  ),
  otelcol_scraper_scraped_metric_points: counter(
    POINTS,
    ['receiver', 'scraper'],
    'Points that passes over the source brought',
  ),
  otelcol_scraper_errored_metric_points: counter(
    POINTS,
    ['receiver', 'scraper'],
    'Passes that failed or were late, and failures in part',
  ),
  otelcol_processor_incoming_items: counter('{items}', ['processor'], 'Points that went in'),
  otelcol_processor_outgoing_items: counter('{items}', ['processor'], 'Points that came out'),
  otelcol_processor_refused_metric_points: counter(
    POINTS,
    ['processor'],
    'Points that the processor refused',
  ),
  sandgauge_processor_dropped_points: counter(
    POINTS,
    ['processor', 'reason'],
    'Points left out: too many series (max_series), late, invalid, a reset, or a collision of names',
  ),
  otelcol_exporter_sent_metric_points: counter(POINTS, ['exporter'], 'Points taken over'),
  otelcol_exporter_send_failed_metric_points: counter(
    POINTS,
    ['exporter'],
    'Points that the exporter refused or could not send',
  ),
  otelcol_exporter_enqueue_failed_metric_points: counter(
    POINTS,
    ['exporter'],
    'Points that found no room in the sending queue',
  ),
  otelcol_exporter_queue_size: gauge('{batches}', ['exporter'], 'How full the sending queue is'),
  otelcol_exporter_queue_capacity: gauge('{batches}', ['exporter'], 'How much it holds'),
  sandgauge_storage_size_bytes: gauge('By', ['storage'], 'Length of all files of a file_storage'),
  sandgauge_storage_damaged_records: counter(
    '{records}',
    ['storage'],
    'Stored records that were torn or damaged, and were left out',
  ),
  otelcol_process_cpu_seconds: counter('s', [], 'CPU time of the agent, user and system'),
  otelcol_process_uptime: counter('s', [], 'Time since the start of the agent'),
  otelcol_process_memory_rss: gauge('By', [], 'Resident memory of the agent'),
  otelcol_process_runtime_heap_alloc_bytes: gauge('By', [], 'Objects on the heap of JavaScript'),
  otelcol_process_runtime_total_sys_memory_bytes: gauge(
    'By',
    [],
    'Memory that the runtime took from the system for its heap and for buffers',
  ),
  sandgauge_process_eventloop_busy_seconds: counter(
    's',
    [],
    'Time in which the event loop was not waiting',
    'detailed',
  ),
  sandgauge_source_state: gauge(
    '{sources}',
    ['source', 'state'],
    'absent, denied, failing or up: 1 at the state of the receiver, 0 at the others',
  ),
  sandgauge_source_sandboxes: gauge(
    '{sandboxes}',
    ['source', 'state'],
    'How many sandboxes are in each state',
    'normal',
  ),
  sandgauge_source_daemons: gauge(
    '{daemons}',
    ['source', 'state'],
    'How many daemons of libvirt are in each state',
    'normal',
  ),
  sandgauge_source_domains: gauge(
    '{domains}',
    ['source', 'state'],
    'How many domains of libvirt answer (up) and hang (failing)',
    'normal',
  ),
  sandgauge_source_last_success_timestamp_seconds: gauge(
    's',
    ['source'],
    'When the source was last read whole, since the epoch',
    'normal',
  ),
  sandgauge_source_read_duration_seconds: gauge(
    's',
    ['source'],
    'How long the last pass over the source took',
    'normal',
  ),
  sandgauge_source_failures: counter(
    '{failures}',
    ['source'],
    'Reads of the source, or of a sandbox of it, that failed or were late; writes to its storage',
  ),
  sandgauge_source_dropped_points: counter(
    POINTS,
    ['source'],
    'Points left out: not a number, negative, or a counter that went back',
  ),
  sandgauge_source_left_out_cgroups: counter(
    '{cgroups}',
    ['source'],
    'Cgroups over the limits of the receiver, which have no rows',
  ),
  sandgauge_observer_withheld_workloads: counter(
    '{workloads}',
    [],
    'Containers in pods without rows, as their names are not known',
  ),
  sandgauge_exporter_duplicate_points: counter(
    POINTS,
    ['exporter'],
    'Points refused, as another series has their name and labels',
  ),
  sandgauge_exporter_refused_points: counter(
    POINTS,
    ['exporter', 'reason'],
    'Points that the exporter cannot print',
  ),
  sandgauge_http_server_refused_requests: counter(
    '{requests}',
    ['server', 'reason'],
    'Requests that were not answered',
    'normal',
  ),
  sandgauge_http_server_dropped_connections: counter(
    '{connections}',
    ['server', 'reason'],
    'Connections that were cut or refused',
    'normal',
  ),
  sandgauge_config_file_reloads: counter(
    '{reloads}',
    ['file', 'result'],
    'Times that a file which the configuration names was read again',
    'normal',
  ),
  sandgauge_telemetry_push_failures: counter(
    '{pushes}',
    [],
    'Pushes of own metrics that did not arrive',
  ),
};

const LEVELS = ['none', 'basic', 'normal', 'detailed'];

/** Tells whether a level has a metric; one that is not in the catalog is of `normal`. */
export function hasMetric(level: string, name: string): boolean {
  const wanted = OWN_METRICS[name]?.level ?? 'normal';
  return LEVELS.indexOf(wanted) <= LEVELS.indexOf(level);
}

function counter(
  unit: string,
  labels: readonly string[],
  help: string,
  level: Level = 'basic',
): OwnMetric {
  return { level, type: 'counter', unit, labels, help };
}

function gauge(
  unit: string,
  labels: readonly string[],
  help: string,
  level: Level = 'basic',
): OwnMetric {
  return { level, type: 'gauge', unit, labels, help };
}
