// An esbuild plugin: packages that fill tables when they are loaded (decompressors) are loaded at the first call of one of their
// functions. Few runs unpack anything, and all of them would pay at their start.

/** What kobox uses of them; bundles contain these packages. */
export const FUNCTIONS = { fflate: 'gunzipSync', fzstd: 'decompress' };
/** fflate's build for Node loads worker_threads at once. */
const PATHS = { fflate: 'fflate/browser', fzstd: 'fzstd' };

export const lazyPackages = {
  name: 'lazy-packages',
  setup(build) {
    const resolveDir = build.initialOptions.absWorkingDir;
    build.onResolve({ filter: /^(fflate|fzstd)$/ }, ({ path, namespace }) => (namespace === 'loaded-package' ? undefined : { path, namespace: 'lazy-package' }));
    build.onResolve({ filter: /^loaded:/ }, ({ path }) => ({ path: path.slice('loaded:'.length), namespace: 'loaded-package' }));
    build.onLoad({ filter: /.*/, namespace: 'lazy-package' }, ({ path }) => ({
      contents: `let loaded; export const ${FUNCTIONS[path]} = (...args) => (loaded ??= require('loaded:${path}')).${FUNCTIONS[path]}(...args);`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'loaded-package' }, ({ path }) => ({ contents: `export { ${FUNCTIONS[path]} } from '${PATHS[path]}';`, resolveDir }));
  },
};
