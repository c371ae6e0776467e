// One kernel release as data: struct layouts, enumerators, prototypes, exported symbols, identification strings. Read from a
// compact ABI file (`kobox abi add`), decoded only where it is used. No kernel code hard-codes an offset.

import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import type { StructMembers } from './generated/structs.generated.ts';
import type { ScalarAt, ValidPath } from './struct-paths.ts';

/** The ABI lacks something by that name, or the file is malformed. */
export class AbiError extends Error {}

export type CTypeKind = 'void' | 'int' | 'bool' | 'char' | 'float' | 'enum' | 'pointer' | 'array' | 'struct' | 'union' | 'function';

/** A C type with typedefs and qualifiers stripped, as far as reading and writing a value needs it. */
export interface CType {
  readonly kind: CTypeKind;
  readonly sizeBytes: number;
  readonly isSigned: boolean;
  /** True for (unsigned) long long: values are bigint at the TypeScript boundary. */
  readonly isLongLong: boolean;
  /** Name of the struct/union/enum, '' when anonymous; of the pointed-to struct for pointers. */
  readonly tag: string;
  /** Array length and element; pointee of a pointer. */
  readonly length: number;
  readonly element: CType | undefined;
  /** Layout of a struct or union; also how an anonymous one is reached. */
  readonly layout?: StructLayout | undefined;
  /** As C spells it: `struct list_head *`. */
  readonly spelling: string;
}

export interface Field<Value extends number | bigint = number | bigint> {
  readonly name: string;
  /** Bytes from the start of the outermost struct of the path. */
  readonly offset: number;
  readonly type: CType;
  /** Bit field: lowest bit within the byte at `offset`, and width; 0 and 0 otherwise. */
  readonly bitOffset: number;
  readonly bitSize: number;
  /**
   * Scalars only: numbers, bigint for (unsigned) long long and for bit fields wider than 53 bits. Pointers and `unsigned long` are
   * read as signed words, exact for every address; a bool is 0 or 1.
   */
  read(ram: Ram, base: Ptr): Value;
  write(ram: Ram, base: Ptr, value: number | bigint): void;
}

export interface StructLayout {
  readonly name: string;
  readonly kind: 'struct' | 'union';
  readonly sizeBytes: number;
  /** Direct members; an anonymous struct or union appears as a member named ''. */
  readonly members: readonly Field[];
  /** By path: 'list.next', 'mkobj.kobj.name', 'core_layout.base', 'func[2].x'; anonymous members are transparent. AbiError if absent. */
  field(path: string): Field;
  hasField(path: string): boolean;
  /** field(path).offset */
  offset(path: string): number;
}

/** A layout whose literal paths are checked at compile time. `hasField` takes any: members of other releases may be asked for. */
export interface CheckedLayout<Name extends string> extends Omit<StructLayout, 'field' | 'offset'> {
  field<Path extends string>(path: ValidPath<Name, Path>): Field<ScalarAt<Name, Path>>;
  offset<Path extends string>(path: ValidPath<Name, Path>): number;
}
/** Checked for the structs that kernel code names (generated/structs.generated.ts). */
export type LayoutOf<Name extends string> = Name extends keyof StructMembers ? CheckedLayout<Name> : StructLayout;

export interface Parameter { readonly name: string; readonly type: CType }
export interface Prototype { readonly name: string; readonly returns: CType; readonly parameters: readonly Parameter[]; readonly isVariadic: boolean }

export interface ExportedSymbol {
  readonly name: string;
  /** CRC of modversions (genksyms); undefined when the source of the ABI had none. */
  readonly crc: number | undefined;
  readonly isGplOnly: boolean;
  /** Symbol namespace, '' for none. */
  readonly namespace: string;
  /** 'vmlinux' or the module (path without .ko) that exports it. */
  readonly owner: string;
}

export interface Abi {
  /** uname -r: `6.1.0-56-amd64`. */
  readonly release: string;
  /** uname -v: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-..-..)`. */
  readonly version: string;
  /** With its trailing space: `6.1.0-56-amd64 SMP preempt mod_unload modversions `. */
  readonly vermagic: string;
  /** [6, 1]. */
  readonly kernelVersion: readonly [number, number];

  /**
   * Layout of `struct NAME` or `union NAME` (or of a typedef to one). AbiError if absent. Literal paths are checked at compile
   * time against 6.1; `struct<string>('module')` gives the layout without that check, for members of other releases.
   */
  struct<Name extends string>(name: Name): LayoutOf<Name>;
  hasStruct(name: string): boolean;
  sizeOf(name: string): number;
  /** The declaration of a typedef or an enum as C text; undefined when neither goes by that name. */
  declarationOf(name: string): string | undefined;
  /** Value of an enumerator anywhere in the kernel, e.g. `MODULE_STATE_COMING`. */
  enumerator(name: string): number | undefined;
  prototype(symbol: string): Prototype | undefined;
  exportedSymbol(name: string): ExportedSymbol | undefined;
  exportedSymbols(): Iterable<ExportedSymbol>;
  /** Offset from the GS base and size of a static per-CPU variable of vmlinux (BTF's DATASEC .data..percpu). */
  perCpuVariable(name: string): { readonly offset: number; readonly sizeBytes: number } | undefined;
  /** Bytes of vmlinux's static per-CPU section. */
  readonly perCpuSizeBytes: number;
}
