// Writes docs/compatibility.md:  node tools/run.mjs tools/make-compatibility.ts

import { writeFileSync } from 'node:fs';
import { loadDefaultAbi } from '../src/host/node/default-abi.ts';
import { COMPATIBILITY_PAGE, compatibilityPage } from './pages/compatibility.ts';

writeFileSync(COMPATIBILITY_PAGE, compatibilityPage(loadDefaultAbi()));
console.log(COMPATIBILITY_PAGE);
