// How fast an interrupt gets from a device to its handler: raise() on a line of the machine, a handler of a module built by kbuild,
// in hardirq context. Prints one line per engine.
import { boot } from '../../src/index.ts';
import { loadTestAbi, testModule } from '../../test/test-kernel.ts';

const WARM_UP = 20_000;
const ROUNDS = 1_000_000;
const LINE = 10;

const abi = loadTestAbi('6.1');
if (!abi) throw new Error('no ABI of 6.1');
for (const engine of ['wasm', 'interp'] as const) {
  const kernel = boot({ abi, engine });
  kernel.insmod(testModule('irq_device'));
  const line = kernel.irq(LINE);
  for (let i = 0; i < WARM_UP; i++) line.raise();
  const before = performance.now();
  for (let i = 0; i < ROUNDS; i++) line.raise();
  const seconds = (performance.now() - before) / 1000;
  const handled = kernel.parts.ram.readI32(kernel.lookup('irq_device_count')!);
  if (handled !== WARM_UP + ROUNDS) throw new Error(`handled ${handled}`);
  console.log(`interrupts ${engine}: ${Math.round(ROUNDS / seconds).toLocaleString('en')} raise -> handler per second`);
}
