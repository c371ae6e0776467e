// Undoes the x86 branch filter of xz ("BCJ", LZMA SDK, public domain): before compression the operands of call and jmp were made
// absolute, which repeats more often. Which E8/E9 bytes count as branches depends on those just before.

const ALLOWED_AFTER: readonly boolean[] = [true, true, true, false, true, false, false, false];
const BYTE_OF_MASK: readonly number[] = [0, 1, 2, 2, 3, 3, 3, 3];

const isSignByte = (byte: number): boolean => byte === 0 || byte === 0xff;

/** Works in place; `start` is the position of the first byte in the filtered stream. */
export function undoX86Filter(bytes: Uint8Array, start = 0): void {
  let mask = 0;
  let previous = -1;
  let at = 0;
  while (at + 4 < bytes.length) {
    if ((bytes[at]! & 0xfe) !== 0xe8) {
      at++;
      continue;
    }
    const distance = at - previous;
    previous = at;
    mask = distance > 3 ? 0 : (mask << (distance - 1)) & 7;
    const isHidden = mask !== 0 && (!ALLOWED_AFTER[mask] || isSignByte(bytes[at + 4 - BYTE_OF_MASK[mask]!]!));
    if (isHidden || !isSignByte(bytes[at + 4]!)) {
      mask = ((mask << 1) & 7) | 1;
      at++;
      continue;
    }
    storeOperand(bytes, at + 1, relative(readOperand(bytes, at + 1), start + at + 5, mask));
    at += 5;
  }
}

function relative(operand: number, next: number, mask: number): number {
  for (let source = operand; ; ) {
    const target = (source - next) | 0;
    if (mask === 0) return target;
    const shift = BYTE_OF_MASK[mask]! * 8;
    if (!isSignByte((target >>> (24 - shift)) & 0xff)) return target;
    source = target ^ (2 ** (32 - shift) - 1);
  }
}

const readOperand = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
function storeOperand(bytes: Uint8Array, at: number, operand: number): void {
  bytes[at] = operand;
  bytes[at + 1] = operand >>> 8;
  bytes[at + 2] = operand >>> 16;
  // 25-bit operands are sign-extended.
  bytes[at + 3] = operand & 0x100_0000 ? 0xff : 0;
}
