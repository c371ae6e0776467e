// Statements as closures. `flags` statements have become `pred` statements before (lower-flags.ts).

import { PREDICATES, type Stmt } from '../ir.ts';
import { compile32, compile64, highHalf, lowHalf } from './expressions.ts';
import type { Machine } from './machine.ts';
import { store, type Step } from './memory.ts';
import { compileString } from './strings.ts';

export function compileStmt(m: Machine, stmt: Stmt): Step {
  switch (stmt.s) {
    case 'reg': return setRegister(m, stmt);
    case 'tmp': {
      const tmps = m.tmps;
      const index = 2 * stmt.tmp;
      if (index + 1 >= tmps.length) throw new Error(`kobox bug: too many temporaries (t${stmt.tmp})`);
      if (stmt.value.type === 'i32') {
        const value = compile32(m, stmt.value);
        return () => void (tmps[index] = value());
      }
      const value = compile64(m, stmt.value);
      return () => {
        tmps[index] = value();
        tmps[index + 1] = m.hi;
      };
    }
    case 'pred': {
      const preds = m.preds;
      const index = PREDICATES.indexOf(stmt.pred);
      const value = compile32(m, stmt.value);
      return () => void (preds[index] = value());
    }
    case 'store': return store(m, stmt.size, compile64(m, stmt.addr), stmt.size === 8 ? compile64(m, stmt.value) : compile32(m, stmt.value));
    case 'trapif': {
      const cond = compile32(m, stmt.cond);
      const { vector } = stmt;
      return () => {
        if (cond() !== 0) m.raise(vector);
      };
    }
    case 'string': return compileString(m, stmt);
    case 'intrinsic': {
      const { name, args } = stmt;
      const addr = stmt.addr ? compile64(m, stmt.addr) : () => 0;
      return () => m.intrinsic(name, args, addr());
    }
    case 'flags': throw new Error('kobox bug: a flags statement reached the interpreter');
  }
}

function setRegister(m: Machine, stmt: Extract<Stmt, { s: 'reg' }>): Step {
  const regs = m.regs;
  const low = 2 * stmt.reg;
  const high = low + 1;
  const { value } = stmt;
  switch (value.op) {
    case 'const': {
      const lowValue = lowHalf(value.value), highValue = highHalf(value.value);
      return () => {
        regs[low] = lowValue;
        regs[high] = highValue;
      };
    }
    case 'reg': {
      const from = 2 * value.reg;
      return () => {
        regs[low] = regs[from]!;
        regs[high] = regs[from + 1]!;
      };
    }
    case 'extend_u': {
      const narrow = compile32(m, value.a);
      return () => {
        regs[low] = narrow();
        regs[high] = 0;
      };
    }
    default: {
      const wide = compile64(m, value);
      return () => {
        regs[low] = wide();
        regs[high] = m.hi;
      };
    }
  }
}
