// What must hold for every type of a BTF file before anybody follows its references: ids in range and of a fitting kind, no
// chain of typedefs, arrays or members that returns to its start, members inside their struct.

import { AbiError } from '../abi.ts';
import type { Btf, BtfType } from './btf-types.ts';

/** Kinds that a C declaration can have as its type. */
const C_KINDS: ReadonlySet<string> = new Set(['void', 'int', 'float', 'pointer', 'const', 'volatile', 'restrict', 'typedef', 'forward', 'array', 'struct', 'union', 'enum', 'function', 'type-tag']);

export function checkBtf(btf: Btf): void {
  for (let id = btf.firstId; id < btf.endId; id++) {
    const type = btf.type(id);
    for (const ref of references(type)) {
      const target = btf.type(ref).kind;
      const fits = type.kind === 'func' ? target === 'function' : type.kind === 'datasec' ? target === 'var' : type.kind === 'decl-tag' ? true : C_KINDS.has(target);
      if (!fits) throw new AbiError(`BTF: type ${id} (${type.kind}) refers to type ${ref}, which is a ${target}`);
    }
    if (type.kind === 'struct' || type.kind === 'union') {
      for (const member of type.members) {
        if (member.bitOffset + member.bitSize > type.sizeBytes * 8) throw new AbiError(`BTF: member ${member.name} of type ${id} lies outside it`);
      }
    }
  }
  checkContainment(btf);
}

/** Every id that a type names. */
function references(type: BtfType): readonly number[] {
  switch (type.kind) {
    case 'pointer': case 'const': case 'volatile': case 'restrict': case 'typedef': case 'type-tag': return [type.to];
    case 'array': return [type.of];
    case 'struct': case 'union': return type.members.map((member) => member.type);
    case 'function': return [type.returns, ...type.parameters.map((parameter) => parameter.type)];
    case 'func': case 'var': case 'decl-tag': return [type.type];
    case 'datasec': return type.variables.map((variable) => variable.type);
    default: return [];
  }
}

/** The ids whose bytes lie inside a value of this type. */
function contents(type: BtfType): readonly number[] {
  return type.kind === 'pointer' || type.kind === 'function' || type.kind === 'func' || type.kind === 'decl-tag' ? [] : references(type);
}

/** Depth-first over containment, with a stack of its own: hostile input may nest deeper than the host's. */
function checkContainment(btf: Btf): void {
  const OPEN = 1;
  const DONE = 2;
  const state = new Uint8Array(btf.endId);
  const stack: { id: number; next: number; readonly inside: readonly number[] }[] = [];
  const enter = (id: number): void => {
    if (id < btf.firstId || state[id] === DONE) return;
    if (state[id] === OPEN) throw new AbiError(`BTF: type ${id} contains itself`);
    state[id] = OPEN;
    stack.push({ id, next: 0, inside: contents(btf.type(id)) });
  };
  for (let id = btf.firstId; id < btf.endId; id++) {
    enter(id);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.inside.length) enter(top.inside[top.next++]!);
      else { state[top.id] = DONE; stack.pop(); }
    }
  }
}
