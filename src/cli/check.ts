// kobox check: why modules would not load or not run, all reasons at once.
import { boot, type CheckedModule, checkModules, readModuleFile } from '../host/node/main.ts';
import { complain, messageOf, print } from './output.ts';
import { type Options, STATUS } from './status.ts';

interface Checked extends CheckedModule { readonly file: string }

export async function check(files: readonly string[], options: Options): Promise<number> {
  const images: { name: string; bytes: Uint8Array }[] = [];
  let kernel: ReturnType<typeof boot>;
  try {
    for (const file of files) images.push({ name: file, bytes: readModuleFile(file) });
    kernel = boot(options['abi'] === undefined ? {} : { abi: (await import('../host/node/abi-store.ts')).abiOpen(String(options['abi'])) });
  } catch (error) {
    complain(messageOf(error));
    return STATUS.failed;
  }
  const results = checkModules(images, kernel).map((result, i): Checked => ({ file: images[i]!.name, ...result }));
  print(options['json'] ? `${JSON.stringify(results, null, 2)}\n` : results.map((result) => asText(result, kernel.release)).join(''));
  return results.some(isRefused) ? STATUS.failed : STATUS.ok;
}

const isRefused = ({ findings }: CheckedModule): boolean => findings.some(({ effect }) => effect === 'refused');

function asText(result: Checked, release: string): string {
  const { file, findings, survey } = result;
  const lines = [`${file}: ${isRefused(result) ? `would be refused by ${release}` : findings.length ? `loads on ${release}, with limits` : `loads on ${release}`}`];
  for (const { kind, effect, text, provider } of findings) {
    lines.push(`  ${effect === 'refused' ? 'refused' : 'limited'}  ${kind.padEnd(19)} ${text}${provider === undefined ? '' : ` [${provider === 'kernel' ? 'the kernel has it, kobox not yet' : `from ${provider}`}]`}`);
  }
  if (survey) lines.push(`  ${survey.nrInstructions} instructions in ${survey.nrFunctions} functions, ${survey.nrTranslated} functions fully translated`);
  return `${lines.join('\n')}\n`;
}
