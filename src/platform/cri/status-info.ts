import * as z from 'zod/mini';

/** What a verbose status tells of a container or a pod; the rest of its JSON is each runtime's own. */
export interface StatusInfo {
  /** The OCI config that it was started with, as parsed JSON. */
  readonly spec: unknown;
  /** The binary behind a runc shim, else the type of the shim, such as `io.containerd.kata.v2`. */
  readonly runtime: string | undefined;
  /** The image of a pod's own container. */
  readonly image: string | undefined;
}

const text = z.catch(z.optional(z.string().check(z.maxLength(4096))), undefined);
const INFO = z.object({
  runtimeSpec: z.unknown(),
  runtimeType: text,
  runtimeOptions: z.catch(z.nullish(z.object({ binary_name: text, BinaryName: text })), undefined),
  image: text,
});

/** Reads what containerd and CRI-O put under `info`. Undefined where a runtime tells nothing there. */
export function parseStatusInfo(info: Readonly<Record<string, string>>): StatusInfo | undefined {
  const parsed = INFO.safeParse(readJson(info.info));
  if (!parsed.success) return undefined;
  const { runtimeSpec: spec, runtimeType, runtimeOptions, image } = parsed.data;
  const binary = runtimeOptions?.binary_name || runtimeOptions?.BinaryName;
  const runtime = binary?.slice(binary.lastIndexOf('/') + 1) || runtimeType || undefined;
  return { spec, runtime, image: image || undefined };
}

/** What is nested too deep is no JSON to V8 either. */
function readJson(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '');
  } catch {
    return undefined;
  }
}
