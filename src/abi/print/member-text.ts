// How `pahole` spells the type and the name of a member: `const char  *` and `name`, `void` and `(*exit)(void)`.

import type { FunctionType, TypeRef, TypeSource } from '../type-graph.ts';

/** Deeper than any declaration; beyond it the source is malformed. */
const MAX_DEPTH = 32;

export function typeName(source: TypeSource, ref: TypeRef, depth = 0): string {
  if (depth > MAX_DEPTH) return '...';
  const node = source.node(ref);
  switch (node.kind) {
    case 'void': return 'void';
    case 'pointer': {
      const target = source.node(node.to);
      return target.kind === 'function' ? functionPointer(source, target, '', depth).join(' ') : `${typeName(source, node.to, depth + 1)} *`;
    }
    // The space behind a qualified type is pahole's.
    case 'const': case 'volatile': {
      const target = source.node(node.to);
      return target.kind === 'pointer' ? `${typeName(source, node.to, depth + 1)} ${node.kind}` : `${node.kind} ${typeName(source, node.to, depth + 1)} `;
    }
    case 'restrict': return `${typeName(source, node.to, depth + 1)} restrict`;
    case 'array': return typeName(source, node.of, depth + 1);
    case 'function': return functionPointer(source, node, '', depth).join(' ');
    case 'struct': case 'union': case 'enum': return node.name ? `${node.kind} ${node.name}` : `${node.kind} {...}`;
    case 'forward': return `${node.of} ${node.name}`;
    default: return node.name;
  }
}

/** Type column and name column of a member. An array of no length is flexible where it can be, `[0]` elsewhere. */
export function memberText(source: TypeSource, ref: TypeRef, name: string, isFlexible: boolean): [type: string, name: string] {
  let of = ref;
  let dimensions = '';
  let node = source.node(of);
  for (let i = 0; node.kind === 'array' && i < MAX_DEPTH; node = source.node(of), i++) {
    dimensions += node.length > 0 || !isFlexible ? `[${node.length}]` : '[]';
    of = node.of;
  }
  if (node.kind === 'const') {
    const target = source.node(node.to);
    if (target.kind === 'array' || isFunctionPointer(source, node.to)) {
      const [type, inner] = memberText(source, node.to, name, isFlexible);
      return [target.kind === 'array' && type.startsWith('const ') ? type : `const ${type}`, inner];
    }
  }
  if (node.kind === 'pointer') {
    const target = source.node(node.to);
    if (target.kind === 'function') return functionPointer(source, target, `${name}${dimensions}`, 0);
  }
  return [typeName(source, of).trimEnd(), `${name}${dimensions}`];
}

function isFunctionPointer(source: TypeSource, ref: TypeRef): boolean {
  const node = source.node(ref);
  return node.kind === 'pointer' && source.node(node.to).kind === 'function';
}

function functionPointer(source: TypeSource, { returns, parameters, isVariadic }: FunctionType, name: string, depth: number): [string, string] {
  const list = parameters.map((parameter) => typeName(source, parameter.type, depth + 1));
  if (isVariadic) list.push('...');
  return [typeName(source, returns, depth + 1), `(*${name})(${list.join(', ') || 'void'})`];
}
