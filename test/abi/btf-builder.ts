// Builds BTF files for tests, well-formed or not: every field of every record can be set to anything.

import { KIND } from '../../src/abi/btf/btf-types.ts';

type KindName = keyof typeof KIND;

export class BtfBuilder {
  readonly #types: number[] = [];
  readonly #strings: number[] = [0];
  readonly #nameStart: number;
  #nextId: number;

  /** A split file goes on where its base ends. */
  constructor(base: { firstId: number; stringsSize: number } = { firstId: 1, stringsSize: 0 }) {
    this.#nextId = base.firstId;
    this.#nameStart = base.stringsSize;
    if (base.stringsSize > 0) this.#strings.length = 0;
  }

  name(text: string): number {
    if (text === '') return 0;
    const at = this.#nameStart + this.#strings.length;
    for (const char of text) this.#strings.push(char.charCodeAt(0));
    this.#strings.push(0);
    return at;
  }
  /** One record; `words` follow its header. Returns its id. */
  type(kind: KindName | number, name: string, sizeOrType: number, words: readonly number[] = [], vlen = 0, flag = false): number {
    const kindNumber = typeof kind === 'number' ? kind : KIND[kind];
    this.#word(this.name(name), ((flag ? 0x8000_0000 : 0) | (kindNumber << 24) | vlen) >>> 0, sizeOrType, ...words);
    return this.#nextId++;
  }
  int(name: string, size: number, encoding = 0, bits = size * 8, shift = 0): number { return this.type('INT', name, size, [(encoding << 24) | (shift << 16) | bits]); }
  ptr(to: number): number { return this.type('PTR', '', to); }
  array(of: number, length: number): number { return this.type('ARRAY', '', 0, [of, of, length]); }
  struct(name: string, size: number, members: readonly [name: string, type: number, bitOffset: number, bitSize?: number][], kind: 'STRUCT' | 'UNION' = 'STRUCT'): number {
    const flag = members.some(([, , , bitSize]) => bitSize !== undefined);
    return this.type(kind, name, size, members.flatMap(([label, type, offset, bitSize = 0]) => [this.name(label), type, (offset | (bitSize << 24)) >>> 0]), members.length, flag);
  }
  enum(name: string, values: readonly [string, number][], size = 4, signed = false): number {
    return this.type('ENUM', name, size, values.flatMap(([label, value]) => [this.name(label), value >>> 0]), values.length, signed);
  }
  proto(returns: number, parameters: readonly [string, number][]): number {
    return this.type('FUNC_PROTO', '', returns, parameters.flatMap(([label, type]) => [this.name(label), type]), parameters.length);
  }
  func(name: string, proto: number): number { return this.type('FUNC', name, proto, [], 1); }

  get stringsSize(): number { return this.#nameStart + this.#strings.length; }
  get nextId(): number { return this.#nextId; }
  bytes(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(24 + this.#types.length + this.#strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [24, 0, this.#types.length, this.#types.length, this.#strings.length].forEach((word, i) => { view.setUint32(4 + 4 * i, word, true); });
    out.set(this.#types, 24);
    out.set(this.#strings, 24 + this.#types.length);
    return out;
  }

  #word(...words: number[]): void {
    for (const word of words) this.#types.push(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
  }
}

/** A file with every kind of type in it. */
export function everyKind(): BtfBuilder {
  const b = new BtfBuilder();
  const int = b.int('int', 4, 1);
  const u64 = b.int('long long unsigned int', 8);
  const bool = b.int('_Bool', 1, 4);
  const char = b.int('char', 1, 1);
  const double = b.type('FLOAT', 'double', 8);
  const myInt = b.type('TYPEDEF', 'my_int', b.type('CONST', '', b.type('VOLATILE', '', int)));
  const node = b.struct('node', 16, [['next', b.nextId + 1, 0], ['value', myInt, 64], ['flag', bool, 96]]);
  b.ptr(node);
  const bits = b.struct('bits', 16, [['low', int, 0, 3], ['high', int, 3, 7], ['wide', u64, 64, 60], ['last', u64, 124, 4]]);
  const anonymous = b.struct('', 8, [['a', u64, 0], ['b', int, 0]], 'UNION');
  b.struct('outer', 96, [['head', node, 0], ['', anonymous, 128], ['bits', bits, 192], ['names', b.array(b.array(char, 4), 3), 320], ['real', double, 448], ['rest', b.array(int, 0), 512]]);
  b.enum('color', [['RED', 0], ['GREEN', 1], ['MINUS', -1]], 4, true);
  b.type('ENUM64', 'big', 8, [b.name('HUGE'), 0xffff_ffff, 0xffff_ffff, b.name('FOUR'), 4, 0], 2);
  b.type('FWD', 'opaque', 0);
  b.type('FWD', 'opaque_union', 0, [], 0, true);
  const proto = b.proto(int, [['n', b.type('RESTRICT', '', b.ptr(node))], ['fmt', b.ptr(b.type('CONST', '', char))], ['', 0]]);
  const func = b.func('do_it', proto);
  b.type('DATASEC', '.data..percpu', 64, [b.type('VAR', 'counter', int, [1]), 32, 4], 1);
  b.type('DECL_TAG', 'tagged', func, [0xffff_ffff]);
  b.ptr(b.type('TYPE_TAG', 'user', int));
  return b;
}
