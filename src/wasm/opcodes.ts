// The WebAssembly instructions that kobox emits, by their names in the text format. The encoder takes codes from here, the
// text printer takes names and operand kinds. Exceptions are the legacy form (try / catch_all / rethrow): Node 20 and every
// browser run it; the newer exnref form is not in Node 20.

export const OP = {
  'unreachable': 0x00, 'nop': 0x01, 'block': 0x02, 'loop': 0x03, 'if': 0x04, 'else': 0x05,
  'try': 0x06, 'catch': 0x07, 'throw': 0x08, 'rethrow': 0x09, 'end': 0x0b,
  'br': 0x0c, 'br_if': 0x0d, 'br_table': 0x0e, 'return': 0x0f, 'call': 0x10, 'call_indirect': 0x11,
  'catch_all': 0x19, 'drop': 0x1a, 'select': 0x1b,
  'local.get': 0x20, 'local.set': 0x21, 'local.tee': 0x22, 'global.get': 0x23, 'global.set': 0x24,
  'i32.load': 0x28, 'i64.load': 0x29, 'i32.load8_s': 0x2c, 'i32.load8_u': 0x2d, 'i32.load16_s': 0x2e, 'i32.load16_u': 0x2f,
  'i64.load8_s': 0x30, 'i64.load8_u': 0x31, 'i64.load16_s': 0x32, 'i64.load16_u': 0x33, 'i64.load32_s': 0x34, 'i64.load32_u': 0x35,
  'i32.store': 0x36, 'i64.store': 0x37, 'i32.store8': 0x3a, 'i32.store16': 0x3b,
  'i64.store8': 0x3c, 'i64.store16': 0x3d, 'i64.store32': 0x3e,
  'i32.const': 0x41, 'i64.const': 0x42,
  'i32.eqz': 0x45, 'i32.eq': 0x46, 'i32.ne': 0x47, 'i32.lt_s': 0x48, 'i32.lt_u': 0x49, 'i32.gt_s': 0x4a, 'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c, 'i32.le_u': 0x4d, 'i32.ge_s': 0x4e, 'i32.ge_u': 0x4f,
  'i64.eqz': 0x50, 'i64.eq': 0x51, 'i64.ne': 0x52, 'i64.lt_s': 0x53, 'i64.lt_u': 0x54, 'i64.gt_s': 0x55, 'i64.gt_u': 0x56,
  'i64.le_s': 0x57, 'i64.le_u': 0x58, 'i64.ge_s': 0x59, 'i64.ge_u': 0x5a,
  'i32.clz': 0x67, 'i32.ctz': 0x68, 'i32.popcnt': 0x69, 'i32.add': 0x6a, 'i32.sub': 0x6b, 'i32.mul': 0x6c,
  'i32.div_s': 0x6d, 'i32.div_u': 0x6e, 'i32.rem_s': 0x6f, 'i32.rem_u': 0x70, 'i32.and': 0x71, 'i32.or': 0x72, 'i32.xor': 0x73,
  'i32.shl': 0x74, 'i32.shr_s': 0x75, 'i32.shr_u': 0x76, 'i32.rotl': 0x77, 'i32.rotr': 0x78,
  'i64.clz': 0x79, 'i64.ctz': 0x7a, 'i64.popcnt': 0x7b, 'i64.add': 0x7c, 'i64.sub': 0x7d, 'i64.mul': 0x7e,
  'i64.div_s': 0x7f, 'i64.div_u': 0x80, 'i64.rem_s': 0x81, 'i64.rem_u': 0x82, 'i64.and': 0x83, 'i64.or': 0x84, 'i64.xor': 0x85,
  'i64.shl': 0x86, 'i64.shr_s': 0x87, 'i64.shr_u': 0x88, 'i64.rotl': 0x89, 'i64.rotr': 0x8a,
  'i32.wrap_i64': 0xa7, 'i64.extend_i32_s': 0xac, 'i64.extend_i32_u': 0xad,
  'i32.extend8_s': 0xc0, 'i32.extend16_s': 0xc1, 'i64.extend8_s': 0xc2, 'i64.extend16_s': 0xc3, 'i64.extend32_s': 0xc4,
} as const;
export type OpName = keyof typeof OP;

/** Instructions behind the 0xfc prefix. */
export const OP_FC = { 'memory.copy': 10, 'memory.fill': 11 } as const;
export const PREFIX_FC = 0xfc;

/** Value and block types as their encoded bytes. */
export const I32 = 0x7f, I64 = 0x7e, EMPTY = 0x40;
export type ValueType = typeof I32 | typeof I64;

/** What follows an opcode byte. */
export type Immediate = 'none' | 'block' | 'index' | 'table' | 'call_indirect' | 'memarg' | 'i32' | 'i64';
export const immediateOf = (code: number): Immediate => {
  if (code === OP.block || code === OP.loop || code === OP.if || code === OP.try) return 'block';
  if (code === OP.br_table) return 'table';
  if (code === OP.call_indirect) return 'call_indirect';
  if (code === OP['i32.const']) return 'i32';
  if (code === OP['i64.const']) return 'i64';
  if (code >= OP['i32.load'] && code <= OP['i64.store32']) return 'memarg';
  if (code === OP.br || code === OP.br_if || code === OP.call || code === OP.rethrow || code === OP.catch || code === OP.throw) return 'index';
  if (code >= OP['local.get'] && code <= OP['global.set']) return 'index';
  return 'none';
};
