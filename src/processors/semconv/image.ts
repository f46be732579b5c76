/** What an image reference tells, in the words of the conventions. */
export interface Image {
  readonly name: string;
  readonly id: string;
}

const IMAGE_ID = /^(?:[a-z0-9]+:)?[0-9a-f]{64}$/;

/** Splits `registry:5000/team/app:1.0@sha256:...`, or an id where the engine tells no name. */
export function parseImage(reference: string): Image {
  if (IMAGE_ID.test(reference)) return { name: '', id: reference };
  const [tagged = ''] = reference.split('@');
  return { name: tagged.replace(/:[^:/]*$/, ''), id: '' };
}
