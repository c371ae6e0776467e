// One scenario on a fresh kobox, as a transcript.
import { boot, type BootOptions } from '../../src/index.ts';
import { Machine } from './machine.ts';
import { normalise } from './normalise.ts';
import type { Scenario, Transcript } from './scenario.ts';
import { runScript } from './shell.ts';

/** `modules`: files on the host by module file name (`hello.ko`). */
export function runOnKobox(scenario: Scenario, modules: ReadonlyMap<string, string>, options: BootOptions): Transcript {
  const kernel = boot(options);
  const { status, output } = runScript(new Machine(kernel, modules), scenario.name, scenario.script);
  const log = Buffer.from(kernel.dmesg().text, 'latin1').toString().split('\n').filter((line) => line !== '');
  return { kernel: kernel.release, status, output: normalise(output, scenario.keep), log: normalise(log, scenario.keep) };
}
