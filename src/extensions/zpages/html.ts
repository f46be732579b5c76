/** A piece of a page that is HTML already. */
export interface Html {
  readonly html: string;
}

/** What may stand in a page: HTML, a list of it, or a text of any content. */
type Content = Html | readonly Html[] | string | number;

/** Makes HTML of a template; every text in it is escaped. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return { html: String.raw({ raw: strings }, ...contents.map(htmlOf)) };
}

function htmlOf(content: Content): string {
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return 'html' in content ? content.html : content.map((each) => each.html).join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
