type Labels = Readonly<Record<string, string>>;

/** What a request may choose by; what is '' or empty chooses nothing. */
export interface Filter {
  /** The first characters of an id, or all of it. */
  readonly id: string;
  readonly sandboxId?: string;
  readonly label_selector: Labels;
}

/** What can be chosen. */
interface Chosen {
  readonly id: string;
  readonly sandboxId?: string;
  readonly labels: Labels;
}

/** Those that fit every part of a filter; without one all do. */
export function choose<T extends Chosen>(all: readonly T[], filter: Filter | undefined): T[] {
  if (filter === undefined) return [...all];
  const { id, sandboxId = '', label_selector } = filter;
  const wanted = Object.entries(label_selector);
  return all.filter(
    (each) =>
      each.id.startsWith(id) &&
      (sandboxId === '' || (each.sandboxId ?? '').startsWith(sandboxId)) &&
      wanted.every(([name, value]) => each.labels[name] === value),
  );
}
