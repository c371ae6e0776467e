// A device raises its line from outside: handlers run between the instructions of whatever runs, in hardirq context.
import { describe, expect, it } from 'vitest';
import { boot, type Kernel } from '../../src/index.ts';
import { loadTestAbi, testModule, testModules, TEST_SERIES } from '../test-kernel.ts';

const LINE = 10;

for (const series of TEST_SERIES) {
  const abi = loadTestAbi(series);
  const isBuilt = abi !== undefined && testModules(series).has('irq_device.ko');
  for (const engine of ['interp', 'wasm'] as const) {
    describe.skipIf(!isBuilt)(`interrupt lines, ${series}, ${engine}`, () => {
      const withDevice = (parameters = ''): Kernel => {
        const kernel = boot({ abi: abi!, engine });
        kernel.insmod(testModule('irq_device', series), parameters);
        return kernel;
      };
      const count = (kernel: Kernel, name = 'irq_device_count'): number => kernel.parts.ram.readI32(kernel.lookup(name)!);

      it('handles an edge at once where nothing runs, in hardirq context', () => {
        const kernel = withDevice();
        kernel.irq(LINE).raise();
        kernel.irq(LINE).raise();
        expect(count(kernel)).toBe(2);
        expect(kernel.irq(LINE).count).toBe(2);
        expect(kernel.call('irq_device_context') & 0xf0000).toBe(0x10000);
        expect(kernel.parts.context.preemptCount).toBe(0);
        expect(kernel.parts.context.areInterruptsDisabled).toBe(false);
        kernel.rmmod('irq_device');
        expect(kernel.dmesg().text).toContain('irq_device: 2 interrupts');
      });

      it('interrupts a loop at its next turn', () => {
        const kernel = withDevice();
        kernel.parts.scheduler.events.add(kernel.parts.clock.now() + 2_000_000, () => kernel.irq(LINE).raise());
        kernel.parts.cpu.limitBudget(1);
        const turns = kernel.call('irq_device_spin', 100_000_000);
        expect(count(kernel)).toBe(1);
        expect(turns).toBeGreaterThan(1000);
        expect(turns).toBeLessThan(100_000_000);
      });

      it('keeps an edge while interrupts are off, and handles it when they come back', () => {
        const kernel = withDevice();
        kernel.parts.context.areInterruptsDisabled = true;
        kernel.irq(LINE).raise();
        kernel.irq(LINE).raise();
        expect(count(kernel)).toBe(0);
        kernel.parts.context.areInterruptsDisabled = false;
        expect(count(kernel)).toBe(1);
      });

      it('does nothing on a line without a handler, or that is free again', () => {
        const kernel = withDevice();
        kernel.irq(11).raise();
        kernel.rmmod('irq_device');
        kernel.irq(LINE).raise();
        expect(kernel.irq(11).count).toBe(0);
        expect(() => kernel.irq(24)).toThrow('no interrupt line 24');
      });

      it('runs the thread of a threaded handler with the other tasks', () => {
        const kernel = withDevice('threaded=1');
        kernel.irq(LINE).raise();
        expect(count(kernel)).toBe(1);
        kernel.parts.scheduler.run(kernel.parts.clock.now() + 100_000_000);
        expect(count(kernel, 'irq_device_thread_count')).toBe(1);
      });

      it('lists the line in /proc/interrupts', () => {
        const kernel = withDevice();
        kernel.irq(LINE).raise();
        expect(kernel.readFile('/proc/interrupts')).toBe('           CPU0       \n 10:          1   IO-APIC  10-fasteoi   device\n');
      });
    });
  }
}
