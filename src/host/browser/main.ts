// kobox for browsers and workers: the public API. The page fetches the ABI file and the modules and hands their bytes over.

export * from '../../index.ts';
