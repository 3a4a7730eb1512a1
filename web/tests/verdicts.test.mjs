// Typing, verdicts, explanations: the documentation's own two objects, as a visitor meets them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { dock, edit, editor, markers, paste, row, says, select, verdicts } from "./page.mjs";

const onPage = browser();
const READS = "productpage reads reviews";

test("GET that becomes POST is denied, and undo allows it again", () =>
  onPage("/", async (page) => {
    await says(page, READS, "ALLOW");
    await edit(page, "Requests");
    await select(page, "GET");
    await page.keyboard.type("POST");
    await says(page, READS, "DENY");
    const typed = await editor(page);
    assert.match(typed.value, /name: productpage reads reviews[^-]*method: POST/);
    assert.equal(typed.value.split("\n")[typed.line - 1].slice(0, typed.column - 1).endsWith("POST"), true);
    await page.keyboard.press("Control+z");
    await says(page, READS, "ALLOW");
  }));

test("an explanation opens, and a clause leads to its line", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    await row(page, "productpage writes reviews").getByRole("button").first().click();
    const trace = row(page, "productpage writes reviews").locator(".trace");
    const clause = trace.locator("tr", { hasText: "methods" }).first();
    assert.match(await clause.innerText(), /GET[\s\S]*POST/);
    await clause.getByRole("button").click();
    await page.waitForFunction(() => globalThis.monaco.editor.getEditors()[0].getModel().uri.path.includes("manifests"));
    const shown = await editor(page);
    assert.match(shown.value.split("\n")[shown.line - 1], /methods:.*GET/);
  }));

test("a wrong expectation is told", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    await paste(page, "- name: wrong\n  from: { outside: true }\n  to: { service: default/reviews, port: 9080 }\n  expect: deny\n");
    await row(page, "wrong").locator(".expected.unmet").waitFor();
  }));

test("requests that cannot be read leave the last verdicts, greyed, and mark the line", () =>
  onPage("/", async (page) => {
    const before = await verdicts(page);
    await edit(page, "Requests");
    await paste(page, "- name: fine\n- name: \"never closed\n");
    await page.getByText("Based on the last valid text.").waitFor();
    assert.deepEqual(await verdicts(page), before);
    const list = page.locator(".verdict-list");
    assert.ok((await list.evaluate((list) => getComputedStyle(list).opacity)) < 0.8);
    const [marker] = await markers(page, "requests");
    assert.ok(marker.startLineNumber >= 2, JSON.stringify(marker));
  }));

test("one broken document among others is marked, and the rest is evaluated", () =>
  onPage("/", async (page) => {
    const before = await verdicts(page);
    await edit(page, "Manifests");
    const { value } = await editor(page);
    const lines = value.trimEnd().split("\n").length;
    await paste(page, `${value.trimEnd()}\n---\nkind: [\n`);
    await page.waitForFunction(() => globalThis.monaco.editor.getModelMarkers({}).some((marker) => marker.severity === 8));
    const [marker] = (await markers(page, "manifests")).filter((marker) => marker.severity === 8);
    assert.ok(marker.startLineNumber >= lines + 2, JSON.stringify(marker));
    assert.deepEqual(await verdicts(page), before);
  }));

test("text that is no manifest at all keeps the last answer", () =>
  onPage("/", async (page) => {
    const before = await verdicts(page);
    await edit(page, "Manifests");
    await paste(page, "kind: [\n");
    await page.getByText("Based on the last valid text.").waitFor();
    assert.deepEqual(await verdicts(page), before);
    assert.ok((await page.locator("svg .node").count()) > 0);
  }));

test("a problem leads to its place, the caret to its node, a node to its text", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    const { value } = await editor(page);
    await paste(page, `${value.trimEnd()}\n---\napiVersion: v1\nkind: Gadget\nmetadata: { name: a }\n`);
    await dock(page, "Problems");
    await page.locator(".problem-list button", { hasText: "Gadget" }).click();
    await page.waitForFunction(() => globalThis.monaco.editor.getEditors()[0].getModel().getValueInRange(globalThis.monaco.editor.getEditors()[0].getSelection()).includes("Gadget"));

    await page.evaluate(() => {
      const [editor] = globalThis.monaco.editor.getEditors();
      const match = editor.getModel().findNextMatch("kind: HTTPRoute", { lineNumber: 1, column: 1 }, false, true, null, false);
      editor.setPosition({ lineNumber: match.range.startLineNumber + 2, column: 3 });
    });
    await page.locator("svg .node.selected", { hasText: "HTTPRoute" }).waitFor();

    await page.locator("svg .node", { hasText: "view-only" }).click();
    await page.waitForFunction(() => {
      const [editor] = globalThis.monaco.editor.getEditors();
      return editor.getModel().getValueInRange(editor.getSelection()).includes("view-only");
    });
  }));

test("an open explanation tells each proxy's own route, and what the request leaves behind", () =>
  onPage("/", async (page) => {
    await row(page, READS).getByRole("button").first().click();
    const waypoint = row(page, READS).locator(".hops > li", { hasText: "waypoint" }).first();
    assert.match(await waypoint.innerText(), /Takes HTTPRoute default\/reviews rule 0/);
    assert.match(await waypoint.innerText(), /reviews-v1:9080 weight 90, 90 %/);
    await waypoint.locator(".telemetry summary").click();
    const told = await waypoint.locator(".telemetry").innerText();
    assert.match(told, /istio_requests_total/);
    assert.match(told, /response_code\s+/);
    assert.match(told, /not determined by manifests/);
    await row(page, "writes reviews").getByRole("button").first().click();
    const rule = row(page, "writes reviews").locator(".rule", { hasText: "rule 0" }).first();
    assert.match(await rule.innerText(), /It would match if 1 more held: to\[0\]\.operation\.methods/);
  }));

test("what each jwtRule says of a token is told", () =>
  onPage("/#example/tokens", async (page) => {
    await verdicts(page);
    const rows = page.locator(".verdict-row");
    for (let index = 0; index < (await rows.count()); index++) await rows.nth(index).click();
    const told = (await page.locator(".hops h4", { hasText: "jwtRule" }).allInnerTexts()).join("\n");
    assert.match(told, /RequestAuthentication .* jwtRule 0/);
    assert.match(told, /accepted/);
    assert.match(told, /rejected|missing/);
  }));

test("the title tells verdicts, and expectations that are not met", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    assert.match(await page.title(), /^3 allow · 2 deny — /);
    await select(page, "expect: deny");
    await page.keyboard.type("expect: allow");
    await page.waitForFunction(() => document.title.startsWith("1 not as expected · "));
    await page.getByText("4 of 5 as expected").waitFor();
  }));

test("nothing is asked of any server while typing", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    await dock(page, "Ways around");
    await edit(page, "Requests");
    await page.waitForLoadState("networkidle");
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await select(page, "GET");
    await page.keyboard.type("POST");
    await says(page, READS, "DENY");
    assert.deepEqual(asked, []);
  }));
