// The intermediate representation between machine code and the two engines. Expressions are trees without side effects
// other than faults of their loads; statements change state; a block ends in one terminator. The meaning of every x86
// instruction is written once, as statements of this IR (`src/x86/`).
//
// State of a context: sixteen 64-bit registers, nine condition predicates (below), temporaries that live inside one
// instruction, memory. Rule of restart: within one Insn no 'reg' or 'flags' statement comes before a memory access that may
// fault, so an instruction that faults has changed nothing and can be run again by the other engine.

export type Type = 'i32' | 'i64';

/** x86 register numbers as encoded in machine code. */
export const RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;
export const REGISTER_NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;

/**
 * Condition predicates. The six flags O B(=CF) Z S P A and three combinations that x86 conditions test: BE = B|Z,
 * L = S!=O, LE = Z|L. All nine are state, kept consistent by whoever sets flags, so `cmp; jle` costs one comparison.
 */
export const PREDICATES = ['o', 'b', 'z', 's', 'p', 'a', 'be', 'l', 'le'] as const;
export type Pred = (typeof PREDICATES)[number];

export type UnaryOp =
  | 'eqz' | 'clz' | 'ctz' | 'popcnt'
  | 'extend8_s' | 'extend16_s' | 'extend32_s' // within the operand's own type (extend32_s: i64)
  | 'wrap' // i64 -> i32
  | 'extend_u' | 'extend_s'; // i32 -> i64
export type BinaryOp =
  | 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr_u' | 'shr_s' | 'rotl' | 'rotr' // shift counts as in wasm: modulo the width
  | 'div_u' | 'div_s' | 'rem_u' | 'rem_s' // the lifter guards divisor and overflow with a 'trapif' before
  | 'eq' | 'ne' | 'lt_u' | 'lt_s' | 'le_u' | 'le_s' | 'gt_u' | 'gt_s' | 'ge_u' | 'ge_s' // result i32
  | 'mulhi_u' | 'mulhi_s'; // upper 64 bits of 64x64, i64 only

export type Expr =
  | { readonly op: 'const'; readonly type: Type; readonly value: number | bigint } // i64: number when a safe integer (signed), else bigint; i32: number, signed
  | { readonly op: 'reg'; readonly type: 'i64'; readonly reg: number }
  | { readonly op: 'pred'; readonly type: 'i32'; readonly pred: Pred } // 0 or 1
  | { readonly op: 'tmp'; readonly type: Type; readonly tmp: number }
  | { readonly op: 'gsbase'; readonly type: 'i64' } // address of this CPU's per-CPU area
  | { readonly op: 'fsbase'; readonly type: 'i64' }
  | { readonly op: 'load'; readonly type: Type; readonly size: 1 | 2 | 4 | 8; readonly signed: boolean; readonly addr: Expr } // size 8 is i64 only; sizes 1, 2, 4 extend to `type`
  | { readonly op: UnaryOp; readonly type: Type; readonly a: Expr }
  | { readonly op: BinaryOp; readonly type: Type; readonly a: Expr; readonly b: Expr } // `type` is the result's
  | { readonly op: 'select'; readonly type: Type; readonly cond: Expr; readonly a: Expr; readonly b: Expr }; // cond i32; both arms are evaluated

/**
 * What kind of operation sets the flags, with its operands. `flags.ts` turns (statement, predicate) into an expression, after
 * liveness has told which predicates anybody reads. Operands are 'tmp', 'const' or 'reg' expressions, zero-extended to
 * `size` (i32 for sizes 1, 2, 4; i64 for 8) and not changed until the statement.
 */
export type FlagsKind =
  | 'add' | 'sub' // a op b = r (sub is also cmp, neg with a = 0)
  | 'adc' | 'sbb' // a op b op carry-in c = r
  | 'inc' | 'dec' // a = r -/+ 1; B unchanged
  | 'logic' // r; O = B = 0, A = 0
  | 'shl' | 'shr' | 'sar' // a shifted by count b (already masked, not 0 when const) = r; when b is not a constant a zero count changes nothing
  | 'rol' | 'ror' // as shl, but only O and B change
  | 'rcl' | 'rcr' // c is the new carry, O as SDM; only O and B change
  | 'shld' | 'shrd' // a is the old destination, b the count, r the result
  | 'mul' // B = O = c (i32), others undefined (kept 0)
  | 'bit' // bt family, B = c (i32), others unchanged
  | 'zero' // bsf, bsr: Z = c (i32), others undefined (unchanged)
  | 'count' // tzcnt, lzcnt: B = c, Z = (r == 0); popcnt: kind 'logic' with B = 0
  | 'word'; // every flag from an RFLAGS image r (i32): popf, sahf

export type Stmt =
  | { readonly s: 'reg'; readonly reg: number; readonly value: Expr } // whole 64-bit register
  | { readonly s: 'tmp'; readonly tmp: number; readonly value: Expr }
  | { readonly s: 'pred'; readonly pred: Pred; readonly value: Expr } // what `flags` statements become
  | { readonly s: 'store'; readonly size: 1 | 2 | 4 | 8; readonly addr: Expr; readonly value: Expr } // value i32 for sizes 1, 2, 4 and i64 for 8
  | { readonly s: 'flags'; readonly kind: FlagsKind; readonly size: 1 | 2 | 4 | 8; readonly a: Expr; readonly b: Expr; readonly c: Expr; readonly r: Expr }
  /** String instruction with or without rep; registers and memory as the SDM says, one element at a time, restartable. */
  | { readonly s: 'string'; readonly kind: 'movs' | 'stos' | 'lods' | 'cmps' | 'scas' | 'ins' | 'outs'; readonly size: 1 | 2 | 4 | 8; readonly rep: 'none' | 'rep' | 'repe' | 'repne' }
  /** Raises exception `vector` (0 = #DE ...) at this instruction when cond (i32) is not 0. Comes before any state change. */
  | { readonly s: 'trapif'; readonly vector: number; readonly cond: Expr }
  /** Anything the IR has no words for (cpuid, rdtsc, in/out, cr moves, SSE, x87): `src/x86/intrinsics.ts`, run on the register block. */
  | { readonly s: 'intrinsic'; readonly name: string; readonly args: readonly (number | bigint)[]; readonly reads: number; readonly writes: number; readonly addr: Expr | null }; // reads/writes: register bit masks; bit 16 = flags. addr: memory operand's address

export interface Insn {
  readonly pc: number; // guest address (signed number)
  readonly next: number;
  readonly stmts: readonly Stmt[];
}

export type Target = number | Expr; // guest address, or an i64 expression for an indirect one

export type Term =
  | { readonly t: 'jump'; readonly target: number } // to a block of this function
  | { readonly t: 'branch'; readonly cond: Expr; readonly taken: number; readonly next: number }
  | { readonly t: 'call'; readonly target: Target; readonly next: number } // pushes `next`, the resume point, on the guest stack
  | { readonly t: 'tail'; readonly target: Target } // jump out of the function
  | { readonly t: 'ret'; readonly popBytes: number }
  | { readonly t: 'trap'; readonly kind: 'ud' | 'int3' | 'int' | 'hlt' | 'undecodable' | 'noreturn'; readonly vector: number; readonly name: string }; // undecodable/untranslated: name says the mnemonic

export interface Block {
  readonly start: number;
  readonly insns: readonly Insn[];
  /** Address of the terminating instruction (for faults in its operands); equals start of the next block for a plain fall-through. */
  readonly termPc: number;
  readonly term: Term;
}

/** One function, blocks by start address, entry first. Blocks that lie elsewhere (`.cold`) belong to it when it jumps there. */
export interface IrFunction {
  readonly entry: number;
  readonly name: string;
  readonly blocks: ReadonlyMap<number, Block>;
  readonly nrInsns: number;
}
