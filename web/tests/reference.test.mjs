// The reference: every finding, kind and field leads to a page, and every page's links lead somewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { dock, edit, editor, paste, verdicts } from "./page.mjs";

const onPage = browser();

/** A policy for a Gateway that is misspelt. */
const MISSPELT = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: default }
spec:
  targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: waypont }]
`;

test("every link of the page leads somewhere, and from there too", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    await paste(page, MISSPELT);
    await dock(page, "Problems");
    await page.locator(".problem-list .code").first().waitFor();
    const found = await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.href));
    assert.ok(found.length >= 7, found.join(" "));
    const open = found.map((link) => link.split("#")[0]);
    const seen = new Set();
    while (open.length > 0) {
      const link = open.pop();
      if (seen.has(link)) continue;
      seen.add(link);
      const answer = await page.request.get(link);
      assert.equal(answer.status(), 200, link);
      if (!/html/.test(answer.headers()["content-type"])) continue;
      const links = [...(await answer.text()).matchAll(/href="([^"#]+)/g)].map(([, href]) => new URL(href, link).href);
      open.push(...links);
    }
    assert.ok(seen.size > 100, `${seen.size} pages, one for each finding among them`);
  }));

test("a finding's code leads to its page, which has no scripts and follows the theme", () =>
  onPage(
    "/",
    async (page) => {
      await edit(page, "Manifests");
      await paste(page, MISSPELT);
      await dock(page, "Problems");
      const opened = page.waitForEvent("popup");
      await page.locator(".problem-list .code", { hasText: "WP0203" }).click();
      const reference = await opened;
      await reference.getByRole("heading", { name: "A policy's target does not exist" }).waitFor();
      assert.match(await reference.title(), /^WP0203 A policy's target does not exist/);
      assert.equal(await reference.locator("script").count(), 0);
      const ground = (of) => of.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(await ground(reference), await ground(page));
      await reference.getByRole("link", { name: "Features" }).click();
      await reference.getByRole("cell", { name: "HTTPRoute", exact: true }).waitFor();
    },
    { colorScheme: "dark" },
  ));

test("a marker tells code, sentence, help and page; F8 goes from one to the next", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    await paste(page, `kind: [\n---\n${MISSPELT}`);
    await page.waitForFunction(() => globalThis.monaco.editor.getModelMarkers({}).length >= 2);
    const lines = [];
    for (let press = 0; press < 2; press++) {
      await page.keyboard.press("F8");
      lines.push((await editor(page)).line);
    }
    assert.notEqual(lines[0], lines[1]);
    await page.evaluate(() => {
      const [editor] = globalThis.monaco.editor.getEditors();
      const match = editor.getModel().findNextMatch("waypont", { lineNumber: 1, column: 1 }, false, true, null, false);
      editor.setPosition(match.range.getStartPosition());
      editor.trigger("test", "editor.action.showHover", {});
    });
    const hover = page.locator(".monaco-hover", { hasText: "WP0203" });
    await hover.waitFor();
    assert.match(await hover.innerText(), /`default\/waypont` does not exist[^]*correct the name[^]*WP0203/);
    const [link] = (await page.evaluate(() => globalThis.monaco.editor.getModelMarkers({}).map((marker) => marker.code))).filter(
      (code) => code.value === "WP0203",
    );
    assert.match(link.target.path ?? link.target, /reference\/WP0203\.html$/);
  }));

test("the switch to the documentation explains itself", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const href = await page.getByRole("link", { name: "Where documentation and code differ" }).getAttribute("href");
    assert.equal(href, "reference/behavior.html");
  }));
