// How an exported symbol is declared: once, as an entry of a table in the folder that Linux exports it from. Name and
// prototype come from BTF (`Prototypes` is generated from it, so a handler with wrong types does not compile); whether the
// symbol is GPL-only, its CRC and namespace come from the ABI file. `glue.ts` turns an entry into a host function.

import type { Prototypes } from '../../abi/generated/prototypes.generated.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { HostFunction, SpecialTarget, Sleeping } from '../../cpu/api.ts';

/** 'never': callable anywhere. 'may': process context only. 'gfp': sleeps if its gfp_t argument allows it. */
export type Sleeps = 'never' | 'may' | 'gfp';

/** The C value of an argument or result: pointers, longs and smaller are numbers, (unsigned) long long is bigint, bool is boolean. */
export type CValue = number | bigint | boolean;

export type { VaList } from '../../abi/va-list.ts';

type Handler<Name extends string> = Name extends keyof Prototypes ? Prototypes[Name] : (...args: never[]) => unknown;
/** The same parameters, as a generator. */
type SleepingHandler<Name extends string> = Handler<Name> extends (...args: infer A) => infer R ? (...args: A) => R | Sleeping<R> : never;

/** How a handler's `throw new Errno(..)` leaves: as -errno, as ERR_PTR(-errno), as NULL or as 0/false. */
export type Failure = '-errno' | 'ERR_PTR' | 'NULL';

export interface FunctionExport { readonly kind: 'function'; readonly sleeps: Sleeps; readonly handler: (...args: never[]) => unknown; readonly fails: Failure }
/** Entry with a register convention of its own (thunks, __get_user_4, variadic and hand-written entry points). */
export interface RawExport { readonly kind: 'raw'; readonly sleeps: Sleeps; readonly handler: HostFunction }
/** A jump through a thunk that the translator resolves itself. */
export interface SpecialExport { readonly kind: 'special'; readonly target: SpecialTarget }
/** A variable of the kernel: zeroed bytes in kernel data (or one copy per CPU), filled by `init`. */
export interface DataExport { readonly kind: 'data'; readonly sizeBytes: number; readonly align: number; readonly perCpu: boolean; readonly init: (addr: Ptr) => void }
/** A symbol whose address somebody else has chosen (init_task, jiffies = jiffies_64, per-CPU areas). */
export interface AddressExport { readonly kind: 'address'; readonly address: Ptr; readonly perCpu: boolean }

export type ExportEntry = (FunctionExport | RawExport | SpecialExport | DataExport | AddressExport) & {
  /** First release that exports the symbol; entries without are those of 6.1. */
  readonly since?: readonly [number, number];
};
export type ExportTable = Readonly<Record<string, ExportEntry>>;

/** A function that never sleeps. `fn('memcpy', (d, s, n) => ...)`: the name types the parameters. */
export const fn = <Name extends string>(_name: Name, handler: Handler<Name>, fails: Failure = '-errno'): FunctionExport =>
  ({ kind: 'function', sleeps: 'never', handler: handler as FunctionExport['handler'], fails });
/** A function that may sleep (or, with 'gfp', sleeps if its flags allow); a generator where it has to wait. */
export const sleeping = <Name extends string>(_name: Name, handler: SleepingHandler<Name>, sleeps: 'may' | 'gfp' = 'may', fails: Failure = '-errno'): FunctionExport =>
  ({ kind: 'function', sleeps, handler: handler as FunctionExport['handler'], fails });
export const raw = (handler: HostFunction, sleeps: Sleeps = 'never'): RawExport => ({ kind: 'raw', sleeps, handler });
export const special = (target: SpecialTarget): SpecialExport => ({ kind: 'special', target });
export const data = (sizeBytes: number, init: (addr: Ptr) => void = () => {}, align = 8): DataExport => ({ kind: 'data', sizeBytes, align, perCpu: false, init });
export const at = (address: Ptr, perCpu = false): AddressExport => ({ kind: 'address', address, perCpu });
/** Marks an entry that releases before `release` do not export: `since([6, 12], fn(..))`. */
export const since = <Entry extends ExportEntry>(release: readonly [number, number], entry: Entry): Entry => ({ ...entry, since: release });
