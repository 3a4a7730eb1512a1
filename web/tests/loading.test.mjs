// What arrives when: verdicts first, the editor after them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { verdicts } from "./page.mjs";

const onPage = browser();

test("verdicts are on the screen before the editor is asked for", () =>
  onPage("/", async (page) => {
    const script = await page.request.get("/main.js");
    assert.ok((await script.body()).length < 200_000);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/monaco.js", async (route) => {
      await held;
      await route.continue();
    });
    await page.reload();
    assert.ok((await verdicts(page)).length > 0);
    assert.ok(await page.locator("#editor > textarea").isVisible());
    release();
    await page.locator(".monaco-editor .view-line").first().waitFor();
  }));

test("what is typed before the editor is there is kept and evaluated", () =>
  onPage("/", async (page) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/monaco.js", async (route) => {
      await held;
      await route.continue();
    });
    await page.reload();
    await verdicts(page);
    await page.getByRole("tab", { name: "Requests" }).click();
    await page.locator("#editor > textarea").fill("- { from: { outside: true }, to: { service: nowhere/at-all, port: 80 }, name: typed early }");
    await page.locator(".verdict-row .name", { hasText: "typed early" }).waitFor();
    release();
    await page.locator(".monaco-editor .view-line", { hasText: "typed early" }).waitFor();
    assert.equal(await page.locator("#editor > textarea").count(), 0);
  }));

test("the editor colours YAML and brings its styles", () =>
  onPage("/", (page) =>
    page.waitForFunction(() => {
      const colours = [...document.querySelectorAll(".view-line span span")].map((span) => getComputedStyle(span).color);
      return new Set(colours).size > 1;
    })));
