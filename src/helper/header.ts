/** True for a name that a header may have in HTTP and in gRPC. */
export function isHeaderName(name: string): boolean {
  return /^[0-9A-Za-z_.-]+$/.test(name);
}

/** True for what every protocol takes as the value of a header: visible ASCII, and spaces. */
export function isHeaderValue(value: string): boolean {
  return /^[ -~]*$/.test(value);
}
