const NANOS_PER_SECOND = 1_000_000_000;
const NANOS_PER_MILLI = 1_000_000;

/**
 * Seconds as whole nanoseconds, exact for what the double tells: the whole part never passes through a
 * product that has no room for it. A larger value never gives less.
 */
export function nanosOfSeconds(seconds: number): bigint {
  return nanosOf(seconds, NANOS_PER_SECOND);
}

/** Milliseconds since the epoch as whole nanoseconds. */
export function nanosOfMillis(millis: number): bigint {
  return nanosOf(millis, NANOS_PER_MILLI);
}

function nanosOf(value: number, scale: number): bigint {
  const whole = Math.floor(value);
  return BigInt(whole) * BigInt(scale) + BigInt(Math.round((value - whole) * scale));
}
