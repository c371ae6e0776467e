// The ABI file (`.kabi`): one kernel release, ready to be used where it lies. Opening it reads the header; each lookup decodes
// only what it needs. All numbers are little endian; `u24` is a three-byte number; `varint` is LEB128, `zigzag` signed LEB128.
//
// header    'KABI', u32 version, then {u32 offset, u32 size} per section in the order of SECTIONS
// identity  release, version, vermagic, NUL-terminated each, then u32 bytes of the static per-CPU section
// blocks    u24 per block of 16 strings: its offset in `strings`
// strings   all names, sorted by bytes, Latin-1. First string of a block: varint length, bytes. The others: varint bytes
//           shared with the string before, varint bytes that follow, these bytes. A name elsewhere is a u24 string number;
//           number 0 is the empty string. String numbers sort as the strings do.
// types     records, see below; a reference is the u24 offset of a record in this section, 0 is void
// composites, typedefs, enums, functions
//           indices sorted by name: {u24 name, u24 type} (a struct or union; a typedef; an enum; the function type of a symbol)
// enumerators  sorted by name: {u24 name, u24 enum type}
// owners    varint count, then u24 name each: 'vmlinux' and the modules that export symbols
// exports   sorted by name: {u24 name, u32 crc, u24 namespace, u16 owner, u8 flags: 1 GPL only, 2 has a CRC}
// percpu    sorted by name: {u24 name, u24 type, u32 offset, u32 size}
//
// A type record begins with a byte: kind (low 5 bits, TYPE_KIND) and flags.
//   int, float  u24 name, u8 size          flags: 1 signed, 2 bool
//   pointer, const, volatile, restrict     u24 to
//   typedef     u24 name, u24 to
//   forward     u24 name                   flag: 1 union
//   array       u24 of, varint length
//   struct, union  u24 name, u32 size, u16 count, members {u24 name, u24 type, u32 offset in bits}
//               flag 1: the top byte of each offset is the width of a bit field, as in BTF
//   enum        u24 name, u8 size, varint count, enumerators {u24 name, zigzag value}   flag: 1 signed
//   function    u24 returns, u8 count, parameters {u24 name, u24 type}   flag: 1 variadic

export const MAGIC = 0x4942414b;
export const FORMAT_VERSION = 1;

export const SECTIONS = ['identity', 'blocks', 'strings', 'types', 'composites', 'typedefs', 'enums', 'functions', 'enumerators', 'owners', 'exports', 'percpu'] as const;
export type SectionName = (typeof SECTIONS)[number];
export const HEADER_SIZE = 8 + 8 * SECTIONS.length;

export const STRINGS_PER_BLOCK = 16;
export const BLOCK_ENTRY = 3;
export const MEMBER_SIZE = 10;
export const PARAMETER_SIZE = 6;

export const INDEX_ENTRY = 6;
export const EXPORT_ENTRY = 13;
export const PERCPU_ENTRY = 14;
export const EXPORT_GPL = 1;
export const EXPORT_HAS_CRC = 2;

export const TYPE_KIND = {
  void: 0, int: 1, float: 2, pointer: 3, const: 4, volatile: 5, restrict: 6, typedef: 7, forward: 8, array: 9, struct: 10, union: 11, enum: 12, function: 13,
} as const;
export const FLAG_1 = 0x20;
export const FLAG_2 = 0x40;
