/** A table of Markdown as the formatter leaves it; cells may hold any text of one line. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const escaped = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, i) => Math.max(3, ...escaped.map((row) => row[i]?.length ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [top = [], ...below] = escaped.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i] ?? 0)),
  );
  return [top, rule, ...below].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Puts a block between its markers. Throws, naming the file, when they are not there once. */
export function replaceBlock(path: string, text: string, name: string, block: string): string {
  const start = `<!-- generated: ${name} -->\n`;
  const end = '<!-- end -->';
  const parts = text.split(start);
  const [before = '', after = ''] = parts;
  const close = after.indexOf(end);
  if (parts.length !== 2 || close < 0) {
    throw new Error(`${path}: expected one "${start.trim()}" and "${end}" after it`);
  }
  return `${before}${start}\n${block}\n\n${after.slice(close)}`;
}
