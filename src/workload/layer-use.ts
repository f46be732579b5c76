/** What the writable layer of a container holds: what it wrote to its root file system. */
export interface LayerUse {
  readonly bytes: number;
  /** Undefined where the host does not know how many files there are. */
  readonly inodes: number | undefined;
  /** Size of the file system that holds the layer; undefined where it is not in sight. */
  readonly limitBytes: number | undefined;
  /** Its device, by cAdvisor's name. */
  readonly device: string;
  /** When it was measured, in ms since the epoch. */
  readonly time: number;
}
