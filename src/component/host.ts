import type { Resource } from '../pdata/series.ts';
import type { Exporter, Extension } from './component.ts';

/** What the service offers to the components it runs. */
export interface Host {
  /** What every series of this node is about. */
  readonly resource: Resource;
  /** The extension with this id, or the only one of that type; undefined when there is none. */
  extension(typeOrId: string): Extension | undefined;
  /**
   * Makes the on-demand receivers upstream of an exporter read now, then flushes the processors
   * between. Concurrent callers share a collection. `deadline` is in ms of performance.now().
   * Never rejects: a source that fails or is late is counted, said once, and left out.
   */
  collect(exporter: Exporter, deadline: number): Promise<void>;
}
