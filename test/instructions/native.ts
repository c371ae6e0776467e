// The real processor as an engine: compiles `harness.c` once and runs batches of states through it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FLAGS, type Outcome, type State, VECTORS_SIZE, WINDOW_SIZE } from './layout.ts';

/** From the project's root, where tools and tests run. */
const HARNESS = 'test/instructions/harness.c';
/** As in harness.c. */
export const MAX_CODE = 104;
const INPUT_SIZE = MAX_CODE + 8 + 128 + WINDOW_SIZE + VECTORS_SIZE;
const OUTPUT_SIZE = 8 + 8 + 128 + WINDOW_SIZE + VECTORS_SIZE;

export interface Job { readonly code: Uint8Array; readonly state: State }

export class NativeEngine {
  private readonly directory = mkdtempSync(join(tmpdir(), 'kobox-instructions-'));
  private readonly binary = join(this.directory, 'harness');

  constructor() {
    execFileSync('gcc', ['-O1', '-no-pie', '-o', this.binary, HARNESS], { stdio: 'pipe' });
  }

  static isAvailable(): boolean {
    if (process.platform !== 'linux' || process.arch !== 'x64') return false;
    try {
      execFileSync('gcc', ['--version'], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  }

  run(jobs: readonly Job[]): Outcome[] {
    const input = Buffer.alloc(jobs.length * INPUT_SIZE);
    jobs.forEach((job, i) => {
      const at = i * INPUT_SIZE;
      input.set(job.code, at);
      input.writeUInt32LE(job.code.length, at + MAX_CODE);
      input.writeUInt32LE(job.state.flags, at + MAX_CODE + 4);
      input.set(new Uint8Array(job.state.regs.buffer), at + MAX_CODE + 8);
      input.set(job.state.memory, at + MAX_CODE + 8 + 128);
      input.set(job.state.vectors, at + MAX_CODE + 8 + 128 + WINDOW_SIZE);
    });
    const inputPath = join(this.directory, 'in'), outputPath = join(this.directory, 'out');
    writeFileSync(inputPath, input);
    execFileSync(this.binary, [inputPath, outputPath], { stdio: 'pipe' });
    const output = new Uint8Array(readFileSync(outputPath));
    const view = new DataView(output.buffer, output.byteOffset);
    return jobs.map((_, i) => {
      const at = i * OUTPUT_SIZE;
      const regs = new BigUint64Array(16);
      for (let r = 0; r < 16; r++) regs[r] = view.getBigUint64(at + 16 + r * 8, true);
      return {
        exception: view.getUint32(at, true), taken: view.getUint32(at + 4, true) !== 0, flags: Number(view.getBigUint64(at + 8, true)) & ALL_FLAGS,
        regs, memory: output.slice(at + 144, at + 144 + WINDOW_SIZE), vectors: output.slice(at + 144 + WINDOW_SIZE, at + 144 + WINDOW_SIZE + VECTORS_SIZE),
      };
    });
  }

  dispose(): void { rmSync(this.directory, { recursive: true, force: true }); }
}
