// Guest text is bytes, one character each. TextDecoder('latin1') is windows-1252 in browsers, so it would change 0x80-0x9f.

/** Bytes [start, end) as a string of characters 0-255. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  if (end - start <= 48) {
    for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  for (let i = start; i < end; i += 4096) text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(end, i + 4096)) as unknown as number[]);
  return text;
}

/** The NUL-terminated string at `start`, cut at `limit` when no NUL comes before it. */
export function latin1z(bytes: Uint8Array, start: number, limit = bytes.length): string {
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return latin1(bytes, start, end);
}
