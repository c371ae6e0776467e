// A prototype as a C declaration: `int register_chrdev_region(dev_t from, unsigned int count, const char *name)`.

import type { Prototype } from '../abi.ts';

export function formatPrototype({ name, returns, parameters, isVariadic }: Prototype): string {
  const parts = parameters.map((parameter) => declareAs(parameter.type.spelling, parameter.name));
  if (isVariadic) parts.push('...');
  return declareAs(returns.spelling, `${name}(${parts.length > 0 ? parts.join(', ') : 'void'})`);
}

/** Puts a declarator where an abstract one like `void (*)(int)` or `char *` has room for it. */
function declareAs(spelling: string, declarator: string): string {
  const hole = /\(\*+(?=\)|\[)/.exec(spelling);
  if (hole) return spelling.slice(0, hole.index + hole[0].length) + declarator + spelling.slice(hole.index + hole[0].length);
  return declarator === '' || spelling.endsWith('*') ? spelling + declarator : `${spelling} ${declarator}`;
}
