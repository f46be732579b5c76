import type { YAMLError } from 'yaml';

/** Problems whose own text may repeat the file's, where secrets stand. */
const TEXTS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias cannot have a tag or an anchor',
  BAD_ALIAS: 'this is no name of an anchor; a value that begins with & or * needs quotes',
  BAD_DIRECTIVE: 'unknown directive; a value that begins with % needs quotes',
  BAD_DQ_ESCAPE:
    'invalid escape in double quotes: write \\\\ for a backslash, or use single quotes',
  BAD_PROP_ORDER: 'a tag or an anchor stands in the wrong place',
  BAD_SCALAR_START: 'a value that begins with @, ` or % needs quotes',
  DUPLICATE_KEY: 'Map keys must be unique',
  MULTIPLE_DOCS: 'there is a second document after ---; give each as a --config of its own',
  NON_STRING_KEY: 'a key must be a plain word or text',
  RESOURCE_EXHAUSTION: 'nested too deep',
  TAB_AS_INDENT: 'a tab is not allowed as indentation, use spaces',
  TAG_RESOLVE_FAILED: 'this tag is not supported; a value that begins with ! needs quotes',
  UNEXPECTED_TOKEN: 'unexpected text; check indentation, quotes and brackets of this line',
};

/** What is wrong with a document, without any of its text. */
export function problemText({ code, message }: YAMLError): string {
  return TEXTS[code] ?? message;
}
