// Prototypes of functions that are written in assembly. BTF has these symbols too, as `void f(void)`, because an assembler's debug
// data knows no parameters; what the headers declare stands here. Types are spelled from a short list.

import type { CType, Parameter, Prototype } from './abi.ts';

const MEMORY_COPY = 'void *(void *dest, const void *src, unsigned long n)';
const MEMORY_SET = 'void *(void *s, int c, unsigned long n)';
const CLEAR_PAGE = 'void (void *page)';
const COPY_USER = 'unsigned long (void *to, const void *from, unsigned int len)';
const MSR_REGS = 'int (unsigned int *regs)';

const DECLARATIONS: Readonly<Record<string, string>> = {
  memcpy: MEMORY_COPY, __memcpy: MEMORY_COPY, memmove: MEMORY_COPY, __memmove: MEMORY_COPY, memset: MEMORY_SET, __memset: MEMORY_SET,
  copy_page: 'void (void *to, void *from)', clear_page_orig: CLEAR_PAGE, clear_page_rep: CLEAR_PAGE, clear_page_erms: CLEAR_PAGE,
  copy_user_generic_string: COPY_USER, copy_user_generic_unrolled: COPY_USER, copy_user_enhanced_fast_string: COPY_USER,
  __copy_user_nocache: 'long (void *dst, const void *src, unsigned int size, int zerorest)',
  __sw_hweight32: 'unsigned int (unsigned int w)', __sw_hweight64: 'unsigned long (unsigned long w)',
  rdmsr_safe_regs: MSR_REGS, wrmsr_safe_regs: MSR_REGS, asm_load_gs_index: 'void (unsigned int selector)',
  // Static-call trampolines have the prototype of what they call.
  __SCT__might_resched: 'int (void)', __SCT__cond_resched: 'int (void)', __SCT__preempt_schedule: 'void (void)', __SCT__preempt_schedule_notrace: 'void (void)',
};

/** Entry points with a register convention of their own: no C prototype describes them, whatever BTF says. */
const NO_C_PROTOTYPE: ReadonlySet<string> = new Set([
  '__fentry__', 'entry_ibpb', 'entry_untrain_ret', 'retbleed_untrain_ret', 'srso_untrain_ret', 'srso_alias_untrain_ret', 'clear_bhb_loop', 'its_return_thunk',
  ...['get', 'put'].flatMap((way) => [1, 2, 4, 8].flatMap((size) => [`__${way}_user_${size}`, `__${way}_user_nocheck_${size}`])),
  'clear_user_original', 'clear_user_rep_good', 'clear_user_erms', 'rep_movs_alternative', 'rep_stos_alternative', 'copy_to_nontemporal',
  'preempt_schedule_thunk', 'preempt_schedule_notrace_thunk',
]);

/** 'none' for a symbol without C prototype, undefined for one that BTF is right about. */
export function extraPrototype(symbol: string): Prototype | 'none' | undefined {
  if (NO_C_PROTOTYPE.has(symbol)) return 'none';
  const declaration = Object.hasOwn(DECLARATIONS, symbol) ? DECLARATIONS[symbol] : undefined;
  return declaration === undefined ? undefined : parseDeclaration(symbol, declaration);
}
export const extraPrototypeNames = (): string[] => Object.keys(DECLARATIONS);

/** `RETURN (TYPE NAME, ...)`, with the stars written before the name. */
function parseDeclaration(symbol: string, declaration: string): Prototype {
  const open = declaration.indexOf('(');
  const list = declaration.slice(open + 1, -1);
  const parameters = list === 'void' ? [] : list.split(', ').map((text): Parameter => {
    const [, type, name] = /^(.*?)(\w+)$/.exec(text)!;
    return { name: name!, type: plainType(type!.trim()) };
  });
  return { name: symbol, returns: plainType(declaration.slice(0, open).trim()), parameters, isVariadic: false };
}

function plainType(spelling: string): CType {
  const base = { spelling, tag: '', length: 0, element: undefined, isLongLong: false, isSigned: false };
  if (spelling.endsWith('*')) return { ...base, kind: 'pointer', sizeBytes: 8, element: plainType(spelling.slice(0, -1).replace('const ', '').trim()) };
  switch (spelling) {
    case 'void': return { ...base, kind: 'void', sizeBytes: 0 };
    case 'int': return { ...base, kind: 'int', sizeBytes: 4, isSigned: true };
    case 'long': return { ...base, kind: 'int', sizeBytes: 8, isSigned: true };
    case 'unsigned long': return { ...base, kind: 'int', sizeBytes: 8 };
    default: return { ...base, kind: 'int', sizeBytes: 4 };
  }
}
