// The text of `opcode-tables.ts` made searchable: per map 256 lists of forms. A list is parsed when its opcode is first met.

/** One way to read an opcode, with what it demands of prefixes and ModRM. */
export interface Form {
  readonly mnemonic: string;
  /** First letter and rest of each operand, e.g. 'E','v'; fixed registers are 'fixed'. */
  readonly operands: readonly OperandSpec[];
  /** -1 any, 0 none of 66 F3 F2, else the byte. */
  readonly prefix: number;
  /** -1 any, 0 memory, 1 register. */
  readonly mod: number;
  /** ModRM.reg or -1. */
  readonly reg: number;
  /** Whole ModRM byte or -1. */
  readonly modrm: number;
  readonly w: number;
  readonly needsRexB: boolean;
  readonly size: SizeRule;
  readonly hasModrm: boolean;
}

export type SizeRule = 'v' | 'b' | 'z' | 'd64' | 'f64';

export interface OperandSpec { readonly letter: string; readonly size: string }

const SIZE_RULES: readonly string[] = ['d64', 'f64', 'b', 'v', 'z'];
const MODRM_LETTERS = 'EGMRHSCDVWU';

export class OpcodeMap {
  private readonly texts: (string[] | undefined)[] = [];
  private readonly forms: (readonly Form[] | undefined)[] = [];

  constructor(text: string) {
    for (const line of text.split('\n')) {
      for (let at = 0, end = 0; at < line.length; at = end + 1) {
        end = line.indexOf(';', at);
        if (end < 0) end = line.length;
        while (line[at] === ' ') at++;
        if (at < end) this.add(line.slice(at, end));
      }
    }
  }
  private add(entry: string): void {
    const first = Number.parseInt(entry.slice(0, 2), 16);
    const last = entry[2] === '-' ? Number.parseInt(entry.slice(3, 5), 16) : first;
    for (let opcode = first; opcode <= last; opcode++) {
      const known = this.texts[opcode];
      if (known) known.push(entry);
      else this.texts[opcode] = [entry];
    }
  }

  lookup(opcode: number): readonly Form[] {
    return this.forms[opcode] ??= this.parse(opcode);
  }

  private parse(opcode: number): readonly Form[] {
    const forms: Form[] = [];
    for (const text of this.texts[opcode] ?? []) parseEntry(text, forms);
    // Whether ModRM follows is a property of the opcode: all its forms agree.
    if (forms.some((form) => form.hasModrm)) for (const form of forms) (form as { hasModrm: boolean }).hasModrm = true;
    return forms;
  }
}

const parseEntry = (text: string, forms: Form[]): void => {
  const open = text.indexOf('[');
  if (open < 0) {
    forms.push(parseForm(text, -1));
    return;
  }
  const close = text.indexOf(']');
  const names = text.slice(open + 1, close).split(' ');
  for (let reg = 0; reg < names.length; reg++) {
    if (names[reg] !== '-') forms.push(parseForm(text.slice(0, open) + names[reg] + text.slice(close + 1), reg));
  }
};

const parseForm = (text: string, groupReg: number): Form => {
  const words = text.split(' ');
  const selector = words[0]!;
  const reg = selector[2] === '/' ? Number(selector[3]) : groupReg;
  const modrm = selector[2] === '=' ? Number.parseInt(selector.slice(3), 16) : -1;
  let prefix = -1, mod = -1, w = -1, needsRexB = false;
  let i = 1;
  for (let isConstraint = true; isConstraint; ) {
    switch (words[i]) {
      case 'np': prefix = 0; break;
      case '66': prefix = 0x66; break;
      case 'f3': prefix = 0xf3; break;
      case 'f2': prefix = 0xf2; break;
      case 'mem': mod = 0; break;
      case 'reg': mod = 1; break;
      case 'w0': w = 0; break;
      case 'w1': w = 1; break;
      case 'rexb': needsRexB = true; break;
      default: isConstraint = false; continue;
    }
    i++;
  }
  const mnemonic = words[i++]!;
  let size: SizeRule = 'v';
  let hasModrm = reg >= 0 || modrm >= 0 || mod >= 0;
  const operands: OperandSpec[] = [];
  for (; i < words.length; i++) {
    const word = words[i]!;
    const letter = word[0]!;
    if (letter >= 'A' && letter <= 'Z') {
      operands.push({ letter, size: word.slice(1) });
      if (MODRM_LETTERS.includes(letter)) hasModrm = true;
    } else if (SIZE_RULES.includes(word)) size = word as SizeRule;
    else operands.push({ letter: 'fixed', size: word });
  }
  return { mnemonic, operands, prefix, mod, reg, modrm, w, needsRexB, size, hasModrm };
};
