/** A condition that only a bug of kobox can violate. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`kobox bug: ${message}`);
}
