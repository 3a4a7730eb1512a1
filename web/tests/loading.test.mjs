// What arrives when: verdicts first, the editor after them.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { dock, edit, editor, hold, paste, says, verdicts } from "./page.mjs";

const onPage = browser();

test("verdicts are on the screen before the editor is asked for", () =>
  onPage("/", async (page) => {
    const script = await page.request.get("/main.js");
    assert.ok((await script.body()).length < 200_000);
    const engine = await hold(page, "**/worker.js");
    const later = await hold(page, "**/monaco.js");
    await page.reload();
    await page.locator("#editor > textarea").waitFor();
    await page.waitForTimeout(300);
    assert.deepEqual(later.asked, []);
    engine.release();
    assert.ok((await verdicts(page)).length > 0);
    assert.ok(await page.locator("#editor > textarea").isVisible());
    later.release();
    await page.locator(".monaco-editor .view-line").first().waitFor();
  }));

test("verdicts wait for no part of the engine that they do not need, and nothing is asked later", () =>
  // From a page without scripts, so that the parts are asked for once, by the page under test.
  onPage("/reference/findings.html", async (page) => {
    const parts = await hold(page, /(patterns|reports|tokens)-\w+\.wasm$/);
    await page.goto("/");
    assert.ok((await verdicts(page)).length > 0);
    const last = page.waitForResponse(/tokens-\w+\.wasm$/);
    parts.release();
    await last;
    const asked = parts.asked.map((part) => /patterns|reports|tokens/.exec(part)[0]);
    assert.deepEqual(asked, ["reports", "patterns", "tokens"]);
  }));

test("a real token is verified, also when the arithmetic for it could not be fetched ahead", () =>
  onPage("/", async (page) => {
    let broken = true;
    await page.route(/(patterns|reports|tokens)-\w+\.wasm$/, (route) =>
      broken ? route.fulfill({ contentType: "application/wasm", body: "" }) : route.continue(),
    );
    await page.reload();
    await edit(page, "Manifests");
    await page.waitForLoadState("networkidle");
    broken = false;
    await page.locator(".menu summary", { hasText: "Examples" }).click();
    await page.locator(".menu li button", { hasText: "okens" }).click();
    const name = "a real token";
    await says(page, name, "UNKNOWN");
    // The issuer's keys beside the policy, and a token that they signed.
    const secret = randomBytes(32);
    const { value } = await editor(page);
    const keys = JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", k: secret.toString("base64url") }] });
    await paste(page, value.replace(/jwksUri: .*/, `jwks: '${keys}'`));
    await edit(page, "Requests");
    const requests = (await editor(page)).value;
    const claims = /token: \w+\.(\w+)\./.exec(requests)[1];
    const signed = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${claims}`;
    const signature = createHmac("sha256", secret).update(signed).digest("base64url");
    await paste(page, requests.replace(/token: \S+/, `token: ${signed}.${signature}`));
    await says(page, name, "ALLOW");
    await paste(page, requests.replace(/token: \S+/, `token: ${signed}.${signature.replace(/^../, "__")}`));
    await says(page, name, "DENY");
    await dock(page, "Status");
  }));

for (const focus of ["in it", "elsewhere"]) {
  test(`what is typed before the editor is there is kept and evaluated, with the focus ${focus}`, () =>
    onPage("/", async (page) => {
      const later = await hold(page, "**/monaco.js");
      await page.reload();
      await verdicts(page);
      await page.getByRole("tab", { name: "Requests" }).click();
      const area = page.locator("#editor > textarea");
      await area.fill("- { from: { outside: true }, to: { service: nowhere/at-all, port: 80 }, name: typed early }");
      await page.locator(".verdict-row .name", { hasText: "typed early" }).waitFor();
      await area.press("ArrowLeft");
      if (focus === "elsewhere") await area.blur();
      later.release();
      await page.locator(".monaco-editor .view-line", { hasText: "typed early" }).waitFor();
      await area.waitFor({ state: "detached" });
      if (focus === "elsewhere") return;
      await page.waitForFunction(() => globalThis.monaco.editor.getEditors()[0].hasTextFocus());
      await page.keyboard.type("and on ");
      assert.match((await editor(page)).value, /typed early and on \}$/);
    }));
}

test("the editor colours YAML and brings its styles", () =>
  onPage("/", async (page) => {
    await page.waitForFunction(() => {
      const colours = [...document.querySelectorAll(".view-line span span")].map((span) => getComputedStyle(span).color);
      return new Set(colours).size > 1;
    });
    const line = page.locator(".monaco-editor .view-line").first();
    assert.equal(await line.evaluate((line) => getComputedStyle(line).position), "absolute");
  }));
