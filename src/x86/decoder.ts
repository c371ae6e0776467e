// Machine code -> Instruction, for 64-bit mode. Knows every integer and system instruction with its operands, and the name
// and length of the others (vector, x87). Bytes that are no instruction give mnemonic '(bad)'; nothing throws.

import { BAD, FS, GS, type Instruction, type MemoryOperand, NO_SEGMENT, type Operand, type RegisterFile, type Repeat, type Segment } from './instruction.ts';
import { CONDITION_NAMES } from './instruction.ts';
import { type Form, OpcodeMap } from './opcode-forms.ts';
import { map0f38, map0f3a, oneByteMap, twoByteMap, vexIntegerMaps } from './opcode-tables.ts';
import { sse0f, sse0f38, sse0f3a } from './sse-tables.ts';
import { VectorNames } from './vector-names.ts';

const MAX_LENGTH = 15;
const LOCKABLE = new Set('add or adc sbb and sub xor inc dec not neg bts btr btc xchg cmpxchg cmpxchg8b cmpxchg16b xadd'.split(' '));

/** Space of opcodes an instruction lives in; the first four are the legacy maps. */
const LEGACY_MAPS = [oneByteMap, twoByteMap, map0f38, map0f3a] as const;
/** SSE part of maps 1 to 3. */
const SSE_MAPS = [sse0f, sse0f38, sse0f3a] as const;

export class Decoder {
  private readonly maps: (OpcodeMap | undefined)[] = [];
  private readonly sseMaps: (OpcodeMap | undefined)[] = [];
  private readonly vexMaps: (OpcodeMap | undefined)[] = [];
  private readonly vectorNames = new VectorNames();

  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private at = 0;
  private pc = 0;

  // Prefixes of the instruction in hand.
  private rex = 0;
  private hasRex = false;
  private has66 = false;
  private has67 = false;
  private hasLock = false;
  /** The last of F2 and F3, or 0. */
  private repeatByte = 0;
  private segment: Segment = NO_SEGMENT;
  /** VEX.vvvv. */
  private vvvv = 0;

  private modrm = -1;
  private memory: MemoryOperand | undefined;
  private size: 1 | 2 | 4 | 8 = 4;

  /** Decodes the instruction at `bytes[offset]`, whose guest address is `pc`. */
  decode(bytes: Uint8Array, offset: number, pc: number): Instruction {
    this.bytes = bytes;
    this.start = offset;
    this.at = offset;
    this.pc = pc;
    this.rex = 0;
    this.hasRex = this.has66 = this.has67 = this.hasLock = false;
    this.repeatByte = 0;
    this.segment = NO_SEGMENT;
    this.modrm = -1;
    this.memory = undefined;
    const opcode = this.prefixes();
    if (opcode === 0x0f) return this.escaped();
    if (opcode === 0xc5 || opcode === 0xc4) return this.vex(opcode);
    if (opcode === 0x62) return this.evex();
    if (opcode === 0x8f && (this.peek() & 0x1f) >= 8) return this.xop();
    if (opcode >= 0xd8 && opcode <= 0xdf) return this.x87(opcode);
    return this.legacy(0, opcode);
  }

  private prefixes(): number {
    for (;;) {
      const byte = this.u8();
      switch (byte) {
        case 0x66: this.has66 = true; break;
        case 0x67: this.has67 = true; break;
        case 0xf0: this.hasLock = true; break;
        case 0xf2: case 0xf3: this.repeatByte = byte; break;
        case 0x64: this.segment = FS; break;
        case 0x65: this.segment = GS; break;
        case 0x26: case 0x2e: case 0x36: case 0x3e: break; // ignored in 64-bit mode
        default:
          if ((byte & 0xf0) !== 0x40) return byte;
          // A REX counts only right before the opcode.
          this.rex = byte;
          this.hasRex = true;
          if (this.at - this.start > MAX_LENGTH) return byte;
          continue;
      }
      this.rex = 0;
      this.hasRex = false;
      if (this.at - this.start > MAX_LENGTH) return byte;
    }
  }

  private escaped(): Instruction {
    const opcode = this.u8();
    if (opcode === 0x38) return this.legacy(2, this.u8());
    if (opcode === 0x3a) return this.legacy(3, this.u8());
    if (opcode === 0x0f) return this.threeDNow();
    return this.legacy(1, opcode);
  }

  private legacy(map: number, opcode: number): Instruction {
    const forms = (this.maps[map] ??= new OpcodeMap(LEGACY_MAPS[map]!())).lookup(opcode);
    const form = this.choose(forms);
    if (form) return this.finish(form, map, opcode);
    if (map === 0) return this.bad();
    const vector = this.choose((this.sseMaps[map] ??= new OpcodeMap(SSE_MAPS[map - 1]!())).lookup(opcode));
    if (vector) return this.finish(vector, map, opcode);
    if (this.modrm < 0) this.peekModrm();
    return this.named(this.vectorNames.legacy(map, opcode, this.mandatoryPrefix(), this.rex >> 3 & 1, this.modrm), map, opcode);
  }

  private choose(forms: readonly Form[]): Form | undefined {
    if (forms.length > 0 && forms[0]!.hasModrm) this.peekModrm();
    const prefix = this.mandatoryPrefix();
    const w = this.rex >> 3 & 1;
    for (let i = 0; i < forms.length; i++) {
      const form = forms[i]!;
      if (form.prefix >= 0 && form.prefix !== prefix && !(form.prefix === 0x66 && this.has66 && prefix === 0x66)) continue;
      if (form.modrm >= 0 && form.modrm !== this.modrm) continue;
      if (form.reg >= 0 && form.reg !== (this.modrm >> 3 & 7)) continue;
      if (form.mod >= 0 && form.mod !== (this.modrm >= 0xc0 ? 1 : 0)) continue;
      if (form.w >= 0 && form.w !== w) continue;
      if (form.needsRexB && (this.rex & 1) === 0) continue;
      return form;
    }
    return undefined;
  }

  private mandatoryPrefix(): number {
    return this.repeatByte !== 0 ? this.repeatByte : this.has66 ? 0x66 : 0;
  }

  /** ModRM is read but not consumed; `finish` and `named` consume it. */
  private peekModrm(): void { this.modrm = this.peek(); }

  private finish(form: Form, map: number, opcode: number): Instruction {
    const w = (this.rex & 8) !== 0;
    const hasOperandSize16 = this.has66 && form.prefix !== 0x66;
    switch (form.size) {
      case 'v': this.size = w ? 8 : hasOperandSize16 ? 2 : 4; break;
      case 'b': this.size = 1; break;
      case 'z': this.size = hasOperandSize16 && !w ? 2 : 4; break;
      case 'd64': this.size = hasOperandSize16 && !w ? 2 : 8; break;
      case 'f64': this.size = 8; break;
    }
    if (form.hasModrm) this.at++;
    // The displacement comes before immediates, whatever the order of the operands.
    const specs = form.operands;
    let memorySize = 0;
    const isMemory = form.hasModrm && this.modrm < 0xc0 && !(map === 1 && (opcode & 0xfc) === 0x20);
    if (isMemory) {
      for (const spec of specs) if (spec.letter === 'E' || spec.letter === 'M' || spec.letter === 'R' || spec.letter === 'W') memorySize = this.memorySizeOf(spec.letter, spec.size);
      this.memory = this.modrmMemory(memorySize, immediateBytes(specs, this.size));
    }
    const operands: Operand[] = [];
    for (const spec of specs) {
      const operand = this.operand(spec.letter, spec.size, opcode);
      if (!operand) return this.bad();
      operands.push(operand);
    }
    let mnemonic = form.mnemonic;
    if (mnemonic.includes('/')) mnemonic = mnemonic.split('/')[this.size === 2 ? 0 : this.size === 4 ? 1 : 2]!;
    else if (mnemonic.includes('?')) mnemonic = mnemonic.replace('?', CONDITION_NAMES[opcode & 15]!);
    if (operands.length > 0 && form.size === 'v' && map < 4) this.narrow(specs[0]!.size);
    if (this.hasLock && !(LOCKABLE.has(mnemonic) && operands[0]?.kind === 'mem')) return this.bad();
    return this.result(mnemonic, operands, map, opcode);
  }

  /** `size` of an instruction on bytes or fixed-size operands is that of its first operand. */
  private narrow(size: string): void {
    if (size === 'b' || size === 'al') this.size = 1;
    else if (size === 'q') this.size = 8;
    else if (size === 'y') this.size = (this.rex & 8) !== 0 ? 8 : 4;
  }

  private operand(letter: string, size: string, opcode: number): Operand | undefined {
    const modrm = this.modrm;
    switch (letter) {
      case 'E': {
        if (this.memory) return this.memory;
        return this.register((modrm & 7) | (this.rex & 1) << 3, this.registerSize(size));
      }
      case 'R': {
        if (size === 'vMw' || size === 'yMw' || size === 'yMb') {
          if (this.memory) return this.memory;
          return this.register((modrm & 7) | (this.rex & 1) << 3, size === 'vMw' ? this.size : this.registerSize('y'));
        }
        return this.register((modrm & 7) | (this.rex & 1) << 3, this.registerSize(size));
      }
      case 'H': return this.register((modrm & 7) | (this.rex & 1) << 3, 8);
      case 'M': return this.memory;
      case 'V': return special('xmm', (modrm >> 3 & 7) | (this.rex & 4) << 1);
      case 'W': return this.memory ?? special('xmm', (modrm & 7) | (this.rex & 1) << 3);
      case 'U': return special('xmm', (modrm & 7) | (this.rex & 1) << 3);
      case 'G': return this.register((modrm >> 3 & 7) | (this.rex & 4) << 1, this.registerSize(size));
      case 'B': return this.register(this.vvvv, this.registerSize(size));
      case 'Z': return this.register((opcode & 7) | (this.rex & 1) << 3, this.registerSize(size));
      case 'I': return this.immediate(size);
      case 'J': return this.branch(size);
      case 'O': return this.absolute(size === 'b' ? 1 : this.size);
      case 'S': {
        const reg = modrm >> 3 & 7;
        return reg > 5 || (opcode === 0x8e && reg === 1) ? undefined : special('segment', reg);
      }
      case 'C': {
        const reg = (modrm >> 3 & 7) | (this.rex & 4) << 1;
        return reg === 0 || (reg >= 2 && reg <= 4) || reg === 8 ? special('control', reg) : undefined;
      }
      case 'D': {
        const reg = (modrm >> 3 & 7) | (this.rex & 4) << 1;
        return reg < 8 ? special('debug', reg) : undefined;
      }
      default: return this.fixed(size);
    }
  }

  private fixed(name: string): Operand | undefined {
    switch (name) {
      case 'al': return { kind: 'reg', reg: 0, size: 1, isHigh: false };
      case 'cl': return { kind: 'reg', reg: 1, size: 1, isHigh: false };
      case 'dx': return { kind: 'reg', reg: 2, size: 2, isHigh: false };
      case 'rax': return { kind: 'reg', reg: 0, size: this.size, isHigh: false };
      case 'eax': return { kind: 'reg', reg: 0, size: this.size === 2 ? 2 : 4, isHigh: false };
      case '1': return { kind: 'imm', value: 1, size: 1 };
      case 'fs': return special('segment', FS);
      case 'gs': return special('segment', GS);
      default: return undefined;
    }
  }

  private register(reg: number, size: 1 | 2 | 4 | 8): Operand {
    if (size === 1 && !this.hasRex && reg >= 4 && reg < 8) return { kind: 'reg', reg: reg - 4, size, isHigh: true };
    return { kind: 'reg', reg, size, isHigh: false };
  }

  private registerSize(code: string): 1 | 2 | 4 | 8 {
    switch (code) {
      case 'b': return 1;
      case 'w': return 2;
      case 'd': return 4;
      case 'q': return 8;
      case 'y': return (this.rex & 8) !== 0 ? 8 : 4;
      case 'a': return this.has67 ? 4 : 8;
      case 'vEd': return this.size === 2 ? 2 : 4;
      default: return this.size;
    }
  }

  private memorySizeOf(letter: string, code: string): number {
    if (letter === 'R') return code === 'yMb' ? 1 : code === 'vMw' || code === 'yMw' ? 2 : 0;
    if (code === '') return 0;
    if (code === 'p') return this.size + 2;
    if (code === 'x') return 16;
    return this.registerSize(code);
  }

  private modrmMemory(size: number, immediates: number): MemoryOperand {
    const mod = this.modrm >> 6;
    let base = (this.modrm & 7) | (this.rex & 1) << 3;
    let index = -1, scale = 1, disp = 0, isRipRelative = false;
    if ((this.modrm & 7) === 4) {
      const sib = this.u8();
      base = (sib & 7) | (this.rex & 1) << 3;
      index = (sib >> 3 & 7) | (this.rex & 2) << 2;
      scale = 1 << (sib >> 6);
      if (index === 4) { index = -1; scale = 1; }
      if ((sib & 7) === 5 && mod === 0) { base = -1; disp = this.i32(); }
    } else if ((this.modrm & 7) === 5 && mod === 0) {
      base = -1;
      isRipRelative = true;
      disp = this.i32();
    }
    if (mod === 1) disp = this.i8();
    else if (mod === 2) disp = this.i32();
    if (isRipRelative) {
      disp += this.pc + (this.at - this.start) + immediates;
    }
    // Without registers the sum is the address itself, modulo 2^32.
    if (this.has67 && base < 0 && index < 0) disp = disp >>> 0;
    return { kind: 'mem', base, index, scale, disp, isRipRelative, addressSize: this.has67 ? 4 : 8, segment: this.segment, size };
  }

  private absolute(size: number): MemoryOperand {
    const low = this.i32() >>> 0;
    const disp = this.has67 ? low : this.i32() * 4294967296 + low;
    return { kind: 'mem', base: -1, index: -1, scale: 1, disp, isRipRelative: false, addressSize: this.has67 ? 4 : 8, segment: this.segment, size };
  }

  private immediate(code: string): Operand {
    switch (code) {
      case 'b': return { kind: 'imm', value: this.u8(), size: 1 };
      case 's': return { kind: 'imm', value: this.i8(), size: 1 };
      case 'w': return { kind: 'imm', value: this.u16(), size: 2 };
      case 'z': return this.size === 2 ? { kind: 'imm', value: this.u16() << 16 >> 16, size: 2 } : { kind: 'imm', value: this.i32(), size: 4 };
      default: {
        if (this.size === 2) return { kind: 'imm', value: this.u16() << 16 >> 16, size: 2 };
        const low = this.i32();
        if (this.size === 4) return { kind: 'imm', value: low, size: 4 };
        const high = this.i32();
        const value = high * 4294967296 + (low >>> 0);
        return { kind: 'imm', value: Number.isSafeInteger(value) ? value : BigInt(high) << 32n | BigInt(low >>> 0), size: 8 };
      }
    }
  }

  private branch(code: string): Operand {
    const offset = code === 'b' ? this.i8() : this.size === 2 ? this.u16() << 16 >> 16 : this.i32();
    return { kind: 'branch', target: this.pc + (this.at - this.start) + offset };
  }

  // Encodings of which only the name and the length matter, and VEX-encoded integer instructions.

  private vex(lead: number): Instruction {
    const isBad = this.hasRex || this.has66 || this.repeatByte !== 0 || this.hasLock;
    const first = this.u8();
    let map = 1, last = first;
    this.rex = (~first >> 7 & 1) << 2;
    if (lead === 0xc4) {
      map = first & 0x1f;
      this.rex = (~first >> 5 & 7);
      last = this.u8();
      this.rex |= last >> 4 & 8;
    }
    this.vvvv = ~last >> 3 & 15;
    this.repeatByte = (last & 3) === 2 ? 0xf3 : (last & 3) === 3 ? 0xf2 : 0;
    this.has66 = (last & 3) === 1;
    const opcode = this.u8();
    if (isBad) return this.bad();
    this.hasRex = true;
    const isVector256 = last >> 2 & 1;
    if ((map === 2 || map === 3) && isVector256 === 0) {
      const forms = (this.vexMaps[map] ??= new OpcodeMap(vexIntegerMaps().split('|')[map - 2]!)).lookup(opcode);
      const form = this.choose(forms);
      if (form) return this.finish(form, map + 0x10, opcode);
    }
    this.peekModrm();
    return this.named(this.vectorNames.vex(map, opcode, this.mandatoryPrefix(), this.rex >> 3 & 1, isVector256, this.modrm), map + 0x10, opcode);
  }

  private evex(): Instruction {
    const p0 = this.u8(), p1 = this.u8(), p2 = this.u8();
    const isBad = this.hasRex || this.has66 || this.repeatByte !== 0 || this.hasLock || (p0 & 8) !== 0 || (p1 & 4) === 0;
    this.rex = (~p0 >> 5 & 7) | p1 >> 4 & 8;
    this.repeatByte = (p1 & 3) === 2 ? 0xf3 : (p1 & 3) === 3 ? 0xf2 : 0;
    this.has66 = (p1 & 3) === 1;
    const opcode = this.u8();
    if (isBad) return this.bad();
    this.peekModrm();
    const hasRounding = this.modrm >= 0xc0 && (p2 & 0x10) !== 0;
    const length = hasRounding ? 2 : p2 >> 5 & 3;
    return this.named(this.vectorNames.evex(p0 & 7, opcode, this.mandatoryPrefix(), p1 >> 7, length, this.modrm), (p0 & 7) + 0x20, opcode);
  }

  private xop(): Instruction {
    const first = this.u8(), last = this.u8();
    const isBad = this.hasRex || this.has66 || this.repeatByte !== 0 || this.hasLock;
    this.rex = (~first >> 5 & 7) | last >> 4 & 8;
    const opcode = this.u8();
    if (isBad) return this.bad();
    this.peekModrm();
    return this.named(this.vectorNames.xop(first & 0x1f, opcode, this.modrm), (first & 0x1f) + 0x30, opcode);
  }

  private x87(opcode: number): Instruction {
    this.peekModrm();
    return this.named(this.vectorNames.x87(opcode, this.modrm), 0, opcode);
  }

  private threeDNow(): Instruction {
    this.peekModrm();
    this.at++;
    if (this.modrm < 0xc0) this.memory = this.modrmMemory(0, 1);
    const name = this.vectorNames.threeDNow(this.u8());
    return name === '' ? this.bad() : this.result(name, [], 1, 0x0f);
  }

  /** `entry` is a name and, after a space, the number of immediate bytes; '' is no instruction. */
  private named(entry: string, map: number, opcode: number): Instruction {
    if (entry === '' || this.hasLock) return this.bad();
    const [name, layout] = entry.split(' ') as [string, string | undefined];
    this.size = 4;
    if (layout !== '-') {
      this.at++;
      const immediates = Number(layout ?? 0);
      if (this.modrm < 0xc0) this.memory = this.modrmMemory(0, immediates);
      this.at += immediates;
    }
    return this.result(name, this.memory ? [this.memory] : [], map, opcode);
  }

  private result(mnemonic: string, operands: readonly Operand[], map: number, opcode: number): Instruction {
    const length = this.at - this.start;
    if (length > MAX_LENGTH || this.at > this.bytes.length) return this.bad();
    const repeat: Repeat = this.repeatByte === 0 ? 'none' : this.repeatByte === 0xf3 ? 'rep' : 'repne';
    return {
      pc: this.pc, length, mnemonic, operands, opcode: map << 8 | opcode, size: this.size, addressSize: this.has67 ? 4 : 8,
      segment: this.segment, repeat, hasLock: this.hasLock,
    };
  }

  private bad(): Instruction {
    return {
      pc: this.pc, length: 1, mnemonic: BAD, operands: [], opcode: -1, size: 4, addressSize: 8, segment: NO_SEGMENT, repeat: 'none', hasLock: false,
    };
  }

  private peek(): number { return this.bytes[this.at] ?? 0; }
  private u8(): number { return this.bytes[this.at++] ?? 0; }
  private i8(): number { return this.u8() << 24 >> 24; }
  private u16(): number { return this.u8() | this.u8() << 8; }
  private i32(): number { return this.u8() | this.u8() << 8 | this.u8() << 16 | this.u8() << 24; }
}

const special = (file: RegisterFile, reg: number): Operand => ({ kind: 'special', file, reg });

/** Bytes of the immediates that follow a displacement. */
const immediateBytes = (specs: readonly { letter: string; size: string }[], size: number): number => {
  let total = 0;
  for (const spec of specs) {
    if (spec.letter !== 'I') continue;
    total += spec.size === 'b' || spec.size === 's' ? 1 : spec.size === 'w' ? 2 : size === 2 ? 2 : 4;
  }
  return total;
};
