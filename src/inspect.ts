// What can be said of module files without loading them: their contents, and why they would not load or run.

import { NO_RETURN } from './cpu/code-map.ts';
import { ElfError } from './elf/elf64.ts';
import { thunkExports } from './kernel/arch/thunk-exports.ts';
import type { KernelParts } from './kernel/boot.ts';
import { checkModule as checkLinking, type Finding as LinkFinding, type OtherModule, otherModule } from './kernel/module/check.ts';
import { structDifferences } from './kernel/module/struct-differences.ts';
import { surveyModule, type ThunkOf, type TranslationSurvey } from './kernel/module/untranslated.ts';

export { describeModule, type ModuleDescription, type ModuleParameter } from './kernel/module/describe.ts';
export type { ModuleSignature } from './kernel/module/pkcs7.ts';
export type { TranslationSurvey } from './kernel/module/untranslated.ts';
export type { OtherModule } from './kernel/module/check.ts';
export { otherModule } from './kernel/module/check.ts';
export { ElfError } from './elf/elf64.ts';

/** One thing that stands in a module's way; see `kernel/module/check.ts` for the kinds that come from linking. */
export interface Finding extends Omit<LinkFinding, 'kind'> { readonly kind: LinkFinding['kind'] | 'instruction' | 'struct' }

export interface CheckedModule {
  readonly findings: readonly Finding[];
  /** undefined when the file is no module at all. */
  readonly survey: TranslationSurvey | undefined;
}

export interface ModuleImage { readonly name: string; readonly bytes: Uint8Array }

/**
 * Checks modules against a kernel that has booted, nothing loaded, as if all of them were to be loaded together: what one
 * exports, another may import. Results are in the order given.
 */
export function checkModules(images: readonly ModuleImage[], kernel: { readonly parts: KernelParts }): CheckedModule[] {
  const { abi } = kernel.parts;
  const others = images.map(({ bytes }) => otherModule(bytes, abi));
  return images.map(({ bytes }, i) => checkOne(bytes, kernel.parts, others.filter((other, j) => other !== undefined && j !== i) as OtherModule[]));
}

/** The same for one module, the exports of others known. */
export function checkOne(bytes: Uint8Array, { abi, exports }: KernelParts, others: readonly OtherModule[]): CheckedModule {
  const findings: Finding[] = checkLinking(bytes, { abi, exports: (name) => exports.resolve(name), others });
  try {
    for (const { struct, text } of structDifferences(bytes, abi)) findings.push({ kind: 'struct', effect: 'limited', text: `struct ${struct}: ${text}` });
    const survey = surveyTranslation(bytes);
    for (const { mnemonic, function: name, offset, count } of survey.untranslated) {
      findings.push({ kind: 'instruction', effect: 'limited', text: `${name}+0x${offset.toString(16)}: ${mnemonic} has no translation${count > 1 ? ` (${count} times in this function)` : ''}` });
    }
    return { findings, survey };
  } catch (error) {
    if (error instanceof ElfError) return { findings, survey: undefined };
    throw error;
  }
}

/** Decodes and lifts every function of a module file. ElfError for a file that is no ELF64 object. */
export const surveyTranslation = (bytes: Uint8Array): TranslationSurvey => surveyModule(bytes, thunkOf, NO_RETURN);

const thunks = thunkExports({ condResched: () => 0 });
const thunkOf: ThunkOf = (symbol) => {
  const entry = thunks[symbol];
  return entry?.kind === 'special' ? entry.target : undefined;
};
