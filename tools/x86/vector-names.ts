// Generates src/x86/vector-names.generated.ts: for every opcode that the hand-written tables do not name (vector, x87, 3DNow,
// virtualisation oddities), its mnemonic and how many immediate bytes follow. Facts taken from iced-x86's opcode database.
// Run: node tools/run.mjs tools/x86/vector-names.ts

import { writeFileSync } from 'node:fs';
import iced from 'iced-x86';
import { OpcodeMap } from '../../src/x86/opcode-forms.ts';
import { map0f38, map0f3a, oneByteMap, twoByteMap, vexIntegerMaps } from '../../src/x86/opcode-tables.ts';

const { Code, CodeExt, EncodingKind, Mnemonic, MandatoryPrefix, OpCodeOperandKind, OpCodeTableKind } = iced;

interface Candidate { prefix: string; w: string; l: string; mod: string; reg: string; name: string; layout: string }

const nameOf = (mnemonic: number): string => Mnemonic[mnemonic]!.toLowerCase();
const kindName = (kind: number): string => OpCodeOperandKind[kind]!;

const byteCount = (kinds: string[]): number => {
  let n = 0;
  for (const kind of kinds) {
    if (/is[45]$|imm8/.test(kind) || /^imm4_m2z$/.test(kind)) n += kind === 'imm4_m2z' ? 0 : 1;
    else if (/^imm16/.test(kind)) n += 2;
    else if (/^imm32/.test(kind)) n += 4;
  }
  return n;
};

const spaces = new Map<string, Map<number, Candidate[]>>();
const handMaps = [new OpcodeMap(oneByteMap()), new OpcodeMap(twoByteMap()), new OpcodeMap(map0f38()), new OpcodeMap(map0f3a())];
const vexMaps = vexIntegerMaps().split('|').map((text) => new OpcodeMap(text));

for (const key of Object.keys(Code)) {
  const code = Number(key);
  // Knights Landing and Knights Corner used VEX.L in a way of their own.
  if (Number.isNaN(code) || String((Code as unknown as Record<number, string>)[code]).includes('KNC')) continue;
  const info = CodeExt.opCode(code);
  if (!info.isInstruction || !info.mode64) continue;
  const kinds: string[] = [];
  for (let i = 0; i < info.opCount; i++) kinds.push(kindName(info.opKind(i)).toLowerCase());
  const encoding = info.encoding, table = info.table;
  let space: string;
  let opcode = info.opCode;
  let isRegisterForm = false;
  let reg = info.isGroup ? `/${info.groupIndex}` : '';
  if (info.opCodeLength === 2) {
    const second = opcode & 0xff;
    // `D8 C0+i` covers eight ModRM bytes, `DB E3` one.
    if (kinds.includes('sti_opcode')) {
      reg = `/${second >> 3 & 7}`;
      isRegisterForm = true;
    } else reg = `=${second.toString(16).padStart(2, '0')}`;
    opcode >>= 8;
  }
  if (encoding === EncodingKind.Legacy) {
    if (table === OpCodeTableKind.Normal) {
      if (opcode < 0xd8 || opcode > 0xdf) continue;
      space = 'F';
    } else space = `L${table === OpCodeTableKind.T0F ? 1 : table === OpCodeTableKind.T0F38 ? 2 : 3}`;
  } else if (encoding === EncodingKind.D3NOW) space = 'N';
  else if (encoding === EncodingKind.VEX) space = `V${table}`;
  else if (encoding === EncodingKind.EVEX) space = `E${table}`;
  else if (encoding === EncodingKind.XOP) space = `X${table}`;
  else continue;
  space = space.replace(/^([VEX])(\d+)$/, (_, letter: string, t: string) => {
    const name = OpCodeTableKind[Number(t)]!;
    const map = { T0F: '1', T0F38: '2', T0F3A: '3', MAP5: '5', MAP6: '6', MAP8: '8', MAP9: '9', MAP10: 'a' }[name];
    return letter + (map ?? `?${name}`);
  });
  const mandatory = info.mandatoryPrefix;
  const prefix = { [MandatoryPrefix.None]: '', [MandatoryPrefix.PNP]: 'n', [MandatoryPrefix.P66]: '6', [MandatoryPrefix.PF3]: '3', [MandatoryPrefix.PF2]: '2' }[mandatory]!;
  const isHand = (map: OpcodeMap | undefined): boolean => map?.lookup(opcode).some((f) => f.mnemonic === nameOf(info.mnemonic) || f.mnemonic.includes('/') || f.mnemonic.includes('?') || f.prefix === -1 && f.mod === -1 && f.reg === -1 && f.modrm === -1) === true;
  if (space[0] === 'L' && isHand(handMaps[Number(space[1])])) continue;
  if (space[0] === 'V' && isHand(vexMaps[Number(space[1]) - 2])) continue;
  const mem = kinds.some((k) => k === 'mem' || k.startsWith('mem_') || k === 'mem_mpx' || k === 'mem_mib' || k === 'sibmem');
  const both = kinds.some((k) => k.includes('_or_mem'));
  const hasRm = kinds.some((k) => k.endsWith('_rm'));
  const mod = isRegisterForm ? 'R' : both ? '' : mem ? 'M' : hasRm ? 'R' : '';
  const hasModrm = mem || both || hasRm || kinds.some((k) => k.endsWith('_reg') && !/^(st0|al|ax|eax|rax|cl|dx)/.test(k)) || reg !== '' || space === 'F';
  const imm = byteCount(kinds);
  const layout = !hasModrm ? '-' : imm > 0 ? String(imm) : '';
  const isVectorSpace = 'VE'.includes(space[0]!);
  const w = space[0] === 'L' ? (info.operandSize === 64 ? 'W1' : '') : isVectorSpace && !info.isWIG && !info.isWIG32 ? `W${info.W}` : '';
  const l = isVectorSpace && !info.isLIG ? `L${info.L}` : '';
  const bucket = spaces.get(space) ?? new Map<number, Candidate[]>();
  spaces.set(space, bucket);
  const list = bucket.get(opcode) ?? [];
  bucket.set(opcode, list);
  list.push({ prefix, w, l, mod, reg, name: nameOf(info.mnemonic), layout });
}

/** Drops each constraint that is not needed to tell this opcode's names apart. */
const simplify = (list: Candidate[]): Candidate[] => {
  let current = list;
  for (const field of ['w', 'l', 'mod'] as const) {
    const stripped = current.map((c) => ({ ...c, [field]: '' }));
    const names = new Map<string, string>();
    const isAmbiguous = stripped.some((c) => {
      const key = [c.prefix, c.w, c.l, c.mod, c.reg].join('|');
      const value = `${c.name}+${c.layout}`;
      if ((names.get(key) ?? value) !== value) return true;
      names.set(key, value);
      return false;
    });
    if (!isAmbiguous) current = stripped;
  }
  const unique = new Map(current.map((c) => [JSON.stringify(c), c]));
  const specificity = (c: Candidate): number =>
    (c.reg.startsWith('=') ? 100 : 0) + (c.prefix !== '' ? 10 : 0) + (c.reg ? 5 : 0) + (c.w === 'W1' ? 3 : 0) + (c.mod ? 1 : 0) + (c.l ? 1 : 0);
  return [...unique.values()].sort((a, b) => specificity(b) - specificity(a));
};

spaces.delete('V?Normal'); // Knights Corner only
const lines: string[] = [];
for (const [space, bucket] of [...spaces].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
  for (const [opcode, list] of [...bucket].sort((a, b) => a[0] - b[0])) {
    const entries = simplify(list).map((c) => `${c.prefix}${c.w}${c.l}${c.mod}${c.reg}:${c.name}${c.layout === '' ? '' : `+${c.layout}`}`);
    lines.push(`${space}${opcode.toString(16).padStart(2, '0')} ${entries.join(' ')}`);
  }
}
const head = `// Generated by tools/x86/vector-names.ts; do not edit. A line: space (L legacy map, V VEX, E EVEX, X XOP, F x87, N 3DNow) and
// opcode, then candidates "constraints:name+immediates". Constraints: prefix n 6 3 2, W, L, M memory, R register, /reg, =modrm.

export const VECTOR_NAMES = \`
`;
writeFileSync('src/x86/vector-names.generated.ts', `${head}${lines.join('\n')}\n\`;\n`);
console.log(`${lines.length} lines, ${lines.join('\n').length} bytes`);
