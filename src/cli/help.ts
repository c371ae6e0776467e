// The text of --help, from the table of commands.
import { readFileSync } from 'node:fs';
import type { Command } from './commands.ts';
import { print } from './output.ts';

export function printHelp(commands: readonly Command[], name: string | undefined): void {
  const wanted = commands.filter((command) => command.name === name);
  if (!wanted.length) print('kobox: a Linux-compatible kernel that loads real x86-64 kernel modules\n\n');
  print((wanted.length ? wanted : commands).map(commandHelp).join('\n'));
}

function commandHelp({ name, usage, help, options }: Command): string {
  const lines = [`kobox ${name} ${usage}`, ...help.split('\n').map((line) => `    ${line}`)];
  for (const [option, { value, help: text }] of Object.entries(options)) {
    lines.push(`    ${`--${option}${value ? ` ${value}` : ''}`.padEnd(20)} ${text}`);
  }
  return `${lines.join('\n')}\n`;
}

export function printVersion(): void {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  print(`${version}\n`);
}
