// CRC-32 as gzip, xz and Ethernet have it (polynomial 0xedb88320, reflected).

/** Entries are linear in their bits: those of single bits by shifting, the others by adding them up. */
function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  let crc = 1;
  for (let bit = 128; bit > 0; bit >>= 1) {
    crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
    for (let byte = 0; byte < 256; byte += 2 * bit) table[byte + bit] = table[byte]! ^ crc;
  }
  return table;
}
const TABLE = makeTable();

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
