// BTF types by id (Documentation of the format: kernel.org "BPF Type Format"). C types are the nodes of type-graph.ts; the
// kinds that are no C type stand beside them.

import type { IntType, TypeNode, TypeRef } from '../type-graph.ts';

/** Kind numbers of `btf_type.info`. */
export const KIND = {
  INT: 1, PTR: 2, ARRAY: 3, STRUCT: 4, UNION: 5, ENUM: 6, FWD: 7, TYPEDEF: 8, VOLATILE: 9, CONST: 10, RESTRICT: 11, FUNC: 12,
  FUNC_PROTO: 13, VAR: 14, DATASEC: 15, FLOAT: 16, DECL_TAG: 17, TYPE_TAG: 18, ENUM64: 19,
} as const;

export type Linkage = 'static' | 'global' | 'extern';

export interface FuncEntry { readonly kind: 'func'; readonly name: string; readonly type: TypeRef; readonly linkage: Linkage }
export interface VarEntry { readonly kind: 'var'; readonly name: string; readonly type: TypeRef; readonly linkage: Linkage }
export interface SectionVariable { readonly type: TypeRef; readonly offset: number; readonly sizeBytes: number }
export interface DatasecEntry { readonly kind: 'datasec'; readonly name: string; readonly sizeBytes: number; readonly variables: readonly SectionVariable[] }
/** `componentIndex` is -1 when the tag is on the declaration itself, else the member or parameter it is on. */
export interface DeclTagEntry { readonly kind: 'decl-tag'; readonly name: string; readonly type: TypeRef; readonly componentIndex: number }
export interface TypeTagEntry { readonly kind: 'type-tag'; readonly name: string; readonly to: TypeRef }

/** An integer that fills only some bits of its storage. */
export interface BtfInt extends IntType { readonly narrow?: { readonly bits: number; readonly shift: number } }

export type BtfType = TypeNode | BtfInt | FuncEntry | VarEntry | DatasecEntry | DeclTagEntry | TypeTagEntry;

export interface Btf {
  /** Id of the first type of this file: 1, or one past the base's last. */
  readonly firstId: number;
  /** One past the last id. */
  readonly endId: number;
  /** AbiError for an id out of range. Ids of the base are answered by the base. */
  type(id: number): BtfType;
}
