// The kobox command: finds the subcommand, parses its options, sets the exit status. The kernel's words go to standard output,
// kobox's own to standard error.
import { parseArgs } from 'node:util';
import { COMMANDS, type Command } from './commands.ts';
import { complain } from './output.ts';
import { type Options, STATUS } from './status.ts';

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { printHelp } = await import('./help.ts');
    printHelp(COMMANDS, rest[0]);
    return name === undefined ? STATUS.usage : STATUS.ok;
  }
  if (name === '--version') {
    const { printVersion } = await import('./help.ts');
    printVersion();
    return STATUS.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    complain(`there is no command '${name}'; see kobox --help`);
    return STATUS.usage;
  }
  return runCommand(command, rest);
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  let positionals: string[];
  let options: Options;
  try {
    const types = Object.fromEntries(Object.entries(command.options).map(([option, { type }]) => [option, { type }]));
    const parsed = parseArgs({ args: [...args], options: { ...types, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
    positionals = parsed.positionals;
    options = parsed.values as Options;
  } catch (error) {
    complain(`${command.name}: ${(error as Error).message}`);
    return STATUS.usage;
  }
  if (options['help']) {
    (await import('./help.ts')).printHelp(COMMANDS, command.name);
    return STATUS.ok;
  }
  if (positionals.length < command.minArguments) {
    complain(`usage: kobox ${command.name} ${command.usage}`);
    return STATUS.usage;
  }
  const work = await command.load();
  return work(positionals, options);
}

main(process.argv.slice(2)).then(
  (status) => { process.exitCode = status; },
  // Thrown outside of the promise, so that node reports it as it reports any exception.
  (error) => setImmediate(() => { throw error; }),
);
