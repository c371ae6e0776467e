// The objects that are thrown through wasm frames to take them off the host's stack. Preallocated: a suspension is an ordinary
// event, and making an Error costs more than the rest of it.

/** A kernel function waits: frames come off down to the generator that entered guest code. */
export class Suspension {
  readonly reason = 'suspended';
}

/** What the wasm exit that is under way says. */
export type ExitKind = 'redo' | 'stack overflow' | 'no code' | 'resume';

/** Translated code cannot go on; the nearest interpreter loop takes over from this state. */
export class WasmExit {
  kind: ExitKind = 'redo';
  slot = 0;
  pc = 0;
  /** All registers at the exit, since frames on the way store theirs into the block. */
  readonly regs = new Int32Array(32);
}

/** A plain `call` reached a kernel function that has to wait. */
export class SleepInAtomicContext extends Error {
  readonly functionName: string;
  constructor(functionName: string) {
    super(`${functionName} has to sleep, but guest code was entered by a call that must not`);
    this.functionName = functionName;
  }
}
