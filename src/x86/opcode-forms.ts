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

const FLAGS: Record<string, SizeRule> = { d64: 'd64', f64: 'f64', b: 'b', v: 'v', z: 'z' };
const MODRM_LETTERS = 'EGMRHSCD';

export class OpcodeMap {
  private readonly texts: (string[] | undefined)[] = new Array(256);
  private readonly forms: (readonly Form[] | undefined)[] = new Array(256);

  constructor(text: string) {
    for (const entry of text.split(/[;\n]/)) {
      const trimmed = entry.trim();
      if (trimmed === '') continue;
      const first = Number.parseInt(trimmed.slice(0, 2), 16);
      const last = trimmed[2] === '-' ? Number.parseInt(trimmed.slice(3, 5), 16) : first;
      for (let opcode = first; opcode <= last; opcode++) (this.texts[opcode] ??= []).push(trimmed);
    }
  }

  lookup(opcode: number): readonly Form[] {
    return this.forms[opcode] ??= this.parse(opcode);
  }

  private parse(opcode: number): readonly Form[] {
    const forms = (this.texts[opcode] ?? []).flatMap(parseEntry);
    // Whether ModRM follows is a property of the opcode: all its forms agree.
    return forms.some((form) => form.hasModrm) ? forms.map((form) => ({ ...form, hasModrm: true })) : forms;
  }
}

const parseEntry = (text: string): Form[] => {
  const group = /\[([^\]]*)\]/.exec(text);
  if (group) {
    return group[1]!.split(' ').flatMap((name, reg) => {
      if (name === '-') return [];
      return parseEntry(text.replace(group[0], name)).map((form) => ({ ...form, reg, hasModrm: true }));
    });
  }
  const words = text.split(' ');
  const selector = words[0]!;
  const reg = selector[2] === '/' ? Number(selector[3]) : -1;
  const modrm = selector[2] === '=' ? Number.parseInt(selector.slice(3), 16) : -1;
  let prefix = -1, mod = -1, w = -1, needsRexB = false, mnemonic = '';
  let size: SizeRule = 'v';
  const operands: OperandSpec[] = [];
  for (const word of words.slice(1)) {
    if (mnemonic === '') {
      if (word === 'np') prefix = 0;
      else if (word === '66' || word === 'f3' || word === 'f2') prefix = Number.parseInt(word, 16);
      else if (word === 'mem') mod = 0;
      else if (word === 'reg') mod = 1;
      else if (word === 'w0' || word === 'w1') w = Number(word[1]);
      else if (word === 'rexb') needsRexB = true;
      else mnemonic = word;
      continue;
    }
    const rule = FLAGS[word];
    if (rule) size = rule;
    else if (/^[A-Z]/.test(word) && word !== '1') operands.push({ letter: word[0]!, size: word.slice(1) });
    else operands.push({ letter: 'fixed', size: word });
  }
  const hasModrm = reg >= 0 || modrm >= 0 || mod >= 0 || operands.some((o) => o.letter !== 'fixed' && MODRM_LETTERS.includes(o.letter));
  return [{ mnemonic, operands, prefix, mod, reg, modrm, w, needsRexB, size, hasModrm }];
};
