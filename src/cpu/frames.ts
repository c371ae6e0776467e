// The guest functions that wait for a callee, as data. The guest stack in RAM holds return addresses and what functions pushed; a
// Frame adds what is not there: where the interpreter goes on, and the callee-saved registers that translated code keeps in wasm
// locals. An Activation is one entry of the kernel into guest code (`call`, `callSleeping`).

import type { BlockCode } from '../ir/interpreter/code.ts';
import type { Sleeping, Wait } from './api.ts';
import type { GuestFunction, HostTarget } from './targets.ts';

/** A return point: control comes back to `pc` with rsp = `sp`. */
export class Frame {
  pc = 0;
  /** rsp after the return. */
  sp = 0;
  /** The block at `pc`, if it is known. */
  block: BlockCode | undefined;
  /** The function that goes on at `pc`, for a frame of translated code. */
  fn: GuestFunction | undefined;
  /** Returning here leaves the loop: the caller is host code or a wasm frame. */
  isExit = false;
  /** `saved` has this frame's callee-saved registers; otherwise the callee keeps them. */
  hasSaved = false;
  readonly saved = new Int32Array(12);
}

/** A stack of frames whose objects are used again. */
export class FrameStack {
  depth = 0;
  readonly #frames: Frame[] = [];

  push(pc: number, sp: number, block: BlockCode | undefined, isExit: boolean): Frame {
    let frame = this.#frames[this.depth];
    if (frame === undefined) {
      frame = new Frame();
      this.#frames.push(frame);
    }
    this.depth++;
    frame.pc = pc;
    frame.sp = sp;
    frame.block = block;
    frame.fn = undefined;
    frame.isExit = isExit;
    frame.hasSaved = false;
    return frame;
  }
  get top(): Frame { return this.#frames[this.depth - 1]!; }

  /** Moves the top frame to `other`, in exchange for an unused one. */
  moveTopTo(other: FrameStack): void {
    const index = --this.depth;
    const frame = this.#frames[index]!;
    this.#frames[index] = other.#frames[other.depth] ?? new Frame();
    other.#frames[other.depth++] = frame;
  }
}

export class Activation {
  readonly frames = new FrameStack();
  /** Frames that an unwinding passes, innermost first. */
  readonly captured = new FrameStack();
  readonly canSleep: boolean;
  parent: Activation | undefined;
  /** Address on the guest stack of the return address that the entry pushed, and rsp before. */
  entrySp = 0;
  outerSp = 0;
  /** Registers of the kernel code that entered, given back when it goes on. */
  readonly outerRegs = new Int32Array(32);
  /** The kernel function that entered, if guest code had called one. */
  outerRunning: HostTarget | undefined;
  isFromHost = false;
  /** The guest instruction whose exception handler entered. */
  interruptedPc: number | undefined;
  /** The kernel function that waits, with the registers it was called with. */
  pending: Sleeping<void> | undefined;
  pendingTarget: HostTarget | undefined;
  wait: Wait | undefined;
  readonly waitRegs = new Int32Array(32);

  constructor(canSleep: boolean) {
    this.canSleep = canSleep;
  }
}
