import type { Resource, Series } from '../../pdata/series.ts';
import type { Row } from './rows.ts';

/** The only row of a series or a resource, or several by what tells one from another. */
type Account = Row | Map<string, Row>;

/** Who has rows. A resource has its own for as long as it has series. */
export interface Accounts {
  of(owner: Series | Resource): Account | undefined;
  open(series: Series, account: Account): void;
  openResource(resource: Resource, account: Account): void;
  /** Closes that of a series, and of its resource where it was the last; gives their rows. */
  close(series: Series): Row[];
}

/** Makes an empty list. */
export function createAccounts(): Accounts {
  const accounts = new Map<Series | Resource, Account>();
  const seriesOf = new Map<Resource, number>();
  return { of: (owner) => accounts.get(owner), open, openResource, close };

  function open(series: Series, account: Account): void {
    accounts.set(series, account);
    seriesOf.set(series.resource, (seriesOf.get(series.resource) ?? 0) + 1);
  }

  function openResource(resource: Resource, account: Account): void {
    accounts.set(resource, account);
  }

  function close(series: Series): Row[] {
    const { resource } = series;
    if (!accounts.has(series)) return [];
    const left = (seriesOf.get(resource) ?? 0) - 1;
    if (left > 0) {
      seriesOf.set(resource, left);
      return take(series);
    }
    seriesOf.delete(resource);
    return [...take(series), ...take(resource)];
  }

  function take(owner: Series | Resource): Row[] {
    const account = accounts.get(owner);
    accounts.delete(owner);
    if (account === undefined) return [];
    return account instanceof Map ? [...account.values()] : [account];
  }
}
