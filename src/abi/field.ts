// Reads and writes one scalar of a struct in RAM. A 64-bit `long` or pointer is read as a signed number, which is exact for
// every kernel address, user address and small value; `long long` is a bigint of its own signedness.

import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import { AbiError, type CType, type Field } from './abi.ts';

export class StructField implements Field {
  readonly name: string;
  readonly offset: number;
  readonly type: CType;
  readonly bitOffset: number;
  readonly bitSize: number;

  constructor(name: string, type: CType, offset: number, bitOffset = 0, bitSize = 0) {
    this.name = name;
    this.type = type;
    this.offset = offset;
    this.bitOffset = bitOffset;
    this.bitSize = bitSize;
  }

  read(ram: Ram, base: Ptr): number | bigint {
    if (this.bitSize > 0) return this.#readBits(ram, base);
    const addr = base + this.offset;
    const { kind, sizeBytes, isSigned, isLongLong } = this.type;
    this.#checkScalar();
    if (kind === 'float') return sizeBytes === 4 ? ram.view.getFloat32(ram.offset(addr, 4), true) : ram.view.getFloat64(ram.offset(addr, 8), true);
    switch (sizeBytes) {
      case 1: return isSigned ? ram.readI8(addr) : ram.readU8(addr);
      case 2: return isSigned ? ram.readI16(addr) : ram.readU16(addr);
      case 4: return isSigned ? ram.readI32(addr) : ram.readU32(addr);
      default: return isLongLong ? (isSigned ? ram.readI64(addr) : ram.readU64(addr)) : ram.readPtr(addr);
    }
  }

  write(ram: Ram, base: Ptr, value: number | bigint): void {
    if (this.bitSize > 0) {
      this.#writeBits(ram, base, value);
      return;
    }
    const addr = base + this.offset;
    const { kind, sizeBytes } = this.type;
    this.#checkScalar();
    if (kind === 'float') {
      if (sizeBytes === 4) ram.view.setFloat32(ram.offset(addr, 4, true), Number(value), true);
      else ram.view.setFloat64(ram.offset(addr, 8, true), Number(value), true);
      return;
    }
    switch (sizeBytes) {
      case 1: ram.writeU8(addr, Number(value)); break;
      case 2: ram.writeU16(addr, Number(value)); break;
      case 4: ram.writeU32(addr, Number(value)); break;
      default:
        if (typeof value === 'bigint') ram.writeU64(addr, value);
        else ram.writePtr(addr, value);
    }
  }

  #checkScalar(): void {
    const { kind, sizeBytes } = this.type;
    const isScalar = kind === 'int' || kind === 'bool' || kind === 'char' || kind === 'enum' || kind === 'pointer' || kind === 'float';
    if (!isScalar || (sizeBytes !== 1 && sizeBytes !== 2 && sizeBytes !== 4 && sizeBytes !== 8)) throw new AbiError(`${this.name} is no scalar: ${this.type.spelling}`);
  }

  /** The bytes that hold a bit field: at most nine, when a 64-bit one begins inside a byte. */
  get #spanBytes(): number { return (this.bitOffset + this.bitSize + 7) >> 3; }

  #readBits(ram: Ram, base: Ptr): number | bigint {
    const bytes = ram.bytes(base + this.offset, this.#spanBytes);
    let all = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) all = (all << 8n) | BigInt(bytes[i]!);
    const bits = all >> BigInt(this.bitOffset);
    const value = this.type.isSigned ? BigInt.asIntN(this.bitSize, bits) : BigInt.asUintN(this.bitSize, bits);
    return this.type.isLongLong || this.bitSize > 53 ? value : Number(value);
  }

  #writeBits(ram: Ram, base: Ptr, value: number | bigint): void {
    const addr = base + this.offset;
    const start = ram.offset(addr, this.#spanBytes, true);
    const bytes = ram.u8.subarray(start, start + this.#spanBytes);
    let rest = BigInt.asUintN(this.bitSize, BigInt(value)) << BigInt(this.bitOffset);
    let mask = ((1n << BigInt(this.bitSize)) - 1n) << BigInt(this.bitOffset);
    for (let i = 0; i < bytes.length; i++) {
      const keep = ~Number(mask & 0xffn);
      bytes[i] = (bytes[i]! & keep) | Number(rest & 0xffn);
      rest >>= 8n;
      mask >>= 8n;
    }
  }
}
