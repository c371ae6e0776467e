// The import graph of the sources, read from their text.
import fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Import {
  /** File that imports, relative to the root. */
  readonly from: string;
  /** File that is imported, or a package name. */
  readonly to: string;
  readonly isTypeOnly: boolean;
  readonly isPackage: boolean;
}

export function filesUnder(folder: string): string[] {
  const full = path.join(ROOT, folder);
  if (!fs.existsSync(full)) return [];
  return fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(name) : [name];
  }).sort();
}

export const isTest = (file: string): boolean => /\.test\.ts$/.test(file);

/** Sources as shipped: no tests, no declaration files. */
export const sourceFiles = (): string[] => filesUnder('src').filter((file) => file.endsWith('.ts') && !isTest(file) && !file.endsWith('.d.ts'));

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

export function importsOf(file: string): Import[] {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...text.matchAll(STATEMENT)].map(([, type, clause, fixed, dynamic]) => {
    const target = (fixed ?? dynamic)!;
    const isPackage = !target.startsWith('.');
    // `import { type A, type B }` imports nothing at run time either.
    const names = /\{([^}]*)\}/.exec(clause ?? '')?.[1]?.split(',').map((name) => name.trim()).filter(Boolean) ?? [];
    const isTypeOnly = type !== undefined || (names.length > 0 && !/^\s*\w+\s*,/.test(clause ?? '') && names.every((name) => name.startsWith('type ')));
    return { from: file, to: isPackage ? target : path.posix.join(path.posix.dirname(file), target), isTypeOnly, isPackage };
  });
}
