// Spells a declaration the way C does, inside out: `void (*release)(struct kobject *)`, `char name[56]`, `struct list_head *`.

import type { FunctionType, NamedType, TypeRef, TypeSource } from './type-graph.ts';

/** Deeper nesting than any declaration has; beyond it the source is malformed. */
const MAX_DEPTH = 32;

/** `name` declared with a type; the bare type when `name` is ''. Unnamed structs print as `struct {...}`. */
export function declare(source: TypeSource, ref: TypeRef, name: string, depth = 0): string {
  if (depth > MAX_DEPTH) return '...';
  const node = source.node(ref);
  switch (node.kind) {
    case 'pointer': {
      const target = source.node(node.to).kind;
      return declare(source, node.to, target === 'array' || target === 'function' ? `(*${name})` : `*${name}`, depth + 1);
    }
    case 'array': return declare(source, node.of, `${name}[${node.length}]`, depth + 1);
    case 'function': return declare(source, node.returns, `${name}(${parameterList(source, node, depth)})`, depth + 1);
    case 'const': case 'volatile': case 'restrict': {
      // A qualifier of a pointer stands behind the star, any other before the type.
      if (source.node(node.to).kind === 'pointer') return declare(source, node.to, join(node.kind, name), depth + 1);
      return `${node.kind} ${declare(source, node.to, name, depth + 1)}`;
    }
    case 'void': return join('void', name);
    case 'struct': case 'union': case 'enum': return join(node.name ? `${node.kind} ${node.name}` : `${node.kind} {...}`, name);
    case 'forward': return join(`${node.of} ${node.name}`, name);
    default: return join(cName(node.name), name);
  }
}

export function parameterList(source: TypeSource, { parameters, isVariadic }: FunctionType, depth = 0, spell = (parameter: NamedType): string => declare(source, parameter.type, parameter.name, depth + 1)): string {
  const parts = parameters.map(spell);
  if (isVariadic) parts.push('...');
  return parts.length > 0 ? parts.join(', ') : 'void';
}

/** DWARF calls `unsigned long long` "long long unsigned int"; C code says it shorter. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'long int': 'long', 'long unsigned int': 'unsigned long', 'long long int': 'long long', 'long long unsigned int': 'unsigned long long',
  'short int': 'short', 'short unsigned int': 'unsigned short', _Bool: 'bool',
};
const cName = (name: string): string => SHORT_NAMES[name] ?? name;

const join = (type: string, name: string): string => (name === '' ? type : `${type} ${name}`);
