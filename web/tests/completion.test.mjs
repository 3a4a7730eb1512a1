// Completion: kinds and fields of the engine's tables, names of the manifests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { edit, editor, paste, says } from "./page.mjs";

const onPage = browser();

/** Puts the caret behind the last of a text, asks for completions, and returns what is offered. */
async function offered(page, text) {
  await page.evaluate((text) => {
    const [editor] = globalThis.monaco.editor.getEditors();
    const match = editor.getModel().findMatches(text, true, false, true, null, false).at(-1);
    editor.setPosition(match.range.getEndPosition());
    editor.focus();
    editor.trigger("test", "editor.action.triggerSuggest", {});
  }, text);
  await page.locator(".suggest-widget.visible .monaco-list-row").first().waitFor();
  const rows = await page.locator(".suggest-widget.visible .monaco-list-row .label-name").allInnerTexts();
  await page.keyboard.press("Escape");
  return rows;
}

test("kinds, fields and names are offered where they belong", () =>
  onPage("/", async (page) => {
    await says(page, "productpage reads reviews", "ALLOW");
    await edit(page, "Manifests");
    const { value } = await editor(page);
    const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: x, namespace: default }
spec:
  targetRefs:
    - kind: Service
      name: rat
  rules:
    - to:
        - operation:
            me
`;
    await paste(page, `${value.trimEnd()}\n---\n${policy}---\nkind: HTTPRou\n`);
    assert.ok((await offered(page, "            me")).includes("methods"));
    assert.deepEqual(await offered(page, "name: rat"), ["ratings"]);
    assert.ok((await offered(page, "kind: HTTPRou")).includes("HTTPRoute"));
  }));

test("requests are completed with their fields, and with names as they want them", () =>
  onPage("/", async (page) => {
    await says(page, "productpage reads reviews", "ALLOW");
    await edit(page, "Requests");
    await paste(page, "- name: x\n  from:\n    workload: legacy/c\n  to:\n    ser\n");
    assert.deepEqual(await offered(page, "workload: legacy/c"), ["legacy/curl"]);
    assert.ok((await offered(page, "    ser")).includes("service"));
    await page.keyboard.press("Control+Space");
    await page.locator(".suggest-widget.visible").waitFor();
    await page.keyboard.press("Enter");
    assert.match((await editor(page)).value, /\n    service: \n/);
  }));
