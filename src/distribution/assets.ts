declare const SANDGAUGE_DEFAULT_CONFIG: string;
declare const SANDGAUGE_VERSION: string;

/** The default pipelines, otel-collector.yaml, as the build put them in. */
export function defaultConfig(): string {
  return SANDGAUGE_DEFAULT_CONFIG;
}

/** The version of this build. */
export function version(): string {
  return SANDGAUGE_VERSION;
}
