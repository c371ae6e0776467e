// The root of the repository, also for a script that was bundled to somewhere below it.

import { existsSync } from 'node:fs';

function findRoot(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const parent = new URL('..', folder);
    if (parent.href === folder.href) throw new Error('no package.json above this file');
    folder = parent;
  }
  return folder;
}

export const ROOT = findRoot();
