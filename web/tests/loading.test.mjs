// What arrives when: the page first, the editor when it is asked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";

const onPage = browser();

test("the editor is not part of what the page needs to start", () =>
  onPage("/", async (page) => {
    await page.waitForFunction(() => document.body.children.length > 0);
    const script = await page.request.get("/main.js");
    assert.ok((await script.body()).length < 200_000);
  }));

test("the editor colours YAML and brings its styles", () =>
  onPage("/", async (page) => {
    const width = await page.evaluate(async () => {
      const { monaco } = await globalThis.ambient.loadEditor();
      const box = document.body.appendChild(document.createElement("div"));
      box.style.cssText = "height: 200px; width: 400px";
      monaco.editor.create(box, { language: "yaml", value: "kind: Gateway" });
      return box.clientWidth;
    });
    assert.equal(width, 400);
    await page.waitForFunction(() => {
      const colours = [...document.querySelectorAll(".view-line span span")].map((span) => getComputedStyle(span).color);
      return new Set(colours).size > 1;
    });
  }));

test("the engine starts in a worker", () =>
  onPage("/", async (page) => {
    const started = page.waitForEvent("worker");
    await page.evaluate(() => void new Worker("worker.js", { type: "module" }));
    assert.match((await started).url(), /\/worker\.js$/);
  }));
