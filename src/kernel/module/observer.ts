// What a newcomer may watch of a module's life. Every method is optional; without an observer nothing is computed for it.

import type { Ptr } from '../../base/ptr.ts';

export type StateName = 'UNFORMED' | 'COMING' | 'LIVE' | 'GOING' | 'FREED';

export interface PlacedSection {
  readonly name: string;
  readonly address: Ptr;
  readonly size: number;
  /** As readelf prints them: A alloc, W write, X execute. */
  readonly flags: string;
  /** True if it is freed when init has returned. */
  readonly isInit: boolean;
}

export interface LoadObserver {
  sectionPlaced?(module: string, section: PlacedSection): void;
  /** Once per module, before relocation, for each import; `from` is 'kernel' or a module. `address` 0: weak and absent. */
  symbolResolved?(module: string, symbol: string, address: Ptr, from: string): void;
  /** Records applied, by type name (`R_X86_64_PC32`). */
  relocated?(module: string, counts: ReadonlyMap<string, number>): void;
  parameterSet?(module: string, name: string, value: string | undefined): void;
  stateChanged?(module: string, state: StateName): void;
  initCalled?(module: string, address: Ptr): void;
  initReturned?(module: string, result: number): void;
  exitCalled?(module: string, address: Ptr): void;
}
