// Runs a session per engine, in the page itself and in a worker, and posts what came of it to the server.
import * as kobox from '/kobox.browser.js';
import { FILES, session } from './session.js';

const answerOf = (worker, message) => new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message || 'the worker cannot be loaded'));
  worker.postMessage(message);
});

async function run() {
  const contents = await Promise.all(FILES.map(async (name) => new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer())));
  const files = Object.fromEntries(FILES.map((name, i) => [name, contents[i]]));
  const results = {};
  for (const engine of ['interp', 'wasm']) {
    results[`page ${engine}`] = session(kobox, files, engine);
    const worker = new Worker('worker.js', { type: 'module' });
    results[`worker ${engine}`] = await answerOf(worker, { files, engine });
    worker.terminate();
  }
  return results;
}

const report = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
