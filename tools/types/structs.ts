// The interface `StructMembers`: members of the structs that kernel code names and of the structs inside them, in the form that
// src/abi/struct-paths.ts walks.

import type { Abi, CType, Field, StructLayout } from '../../src/abi/abi.ts';

export function structsSource(abi: Abi, names: readonly string[]): string {
  const texts = new Map<string, string>();
  const wanted = [...names];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (texts.has(name) || !abi.hasStruct(name)) continue;
    const inside = new Set<string>();
    texts.set(name, membersText(abi.struct(name).members, inside));
    wanted.push(...inside);
  }
  const members = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `  ${name}: ${text};\n`);
  return `
export interface StructMembers {
${members.join('')}}
`;
}

/** `{ state: number; list: 'list_head'; name: [number] }`; names of structs that are referred to are added to `inside`. */
function membersText(members: readonly Field[], inside: Set<string>): string {
  const parts = new Map<string, string>();
  for (const member of members) {
    if (member.name !== '') parts.set(member.name, typeText(member.type, inside));
    else for (const [name, text] of anonymousMembers(member.type, inside)) parts.set(name, text);
  }
  if (parts.size === 0) return 'object';
  return `{ ${[...parts].map(([name, text]) => `${name}: ${text}`).join('; ')} }`;
}

function anonymousMembers(type: CType, inside: Set<string>): [string, string][] {
  const found: [string, string][] = [];
  for (const member of layoutOf(type)?.members ?? []) {
    if (member.name !== '') found.push([member.name, typeText(member.type, inside)]);
    else found.push(...anonymousMembers(member.type, inside));
  }
  return found;
}

function typeText(type: CType, inside: Set<string>): string {
  switch (type.kind) {
    case 'array': return `[${type.element ? typeText(type.element, inside) : 'never'}]`;
    case 'struct': case 'union': {
      if (type.tag === '') return membersText(layoutOf(type)?.members ?? [], inside);
      inside.add(type.tag);
      return `'${type.tag}'`;
    }
    default: return type.isLongLong ? 'bigint' : 'number';
  }
}

const layoutOf = (type: CType): StructLayout | undefined => type.layout;
