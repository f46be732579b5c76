/** What one request may show. */
export interface Look {
  /** Rows of this collection or a later one. */
  readonly generation: number;
}

/** Keeps what is shown fresh. */
export interface Collections {
  /** The generation that batches which come now belong to. */
  readonly current: number;
  /** A collection that is fresh enough, made if there is none. */
  look(deadline: number): Promise<Look>;
  /** Looks, and looks again at what is there right now while `find` finds nothing. */
  find<T>(find: (look: Look) => T | undefined, deadline: number): Promise<T | undefined>;
}

/** How collections are made. */
export interface CollectionSettings {
  /** True when each request asks for one (`collect_on_scrape`). */
  readonly asks: boolean;
  readonly maxAgeMillis: number;
  /** Makes the receivers read; `deadline` is in ms of performance.now(). Concurrent passes are shared. */
  collect(deadline: number): Promise<void>;
  /** Drops what is too old. */
  expire(): void;
}

/** The pass that a miss joins may have listed before the request came: one more cannot have. */
const MISSES = 2;

/** Makes the collections of an exporter. */
export function createCollections(settings: CollectionSettings): Collections {
  const { asks, maxAgeMillis } = settings;
  let current = 0;
  let latest: { readonly at: number; readonly generation: number } | undefined;
  return {
    get current() {
      return current;
    },
    look,
    find,
  };

  async function look(deadline: number): Promise<Look> {
    const now = performance.now();
    if (latest !== undefined && now - latest.at < maxAgeMillis) return latest;
    if (asks) return collect(now, deadline);
    settings.expire();
    latest = { at: now, generation: 0 };
    return latest;
  }

  async function collect(now: number, deadline: number): Promise<Look> {
    const made = { at: now, generation: asks ? ++current : 0 };
    await settings.collect(deadline);
    settings.expire();
    if (latest === undefined || latest.at <= now) latest = made;
    return made;
  }

  async function find<T>(
    search: (look: Look) => T | undefined,
    deadline: number,
  ): Promise<T | undefined> {
    let found = search(await look(deadline));
    for (let tries = 0; found === undefined && tries < MISSES; tries++) {
      found = search(await collect(performance.now(), deadline));
    }
    return found;
  }
}
