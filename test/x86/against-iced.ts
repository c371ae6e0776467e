// Compares one decoded instruction with iced-x86's reading of the same bytes: length, name, and for integer instructions the
// operands. Answers a description of the first difference, or ''.

import iced from 'iced-x86';
import { Decoder } from '../../src/x86/decoder.ts';
import { BAD, CONDITION_NAMES, type Instruction, type Operand } from '../../src/x86/instruction.ts';
import { OpcodeMap } from '../../src/x86/opcode-forms.ts';
import { map0f38, oneByteMap, twoByteMap, vexIntegerMaps } from '../../src/x86/opcode-tables.ts';
import { sse0f, sse0f38, sse0f3a } from '../../src/x86/sse-tables.ts';

const { Code, Decoder: IcedDecoder, DecoderOptions, Instruction: IcedInstruction, MemorySizeExt, Mnemonic, OpKind, Register } = iced;

const NAMES = {
  8: ['RAX', 'RCX', 'RDX', 'RBX', 'RSP', 'RBP', 'RSI', 'RDI', 'R8', 'R9', 'R10', 'R11', 'R12', 'R13', 'R14', 'R15'],
  4: ['EAX', 'ECX', 'EDX', 'EBX', 'ESP', 'EBP', 'ESI', 'EDI', 'R8D', 'R9D', 'R10D', 'R11D', 'R12D', 'R13D', 'R14D', 'R15D'],
  2: ['AX', 'CX', 'DX', 'BX', 'SP', 'BP', 'SI', 'DI', 'R8W', 'R9W', 'R10W', 'R11W', 'R12W', 'R13W', 'R14W', 'R15W'],
  1: ['AL', 'CL', 'DL', 'BL', 'SPL', 'BPL', 'SIL', 'DIL', 'R8L', 'R9L', 'R10L', 'R11L', 'R12L', 'R13L', 'R14L', 'R15L'],
} as const;
const HIGH = ['AH', 'CH', 'DH', 'BH'];

const registerText = (register: number): string => Register[register] ?? 'None';
const gprText = (reg: number, size: 1 | 2 | 4 | 8): string => (reg < 0 ? 'None' : NAMES[size][reg]!);

const ourText = (operand: Operand): string => {
  switch (operand.kind) {
    case 'reg': return operand.isHigh ? HIGH[operand.reg]! : gprText(operand.reg, operand.size);
    case 'imm': return `#${BigInt.asUintN(64, BigInt(operand.value))}`;
    case 'branch': return `->${operand.target}`;
    case 'special': {
      if (operand.file === 'segment') return ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'][operand.reg]!;
      return `${{ control: 'CR', debug: 'DR', xmm: 'XMM' }[operand.file as string]}${operand.reg}`;
    }
    case 'mem': {
      const segment = operand.segment === 0 ? '' : operand.segment === 4 ? 'FS:' : 'GS:';
      const base = operand.isRipRelative ? (operand.addressSize === 4 ? 'EIP' : 'RIP') : gprText(operand.base, operand.addressSize);
      return `${segment}[${base}+${gprText(operand.index, operand.addressSize)}*${operand.scale}+${operand.disp}]:${operand.size}`;
    }
  }
};

const icedText = (insn: iced.Instruction, i: number, ours: Operand): string => {
  const kind = insn.opKind(i);
  switch (kind) {
    case OpKind.Register: return registerText(insn.opRegister(i));
    case OpKind.NearBranch16: case OpKind.NearBranch32: case OpKind.NearBranch64: return `->${BigInt.asIntN(64, insn.nearBranchTarget)}`;
    case OpKind.Memory: {
      const prefix = insn.segmentPrefix;
      const segment = prefix === Register.FS ? 'FS:' : prefix === Register.GS ? 'GS:' : '';
      const base = insn.memoryBase;
      const index = insn.memoryIndex;
      const size = ours.kind === 'mem' && ours.size === 0 ? 0 : MemorySizeExt.size(insn.memorySize);
      let disp = insn.memoryDisplacement;
      if (ours.kind === 'mem' && ours.addressSize === 4 && !ours.isRipRelative) disp = BigInt.asIntN(32, disp);
      return `${segment}[${registerText(base)}+${registerText(index)}*${index === 0 ? 1 : insn.memoryIndexScale}+${ours.kind === 'mem' && ours.addressSize === 4 && base === 0 && index === 0 ? Number(BigInt.asUintN(32, disp)) : Number(disp)}]:${size}`;
    }
    case OpKind.Immediate8: return `#${insn.immediate8}`;
    case OpKind.Immediate8_2nd: return `#${insn.immediate8_2nd}`;
    case OpKind.Immediate16: return `#${ours.kind === 'imm' && ours.value < 0 ? BigInt.asUintN(64, BigInt.asIntN(16, BigInt(insn.immediate16))) : insn.immediate16}`;
    case OpKind.Immediate32: return `#${BigInt.asUintN(64, BigInt.asIntN(32, BigInt(insn.immediate32)))}`;
    default: return `#${BigInt.asUintN(64, insn.immediate(i))}`;
  }
};

const ALIASES: Record<string, string> = { sal: 'shl', wait: 'fwait', iretw: 'iret', retnq: 'ret', sysretq: 'sysretq', sysexitq: 'sysexitq', jecxz: 'jrcxz', xlatb: 'xlat', prefetchreserved: 'prefetch' };
const FAR: Record<string, string> = { callf: 'call', jmpf: 'jmp', getsec: 'getsecq' };
const STRING = /^(movs|stos|lods|cmps|scas|ins|outs)([bwdq])$/;
const SIZES = { b: 1, w: 2, d: 4, q: 8 } as const;

const sameName = (ours: Instruction, theirs: string): boolean => {
  const name = ours.mnemonic;
  if (name === theirs || ALIASES[theirs] === name || FAR[name] === theirs) return true;
  const string = STRING.exec(theirs);
  if (string && name === string[1] && SIZES[string[2] as 'b'] === ours.size) return true;
  if (/^(push|pop)f[dq]?$/.test(theirs)) return name === theirs.slice(0, theirs.indexOf('f') + 1);
  return /^reservednop|^nop$/.test(theirs) && name === 'nop';
};

export class IcedComparison {
  private readonly decoder = new Decoder();
  private readonly instruction = new IcedInstruction();

  /** Whether iced takes the bytes for an instruction, and how ours differs. */
  compare(bytes: Uint8Array, pc: number): { isValid: boolean; length: number; difference: string; mnemonic: string } {
    const reference = new IcedDecoder(64, bytes, DecoderOptions.None);
    reference.ip = BigInt.asUintN(64, BigInt(pc));
    reference.decodeOut(this.instruction);
    reference.free();
    const theirs = this.instruction;
    const ours = this.decoder.decode(bytes, 0, pc);
    const mnemonic = Mnemonic[theirs.mnemonic]!.toLowerCase();
    if (theirs.code === Code.INVALID) return { isValid: false, length: 1, difference: '', mnemonic: BAD };
    return { isValid: true, length: theirs.length, difference: this.difference(ours, theirs, mnemonic), mnemonic };
  }

  private difference(ours: Instruction, theirs: iced.Instruction, mnemonic: string): string {
    if (PADLOCK.test(mnemonic)) return '';
    if (ours.length !== theirs.length) return `length ${ours.length} (${ours.mnemonic}), not ${theirs.length} (${mnemonic})`;
    // F3 with REX.B before 90 exchanges r8 on real processors.
    if (mnemonic === 'pause' && ours.mnemonic === 'xchg') return '';
    if (!sameName(ours, mnemonic)) return `name ${ours.mnemonic}, not ${mnemonic}`;
    if (ours.hasLock !== theirs.hasLockPrefix) return 'lock';
    if (!WITH_OPERANDS.has(ours.mnemonic) || STRING.test(mnemonic) || ours.mnemonic === 'xlat' || ours.mnemonic === 'nop' || usesMmx(theirs)) return '';
    let count = theirs.opCount;
    if (HIDDEN_OPERANDS.has(ours.mnemonic)) count = ours.operands.length;
    if (count !== ours.operands.length) return `${ours.operands.length} operands, not ${count}`;
    for (let i = 0; i < count; i++) {
      const a = ourText(ours.operands[i]!), b = icedText(theirs, i, ours.operands[i]!);
      if (a !== b) return `operand ${i} ${a}, not ${b}`;
    }
    return '';
  }
}

/** VIA's group ignores ModRM.rm; we take the canonical encodings alone. */
const PADLOCK = /^(xstore.*|xsha.*|xcrypt.*|montmul|undoc|ccs_.*|sm2)$/;

/** iced lists registers that the mnemonic implies; we do not. */
const HIDDEN_OPERANDS = new Set('monitor monitorx mwait mwaitx vmrun vmload vmsave skinit invlpga clzero tpause umwait rdpru'.split(' '));

/** MMX shares SSE's names; of it we know names only. */
const usesMmx = (insn: iced.Instruction): boolean => {
  for (let i = 0; i < insn.opCount; i++) if (insn.opKind(i) === OpKind.Register && /^MM\d/.test(registerText(insn.opRegister(i)))) return true;
  return false;
};

/** Mnemonics of the hand-written tables: of the others only name and length are ours. */
const WITH_OPERANDS = new Set([oneByteMap(), twoByteMap(), map0f38(), vexIntegerMaps(), sse0f(), sse0f38(), sse0f3a()].flatMap((text) => {
  const maps = text.split('|').map((part) => new OpcodeMap(part));
  return maps.flatMap((map) => Array.from({ length: 256 }, (_, opcode) => map.lookup(opcode).map((form) => form.mnemonic)).flat());
}).flatMap((name) => (name.includes('?') ? CONDITION_NAMES.map((condition) => name.replace('?', condition)) : name.split('/'))));
