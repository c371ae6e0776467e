// Lines of `kobox run --trace`, on standard error: -> and <- for calls of the kernel by a module and their results, => and <= for
// calls of a module by the kernel.
import type { CallEvent } from '../host/node/main.ts';
import { say } from './output.ts';

export function printCall({ direction, phase, depth, name, text }: CallEvent): void {
  const indent = '  '.repeat(depth);
  if (phase === 'call') say(`${indent}${direction === 'out' ? '->' : '=>'} ${name}(${text})`);
  else say(`${indent}${direction === 'out' ? '<-' : '<='} ${name}${text === '' ? '' : ` = ${text}`}`);
}
