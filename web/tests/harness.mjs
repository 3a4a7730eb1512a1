// What every browser test needs: the server on a free port, Chromium, and a page whose console has to stay empty
// and that has to ask no other server.
//
// `cargo xtask test` builds both and names them in AMBIENT_SERVER and CHROMIUM.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before } from "node:test";
import { chromium } from "../js/node_modules/playwright-core/index.mjs";

const BROWSER_OPTIONS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts server and browser for the tests of one file; returns how a test opens the page. */
export function browser() {
  let server;
  let chrome;
  let origin;
  before(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    server = spawn(process.env.AMBIENT_SERVER, ["serve", "--port", `${port}`], { stdio: ["ignore", "ignore", "pipe"] });
    await answers(origin, server);
    chrome = await chromium.launch({ executablePath: process.env.CHROMIUM, args: BROWSER_OPTIONS });
  });
  after(async () => {
    await chrome?.close();
    server?.kill();
  });

  /**
   * Opens the page at a path in a new profile, hands it to a test, and insists that the browser had nothing to
   * complain about. `settings` are those of Playwright's contexts, such as the viewport.
   */
  return async function onPage(path, test, settings = {}) {
    const context = await chrome.newContext({ baseURL: origin, ...settings });
    const page = await context.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) complaints.push(`a request to ${url}`);
    });
    try {
      await page.goto(path);
      await test(page);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  };
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Waits until the server answers; fails at once if it ended instead. */
async function answers(origin, server) {
  let log = "";
  server.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}: ${log}`);
    const answer = await fetch(`${origin}/healthz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not answer in 20 s: ${log}`);
}
