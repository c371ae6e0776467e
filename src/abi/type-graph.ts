// C types as a graph: what BTF (btf/) and the ABI file (file/) both decode to. A reference is an opaque number of its
// source: a type id of BTF, a byte offset of the ABI file. 0 is `void` in both.

import { AbiError } from './abi.ts';

export type TypeRef = number;

export interface MemberPlace {
  readonly type: TypeRef;
  /** Bits from the start of the struct. */
  readonly bitOffset: number;
  /** Width of a bit field, 0 for an ordinary member. */
  readonly bitSize: number;
}
export interface Member extends MemberPlace { readonly name: string }
export interface Enumerator { readonly name: string; readonly value: number | bigint }
export interface NamedType { readonly name: string; readonly type: TypeRef }

export interface IntType { readonly kind: 'int'; readonly name: string; readonly sizeBytes: number; readonly isSigned: boolean; readonly isBool: boolean }
export interface FloatType { readonly kind: 'float'; readonly name: string; readonly sizeBytes: number }
export interface PointerType { readonly kind: 'pointer'; readonly to: TypeRef }
export interface QualifiedType { readonly kind: 'const' | 'volatile' | 'restrict'; readonly to: TypeRef }
export interface TypedefType { readonly kind: 'typedef'; readonly name: string; readonly to: TypeRef }
export interface ForwardType { readonly kind: 'forward'; readonly of: 'struct' | 'union'; readonly name: string }
export interface ArrayType { readonly kind: 'array'; readonly of: TypeRef; readonly length: number }
export interface CompositeType { readonly kind: 'struct' | 'union'; readonly name: string; readonly sizeBytes: number; readonly members: readonly Member[] }
export interface EnumType { readonly kind: 'enum'; readonly name: string; readonly sizeBytes: number; readonly isSigned: boolean; readonly values: readonly Enumerator[] }
export interface FunctionType { readonly kind: 'function'; readonly returns: TypeRef; readonly parameters: readonly NamedType[]; readonly isVariadic: boolean }

export type TypeNode =
  | { readonly kind: 'void' } | IntType | FloatType | PointerType | QualifiedType | TypedefType | ForwardType | ArrayType
  | CompositeType | EnumType | FunctionType;

/** Where references lead. Throws AbiError for one that leads nowhere. */
export interface TypeSource { node(ref: TypeRef): TypeNode }

export const VOID: TypeNode = { kind: 'void' };

/** More typedefs and qualifiers in a row than C code has; a longer chain is a cycle. */
const MAX_CHAIN = 64;

/** A node with typedefs and qualifiers stripped, and the name of the last typedef passed. */
export interface Resolved { readonly ref: TypeRef; readonly node: Exclude<TypeNode, QualifiedType | TypedefType>; readonly typedefName: string }

export function resolve(source: TypeSource, ref: TypeRef): Resolved {
  let typedefName = '';
  for (let step = 0; step < MAX_CHAIN; step++) {
    const node = source.node(ref);
    switch (node.kind) {
      case 'typedef': typedefName = node.name; ref = node.to; break;
      case 'const': case 'volatile': case 'restrict': ref = node.to; break;
      default: return { ref, node, typedefName };
    }
  }
  throw new AbiError(`type ${ref}: a typedef leads to itself`);
}

export const POINTER_SIZE = 8;

/** sizeof; 0 for void, functions and incomplete types. */
export function sizeOfType(source: TypeSource, ref: TypeRef): number {
  let count = 1;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const { node } = resolve(source, ref);
    switch (node.kind) {
      case 'array': count *= node.length; ref = node.of; break;
      case 'pointer': return count * POINTER_SIZE;
      case 'void': case 'function': case 'forward': return 0;
      default: return count * node.sizeBytes;
    }
  }
  throw new AbiError(`type ${ref}: an array contains itself`);
}
