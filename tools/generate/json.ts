const WIDTH = 100;

/** JSON with each list and object on one line where that is short enough. */
export function jsonText(value: unknown): string {
  return `${print(value, '', 0)}\n`;
}

function print(value: unknown, indent: string, used: number): string {
  const short = oneLine(value);
  if (indent.length + used + short.length < WIDTH || typeof value !== 'object') return short;
  const below = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = Object.entries(value as object).map(([key, item]) => {
    const label = Array.isArray(value) ? '' : `${JSON.stringify(key)}: `;
    return `${below}${label}${print(item, below, label.length)}`;
  });
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const fields = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
