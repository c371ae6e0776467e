// The IR as text, for golden tests and for people. Addresses within a function print relative to its entry (`+1c`), others in hex.

import { REGISTER_NAMES, type Block, type Expr, type IrFunction, type Stmt, type Target, type Term } from './ir.ts';

const NEAR = 0x10_0000;

const hex = (value: number): string => (value < 0 ? '0x' + BigInt.asUintN(64, BigInt(value)).toString(16) : '0x' + value.toString(16));
const place = (address: number, entry: number): string => {
  const distance = address - entry;
  if (Math.abs(distance) >= NEAR) return hex(address);
  return (distance < 0 ? '-' : '+') + Math.abs(distance).toString(16);
};
const number = (value: number | bigint): string => {
  const v = BigInt(value);
  const magnitude = v < 0n ? -v : v;
  return magnitude < 1024n ? v.toString() : (v < 0n ? '-0x' : '0x') + magnitude.toString(16);
};

export function exprText(e: Expr): string {
  switch (e.op) {
    case 'const': return number(e.value) + (e.type === 'i64' ? 'L' : '');
    case 'reg': return REGISTER_NAMES[e.reg]!;
    case 'pred': return `?${e.pred}`;
    case 'tmp': return `t${e.tmp}`;
    case 'gsbase': case 'fsbase': return e.op;
    case 'load': return `(${e.type}.load${e.size * 8}${e.size === 8 || (e.size === 4 && e.type === 'i32') ? '' : e.signed ? '_s' : '_u'} ${exprText(e.addr)})`;
    case 'select': return `(select ${exprText(e.cond)} ${exprText(e.a)} ${exprText(e.b)})`;
    default: {
      const prefix = e.a.type === 'i32' ? 'i32.' : '';
      return 'b' in e ? `(${prefix}${e.op} ${exprText(e.a)} ${exprText(e.b)})` : `(${prefix}${e.op} ${exprText(e.a)})`;
    }
  }
}

export function stmtText(stmt: Stmt): string {
  switch (stmt.s) {
    case 'reg': return `${REGISTER_NAMES[stmt.reg]} = ${exprText(stmt.value)}`;
    case 'tmp': return `t${stmt.tmp} = ${exprText(stmt.value)}`;
    case 'pred': return `?${stmt.pred} = ${exprText(stmt.value)}`;
    case 'store': return `store${stmt.size * 8} ${exprText(stmt.addr)} ${exprText(stmt.value)}`;
    case 'flags': return `flags.${stmt.kind}${stmt.size * 8} ${[stmt.a, stmt.b, stmt.c, stmt.r].map(exprText).join(' ')}`;
    case 'string': return `${stmt.rep === 'none' ? '' : stmt.rep + ' '}${stmt.kind}${stmt.size * 8}`;
    case 'trapif': return `trapif ${stmt.vector} ${exprText(stmt.cond)}`;
    case 'intrinsic': return `intrinsic ${[stmt.name, ...stmt.args].join(' ')}${stmt.addr ? ` [${exprText(stmt.addr)}]` : ''} reads ${stmt.reads.toString(16)} writes ${stmt.writes.toString(16)}`;
  }
}

function termText(term: Term, entry: number): string {
  const target = (t: Target): string => (typeof t === 'number' ? place(t, entry) : `*${exprText(t)}`);
  switch (term.t) {
    case 'jump': return `jump ${place(term.target, entry)}`;
    case 'branch': return `branch ${exprText(term.cond)} ${place(term.taken, entry)} else ${place(term.next, entry)}`;
    case 'call': return `call ${target(term.target)} then ${place(term.next, entry)}`;
    case 'tail': return `tail ${target(term.target)}`;
    case 'ret': return term.popBytes ? `ret ${term.popBytes}` : 'ret';
    case 'trap': return `trap ${term.kind}${term.kind === 'int' ? ' ' + term.vector : ''}${term.name ? ' ' + term.name : ''}`;
  }
}

export function blockText(block: Block, entry: number): string {
  const lines = [`${place(block.start, entry)}:`];
  for (const insn of block.insns) {
    const label = `  ${place(insn.pc, entry).padEnd(5)} `;
    insn.stmts.forEach((stmt, index) => void lines.push((index ? ' '.repeat(label.length) : label) + stmtText(stmt)));
    if (insn.stmts.length === 0) lines.push(`${label}nop`);
  }
  lines.push(`  ${place(block.termPc, entry).padEnd(5)} ${termText(block.term, entry)}`);
  return lines.join('\n');
}

export function functionText(fn: IrFunction): string {
  return [`function ${fn.name} at ${hex(fn.entry)}`, ...[...fn.blocks.values()].map((block) => blockText(block, fn.entry))].join('\n') + '\n';
}
