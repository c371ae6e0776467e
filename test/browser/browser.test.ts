// The browser build in a real browser: headless Chromium opens a page, which boots kobox in itself and in a worker with either
// engine and posts what it saw. It must be what Node sees, time stamps included.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultAbiPath } from '../../src/host/node/default-abi.ts';
import * as kobox from '../../src/host/node/main.ts';
import { ensureBuilt } from '../../tools/bootstrap.mjs';
import { testModule } from '../test-kernel.ts';
import { FILES, session } from './page/session.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PAGE = path.join(import.meta.dirname, 'page');
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** KOBOX_BROWSER names another browser of the Chromium family. */
const browser = [process.env['KOBOX_BROWSER'], 'chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

type Report = Readonly<Record<string, { readonly log: string; readonly seen: string }>> & { readonly error?: string };

const contentOf = (name: string): Uint8Array => {
  if (name === 'kobox.browser.js') return fs.readFileSync(path.join(ROOT, 'dist', name));
  if (name === 'abi') return fs.readFileSync(defaultAbiPath());
  return name.endsWith('.ko') ? testModule(name.slice(0, -3)) : fs.readFileSync(path.join(PAGE, name));
};

/** Serves the page on a free port; resolves the report when it comes. */
function serve(): { server: Server; report: Promise<Report> } {
  const known = new Set([...FILES, ...fs.readdirSync(PAGE), 'kobox.browser.js']);
  const server = createServer();
  const report = new Promise<Report>((resolve) => {
    server.on('request', async (request, response) => {
      const name = request.url === '/' ? 'index.html' : request.url!.slice(1);
      if (name === 'report') {
        let text = '';
        for await (const chunk of request.setEncoding('utf8')) text += chunk;
        response.end();
        resolve(JSON.parse(text));
      } else if (known.has(name)) {
        response.setHeader('content-type', TYPES[path.extname(name)] ?? 'application/octet-stream').end(contentOf(name));
      } else {
        response.writeHead(404).end();
      }
    });
  });
  return { server: server.listen(0, '127.0.0.1'), report };
}

describe.skipIf(!browser)(`in a browser${browser ? '' : ' (needs Chromium; Debian: apt-get install chromium)'}`, () => {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-browser-'));
  let server: Server;
  let child: ChildProcess;
  let report: Report;

  beforeAll(async () => {
    ensureBuilt();
    const served = serve();
    server = served.server;
    await once(server, 'listening');
    // Chromium's sandbox does not work for root, and the page is our own.
    const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', `--user-data-dir=${profile}`];
    child = spawn(browser!, [...options, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr!.setEncoding('utf8').on('data', (text) => { words += text; });
    report = await Promise.race([
      served.report,
      once(child, 'exit').then(([status]) => Promise.reject(new Error(`${browser} ended with status ${status}: ${words}`))),
      new Promise<never>((_, reject) => { setTimeout(() => reject(new Error(`no report from ${browser}: ${words}`)), 100_000).unref(); }),
    ]);
  });
  afterAll(async () => {
    if (child && child.exitCode === null) {
      child.kill();
      await once(child, 'exit');
    }
    server?.close();
    server?.closeAllConnections();
    // Chromium's own helpers outlive it by a moment and still write to the profile, which is a temporary folder either way.
    try {
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    } catch (error) {
      console.log(`left behind: ${profile} (${(error as Error).message})`);
    }
  });

  const files = Object.fromEntries(FILES.map((name) => [name, new Uint8Array(contentOf(name))]));
  it.each(['page interp', 'page wasm', 'worker interp', 'worker wasm'])('%s sees what Node sees', (name) => {
    expect(report.error).toBeUndefined();
    expect(report[name]!.seen).toContain('BUG: kernel NULL pointer dereference, address: 0000000000000030');
    expect(report[name]).toEqual(session(kobox, files, name.split(' ')[1]!));
  });
});
