// Guest text is bytes, one character each. The `latin1` of TextDecoder is windows-1252 in browsers, which changes 0x80-0x9f; it is
// used, because it is fast, only where it is what it says.

const decoder = new TextDecoder('latin1');
const isFaithful = decoder.decode(Uint8Array.of(0x80, 0x9f)) === '\x80\x9f';
const SHORT = 16;
const CHUNK = 4096;

/** Bytes [start, end) as a string of characters 0-255. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (isFaithful && end - start > SHORT) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i += CHUNK) text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(end, i + CHUNK)) as unknown as number[]);
  return text;
}

/** The NUL-terminated string at `start`, cut at `limit` when no NUL comes before it. */
export function latin1z(bytes: Uint8Array, start: number, limit = bytes.length): string {
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return latin1(bytes, start, end);
}
