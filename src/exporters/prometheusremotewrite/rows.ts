import { hash } from 'node:crypto';

/** A time series of the other side, and what it was last told of it. */
export interface Row {
  /** Its labels, encoded. */
  readonly block: Buffer;
  /** The series or resource that speaks for it; undefined once that has ended. */
  owner: object | undefined;
  last: Sample | undefined;
  /** When its owner last spoke, in ms of performance.now(). */
  heardAt: number;
}

/** A value of a row; of several in a batch each leads to the next. */
export interface Sample {
  readonly row: Row;
  /** Since the epoch, whole. */
  readonly millis: number;
  /** Undefined where the row has ended. */
  readonly value: number | undefined;
  /** Data points that it stands for: 1 for the first row of a point, else 0. */
  readonly points: number;
  /** The number of the batch that it came with. */
  readonly batch: number;
  next: Sample | undefined;
}

/** Every row that was spoken of of late, each with one owner at a time. */
export interface Rows {
  /** The row with these labels, which is this owner's from now on, or why it cannot be had. */
  claim(owner: object, block: Buffer, now: number): Row | 'duplicate' | 'overflow';
  /** Forgets rows of which nobody spoke since then; gives those who owned one. */
  expire(since: number): Set<object>;
}

/**
 * Makes an empty list of at most `maxRows`. A row outlives its owner, since the next one, with the
 * same labels, must not speak of a time before that.
 */
export function createRows(maxRows: number): Rows {
  const rows = new Map<string, Row>();
  return { claim, expire };

  function claim(owner: object, block: Buffer, now: number): Row | 'duplicate' | 'overflow' {
    const key = hash('sha256', block, 'binary');
    const known = rows.get(key);
    if (known !== undefined) {
      if (known.owner !== undefined && known.owner !== owner) return 'duplicate';
      known.owner = owner;
      known.heardAt = now;
      return known;
    }
    if (rows.size >= maxRows) return 'overflow';
    const row: Row = { block, owner, last: undefined, heardAt: now };
    rows.set(key, row);
    return row;
  }

  function expire(since: number): Set<object> {
    const owners = new Set<object>();
    for (const [key, { heardAt, owner }] of rows) {
      if (heardAt >= since) continue;
      rows.delete(key);
      if (owner !== undefined) owners.add(owner);
    }
    return owners;
  }
}
