// What may differ between the transcript of real Linux and that of kobox, rule by rule. Everything that no rule names must be
// equal. Applied before a transcript is stored, so that recording again shows only what really changed, and again before the
// comparison.

export interface Rule {
  readonly name: string;
  readonly why: string;
  /** The line as compared; undefined drops it. */
  apply(line: string): string | undefined;
}

const REGISTERS = /\b(R[A-DS][XI]|RBP|R08|R09|R1[0-5]): [0-9a-f]{16}/g;
/** A kernel or module address, but not a negative errno. */
const ADDRESS = /\b(?:0x)?ffff(?!fffffffff)[0-9a-f]{12}\b/g;

export const rules: readonly Rule[] = [
  {
    name: 'time-stamps',
    why: 'the clocks differ',
    apply: (line) => line.replace(/^\[ *\d+\.\d{6}\] /, '[time] '),
  },
  {
    name: 'pids',
    why: 'busybox runs as processes of their own there',
    apply: (line) => line.replace(/\bPID: \d+/, 'PID: <pid>').replace(/\bnote: ([^ []+)\[\d+\]/, 'note: $1[<pid>]').replace(/\b(scheduling while atomic: [^/]+\/)\d+\//, '$1<pid>/'),
  },
  {
    name: 'release',
    why: 'a newer security update of the same kernel gives the same transcript',
    apply: (line) => line.replace(/\b6\.\d+\.\d[\w.+-]*-amd64\b( #1 {2}Debian [\w.+~-]+)?/g, '<release>'),
  },
  {
    name: 'hardware',
    why: 'the machine differs',
    apply: (line) => (/\bHardware name: /.test(line) ? undefined : line),
  },
  {
    name: 'page-walk',
    why: 'physical addresses of page tables',
    apply: (line) => line.replace(/\bPGD [0-9a-f]+ .*$/, 'PGD <page walk>'),
  },
  {
    name: 'control-registers',
    why: 'CR0, CR3, CR4 and segment bases belong to the machine; CR2 of a WARN is left over from an older fault',
    apply: (line) => line.replace(/\b(CR0|CR3|CR4): [0-9a-f]{16}/g, '$1: <value>').replace(/\bCR2: [0-9a-f]{16}(?= CR3)/, 'CR2: <value>').replace(/\b(FS|GS|knlGS):[ ]*[0-9a-f]{16}/g, '$1:<value>'),
  },
  {
    name: 'code-bytes',
    why: 'Linux patches calls and returns in place, and the bytes hold addresses; the instruction that faulted is compared by its first byte',
    apply: (line) => line.replace(/(\] Code: ).*(<[0-9a-f]{2}>).*/, '$1$2').replace(/(\] Code: ).*Unable to access opcode bytes.*/, '$1<unreadable>'),
  },
  {
    name: 'unreliable-frames',
    why: 'entries marked ? are what lies on the stack',
    apply: (line) => (/^\[time\] {2}\? /.test(line) ? undefined : line),
  },
  {
    name: 'kernel-text',
    why: 'offsets, source lines and names of split functions (.cold, .isra.0) in the text of the kernel itself; those in modules are compared',
    apply: (line) => line.replace(/\b([A-Za-z_]\w*)(?:\.(?:cold|constprop|isra|part)(?:\.\d+)?)+(?=\+0x[0-9a-f]+\/0x[0-9a-f]+(?! \[|[0-9a-f]))/g, '$1').replace(/( at (?!modules\/)[\w/.-]+\.[chS]):\d+ /, '$1:<line> ').replace(/\b([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+(?! \[|[0-9a-f])/g, '$1+<offset>'),
  },
  {
    name: 'eflags',
    why: 'kobox does not compute flags that nothing reads; RF differs between QEMU and a processor',
    apply: (line) => line.replace(/\bEFLAGS: [0-9a-f]{8}/, 'EFLAGS: <value>'),
  },
  {
    name: 'panic-end',
    why: 'the recorded machine restarts on a panic instead of saying that it stands still',
    apply: (line) => (/---\[ end Kernel panic /.test(line) ? undefined : line),
  },
  {
    name: 'hashed-pointers',
    why: 'the hash of %p has a random key',
    apply: (line) => line
      .replace(/\[<([0-9a-f]{16}|\(____ptrval____\))>\]/, '[<hash>]')
      .replace(/\bloc ([0-9a-f]{16}\b|\(____ptrval____\))/, 'loc <hash>')
      .replace(/(?<=^\[time\] (?:Slab|Object) .*0x|vfree\(\).*\()([0-9a-f]{16}\b|\(____ptrval____\))/g, '<hash>')
      .replace(/\b(stack guard page was hit at) .*/, '$1 <hash> (stack is <hash>..<hash>)'),
  },
  {
    name: 'addresses',
    why: 'kernel and module addresses',
    apply: (line) => line.replace(ADDRESS, '<address>'),
  },
];

/**
 * Registers in a report. A scenario that loads every one of them with a known value says `# keep: registers`; elsewhere they
 * hold what the kernel's own functions left behind.
 */
const leftoverRegisters: Rule = {
  name: 'leftover-registers',
  why: 'registers hold what the functions of the kernel left in them',
  apply: (line) => line.replace(REGISTERS, '$1: <value>').replace(/\bRSP: 0018:[0-9a-f]{16}/, 'RSP: 0018:<address>'),
};

/**
 * The part of a trace that shows the user program: its RIP, code and registers up to </TASK>. kobox has no user mode yet; a
 * host-side task calls insmod.
 */
function dropUserFrames(lines: readonly string[]): string[] {
  let isInUserFrame = false;
  return lines.filter((line) => {
    if (/\] RIP: 0033:/.test(line)) isInUserFrame = true;
    else if (line.endsWith(' </TASK>')) isInUserFrame = false;
    return !isInUserFrame;
  });
}

/** Equal frames in a row: how many fit the stack depends on what the kernel's own functions use of it. */
function foldRepeatedFrames(lines: readonly string[]): string[] {
  return lines.filter((line, i) => !(/^\[time\] {2}[\w.]+\+/.test(line) && line === lines[i - 1] && line === lines[i - 2]));
}

/** Where exactly a stack overflows depends on what the kernel itself has on it; the function is compared, the instruction is not. */
function hideOverflowPlace(lines: readonly string[]): string[] {
  if (!lines.some((line) => line.includes('stack guard page was hit'))) return [...lines];
  return lines.map((line) => line.replace(/(\] RIP: 0010:[\w.]+)\+0x[0-9a-f]+(?=\/)/, '$1+<offset>').replace(/(\] Code: ).*/, '$1<code>'));
}

/** Code bytes of the kernel's own functions: kobox's are TypeScript. */
function hideKernelCode(lines: readonly string[]): string[] {
  return lines.map((line, i) => (/\] Code: /.test(line) && /\] RIP: 0010:[\w.]+\+<offset>$/.test(lines[i - 1] ?? '') ? '[time] Code: <kernel>' : line));
}

/** What a scenario asks to be compared beyond the rules above. */
export type Keep = 'registers';

export function normalise(lines: readonly string[], keep: readonly Keep[] = []): string[] {
  const active = keep.includes('registers') ? rules : [...rules.slice(0, -1), leftoverRegisters, ...rules.slice(-1)];
  const kept = dropUserFrames(lines).map((line) => {
    let text: string | undefined = line;
    for (const rule of active) if (text !== undefined) text = rule.apply(text);
    return text;
  });
  return hideOverflowPlace(hideKernelCode(foldRepeatedFrames(kept.filter((line) => line !== undefined))));
}
