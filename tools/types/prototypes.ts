// The interface `Prototypes`: one member per function, with the TypeScript types of its C parameters.

import type { Abi, CType, Prototype } from '../../src/abi/abi.ts';
import { formatPrototype } from '../../src/abi/print/format-prototype.ts';

/** Functions without a prototype in this release (those of later releases, thunks) are left out: their handlers are not checked. */
export function prototypesSource(abi: Abi, names: readonly string[]): string {
  const prototypes = names.map((name) => abi.prototype(name)).filter((prototype) => prototype !== undefined);
  const imports = ["import type { Ptr } from '../../base/ptr.ts';"];
  if (prototypes.some((prototype) => prototype.isVariadic)) imports.push("import type { VaList } from '../va-list.ts';");
  const members = prototypes.map((prototype) => `  /** \`${formatPrototype(prototype)}\` */\n  ${member(prototype)}\n`);
  return `
${imports.join('\n')}

/** \`void *\`, which goes where any pointer goes as in C, and pointers to scalars other than char. */
export type PlainPtr = number;

export interface Prototypes {
${members.join('')}}
`;
}

function member({ name, parameters, returns, isVariadic }: Prototype): string {
  const taken = new Set<string>();
  const list = parameters.map((parameter, i) => `${parameterName(parameter.name, i, taken)}: ${typeScriptType(parameter.type)}`);
  if (isVariadic) list.push('va: VaList');
  return `${name}: (${list.join(', ')}) => ${resultType(returns)};`;
}

const RESERVED = new Set(['arguments', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do', 'else', 'enum', 'eval', 'export', 'extends', 'false', 'finally', 'for', 'function', 'if', 'implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected', 'public', 'return', 'static', 'super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield', 'va']);

function parameterName(name: string, index: number, taken: Set<string>): string {
  const wanted = name === '' ? `arg${index}` : RESERVED.has(name) ? `${name}_` : name;
  const unique = taken.has(wanted) ? `${wanted}${index}` : wanted;
  taken.add(unique);
  return unique;
}

/** The type of a C value as a handler gets or returns it. */
export function typeScriptType(type: CType): string {
  switch (type.kind) {
    case 'void': return 'void';
    case 'bool': return 'boolean';
    case 'pointer': return pointerType(type.element);
    // Small structs travel in one register, as an integer of their size.
    case 'struct': case 'union': return type.sizeBytes <= 4 ? 'number' : type.sizeBytes <= 8 ? 'bigint' : 'never';
    default: return type.isLongLong ? 'bigint' : 'number';
  }
}

/** A comparison is an int in C. */
const resultType = (type: CType): string => (type.kind === 'int' && !type.isLongLong ? 'number | boolean' : typeScriptType(type));

function pointerType(element: CType | undefined): string {
  const name = element ? pointeeName(element) : '';
  return name === '' ? 'PlainPtr' : `Ptr<'${name}'>`;
}

/** The tag of a struct, `char`, `function`, `file *` for a pointer to a pointer; '' for void and other scalars. */
function pointeeName(type: CType): string {
  switch (type.kind) {
    case 'struct': case 'union': return type.tag;
    case 'char': case 'function': return type.kind;
    case 'pointer': return type.element ? `${pointeeName(type.element)} *`.trim() : '';
    case 'array': return type.element ? pointeeName(type.element) : '';
    default: return '';
  }
}
