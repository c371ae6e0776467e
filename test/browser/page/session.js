// What the test does with kobox, the same in a page, in a worker and in Node: `kobox` is the library, `files` what it is given.

export const FILES = ['abi', 'hello.ko', 'exporter.ko', 'user.ko', 'compute.ko', 'null.ko'];

/** Returns all that a user sees of the session. */
export function session(kobox, files, engine) {
  const seen = [];
  const kernel = kobox.boot({ abi: files.abi, engine, onLog: (record) => seen.push(kobox.consoleText(record)) });
  kernel.insmod(files['hello.ko'], { n: 3 });
  kernel.insmod(files['exporter.ko']);
  kernel.insmod(files['user.ko']);
  // Hot code: under `wasm` it is translated, and run again when it is.
  for (let round = 0; round < 3; round++) {
    kernel.insmod(files['compute.ko']);
    kernel.rmmod('compute');
  }
  seen.push(kernel.readFile('/proc/modules'), `exporter_add: ${kernel.call('exporter_add', 40, 2)}\n`);
  for (const name of ['user', 'exporter', 'hello']) kernel.rmmod(name);
  try {
    kernel.insmod(files['null.ko'], 'at_init=1');
  } catch (error) {
    seen.push(`${error.constructor === kobox.TaskKilled}: ${error.summary}\n`);
  }
  try {
    kernel.insmod('/a/path.ko');
  } catch (error) {
    seen.push(`${error.code}\n`);
  }
  return { log: kernel.dmesg().text, seen: seen.join('') };
}
