// Names and immediate lengths of the instructions outside the hand-written opcode tables. An answer is "name", "name 1" (one
// immediate byte), "name -" (no ModRM) or '' (no such instruction).

import { VECTOR_NAMES } from './vector-names.generated.ts';

interface Candidate {
  readonly prefix: number;
  readonly w: number;
  readonly l: number;
  readonly mod: number;
  readonly reg: number;
  readonly modrm: number;
  readonly answer: string;
}

const PREFIXES: Record<string, number> = { n: 0, '6': 0x66, '3': 0xf3, '2': 0xf2 };

export class VectorNames {
  private lines: Map<string, string> | undefined;
  private readonly parsed = new Map<string, readonly Candidate[]>();

  legacy(map: number, opcode: number, prefix: number, w: number, modrm: number): string { return this.find('L' + map, opcode, prefix, w, 0, modrm); }
  vex(map: number, opcode: number, prefix: number, w: number, l: number, modrm: number): string { return this.find('V' + map, opcode, prefix, w, l, modrm); }
  evex(map: number, opcode: number, prefix: number, w: number, l: number, modrm: number): string { return this.find('E' + map, opcode, prefix, w, l, modrm); }
  xop(map: number, opcode: number, modrm: number): string { return this.find('X' + map.toString(16), opcode, 0, 0, 0, modrm); }
  x87(opcode: number, modrm: number): string { return this.find('F', opcode, 0, 0, 0, modrm); }
  threeDNow(suffix: number): string { return this.find('N', suffix, 0, 0, 0, 0); }

  private find(space: string, opcode: number, prefix: number, w: number, l: number, modrm: number): string {
    const mod = modrm >= 0xc0 ? 1 : 0;
    for (const c of this.candidates(space + opcode.toString(16).padStart(2, '0'))) {
      if (c.prefix >= 0 && c.prefix !== prefix) continue;
      if (c.w >= 0 && c.w !== w) continue;
      if (c.l >= 0 && c.l !== l) continue;
      if (c.mod >= 0 && c.mod !== mod) continue;
      if (c.reg >= 0 && c.reg !== (modrm >> 3 & 7)) continue;
      if (c.modrm >= 0 && c.modrm !== modrm) continue;
      return c.answer;
    }
    return '';
  }

  private candidates(key: string): readonly Candidate[] {
    const known = this.parsed.get(key);
    if (known) return known;
    this.lines ??= new Map(VECTOR_NAMES.trim().split('\n').map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    }));
    const text = this.lines.get(key);
    const list = text === undefined ? [] : text.split(' ').map(parseCandidate);
    this.parsed.set(key, list);
    return list;
  }
}

const parseCandidate = (text: string): Candidate => {
  const [, prefix, w, l, mod, reg, modrm, name, layout] = /^([n632]?)(?:W(\d))?(?:L(\d))?([MR]?)(?:\/(\d))?(?:=(..))?:([^+]+)(?:\+(.))?$/.exec(text)!;
  return {
    prefix: prefix ? PREFIXES[prefix]! : -1,
    w: w ? Number(w) : -1,
    l: l ? Number(l) : -1,
    mod: mod ? (mod === 'M' ? 0 : 1) : -1,
    reg: reg ? Number(reg) : -1,
    modrm: modrm ? Number.parseInt(modrm, 16) : -1,
    answer: layout ? `${name} ${layout}` : name!,
  };
};
