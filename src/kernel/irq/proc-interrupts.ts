// /proc/interrupts: a line per interrupt line that has fired or is in use. Linux: show_interrupts() in kernel/irq/proc.c.

import type { IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import { type IrqDescriptors, type IrqLine, WIRED_LINES } from './descriptors.ts';
import { IRQ } from './flags.ts';

/** Digits of the number of lines, at least three. */
const NUMBER_WIDTH = 3;

export interface ProcInterruptsParts {
  readonly descriptors: IrqDescriptors;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly nrCpus: number;
  readonly flowName: (line: IrqLine) => string | undefined;
}

export function procInterrupts({ descriptors, actions, chips, nrCpus, flowName }: ProcInterruptsParts): string {
  const cpus = Array.from({ length: nrCpus }, (_, cpu) => cpu);
  const header = `${' '.repeat(NUMBER_WIDTH + 8)}${cpus.map((cpu) => `CPU${String(cpu).padEnd(8)}`).join('')}\n`;
  const shown = descriptors.lines().filter((line) => (line.status & IRQ.HIDDEN) === 0 && (line.action !== 0 || line.totalCount > 0));
  return header + shown.map((line) => {
    const counts = cpus.map((cpu) => `${String(descriptors.count(line, cpu)).padStart(10)} `).join('');
    const chip = ` ${(chips.name(line) ?? '-').padStart(8)}`;
    const hwirq = line.domain === 0 && line.irq >= WIRED_LINES ? ' '.repeat(NUMBER_WIDTH + 1) : ` ${String(line.hwirq).padStart(NUMBER_WIDTH)}`;
    const flow = flowName(line);
    const names = actions.of(line).map((action) => actions.nameOf(action)).join(', ');
    return `${String(line.irq).padStart(NUMBER_WIDTH)}: ${counts}${chip}${hwirq}${flow === undefined ? '' : `-${flow.padEnd(8)}`}${names === '' ? '' : `  ${names}`}\n`;
  }).join('');
}
