// Rules about the files of the repository themselves.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingEntries } from '../../tools/complete-lock.mjs';
import { filesUnder, ROOT, sourceFiles } from './imports.ts';

/** Tracked files; without git, the folders that matter. */
function files(): string[] {
  try {
    return execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n').filter((file) => file && fs.existsSync(path.join(ROOT, file)));
  } catch {
    return ['src', 'tools', 'test', 'modules', 'docs', 'bench', 'bin'].flatMap(filesUnder);
  }
}

const isText = (file: string): boolean => !/\.(ko|kabi|gz|xz|zst|bin|wasm|png|ico|deb|a|o)$/.test(file);
const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8');

// Put together here, so that this file does not name them either.
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a package registry', new RegExp(['registry', 'npmjs', 'org'].join('\\.'))],
  ['a package registry', new RegExp(['registry', 'yarnpkg', 'com'].join('\\.'))],
  ['a path of one machine', new RegExp(`/${'work'}/(main|shared)\\b`)],
  ['a home folder', new RegExp(`/(${'home'}/\\w+|${'root'})/(?!\\.cache/kobox)`)],
  ['a resolved address in the lock file', new RegExp(`"${'resolved'}": "https?:`)],
];

describe('repository', () => {
  const all = files();

  it('names no registry and no path of one machine', () => {
    const found = all.filter(isText).flatMap((file) => FORBIDDEN.filter(([, pattern]) => pattern.test(read(file))).map(([what]) => `${file}: ${what}`));
    expect(found).toEqual([]);
  });

  it('every source under modules/ has its licence in the first line', () => {
    const wrong = all.filter((file) => /^modules\/.*(\.[ch]|Kbuild)$/.test(file)).filter((file) => !/^(\/\/|\/\*|#) SPDX-License-Identifier: GPL-2\.0( \*\/)?\n/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('sources are spelled in lower case with dashes, at most four levels deep', () => {
    const wrong = sourceFiles().filter((file) => !/^[a-z0-9./-]+$/.test(file) || file.split('/').length > 5);
    expect(wrong).toEqual([]);
  });

  it('sources have a head comment, named exports, and none of the names we do not use', () => {
    const wrong = sourceFiles().flatMap((file) => {
      const text = read(file);
      const problems: string[] = [];
      if (!/^(#!.*\n)?\/[/*]/.test(text)) problems.push('no head comment');
      if (/^export default\b/m.test(text)) problems.push('default export');
      if (/^export (?:abstract )?class \w*(Manager|Helper|Impl)\b/m.test(text) || /(^|\/)(utils|types|common|helpers)(\.ts|\/)/.test(file)) problems.push('a name we do not use');
      if (/^(export )?(let|var) /m.test(text)) problems.push('mutable state at module level');
      return problems.map((problem) => `${file}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });

  it('tests are not switched off', () => {
    const wrong = all.filter((file) => /\.test\.ts$/.test(file)).filter((file) => /\b(it|test|describe)\.(only|skip)\(/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('the lock file has every optional dependency, or npm ci refuses it', () => {
    expect([...missingEntries(JSON.parse(read('package-lock.json'))).keys()], 'run node tools/complete-lock.mjs').toEqual([]);
  });

  // A signal, not a rule: one idea may take more lines.
  it('names sources of more than 450 lines', () => {
    const large = sourceFiles().filter((file) => !/\.(table|generated)\.ts$/.test(file)).map((file) => [file, read(file).split('\n').length] as const).filter(([, lines]) => lines > 450);
    for (const [file, lines] of large) console.log(`${file} has ${lines} lines: is it still one idea?`);
  });
});
