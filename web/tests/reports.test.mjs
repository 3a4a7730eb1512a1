// What only an open panel shows: ways around policies, predicted status, Envoy's filters, migration. And exports.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { dock, edit, editor, hold, paste, row, says, select, verdicts } from "./page.mjs";

const onPage = browser();
const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

test("a way around becomes a request with one click, an undo takes it back", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    const before = await editor(page);
    const count = (await verdicts(page)).length;
    const panel = await dock(page, "Ways around");
    const way = panel.locator("li", { hasText: "the pod's own address" }).first();
    await way.getByRole("button", { name: "Add to the requests" }).click();
    await says(page, "a caller of the pod's own address goes past", "ALLOW");
    assert.equal((await verdicts(page)).length, count + 1);
    await row(page, "a caller of the pod's own address").locator(".trace").waitFor();
    assert.ok((await editor(page)).value.startsWith(before.value.trimEnd()), "what was there stays as it was");
    await page.keyboard.press("Control+z");
    await row(page, "a caller of the pod's own address").waitFor({ state: "detached" });
    assert.equal((await editor(page)).value, before.value);
  }));

test("the ways around the selected policy come first", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    const { value } = await editor(page);
    const second = /apiVersion: security[^]*?(?=---)/.exec(value)[0].replace("view-only", "zz-last");
    await paste(page, `${value.trimEnd()}\n---\n${second}`);
    const panel = await dock(page, "Ways around");
    const heading = (id) => panel.locator("h3", { hasText: id });
    await heading("zz-last").waitFor();
    assert.match(await panel.locator("h3").first().innerText(), /view-only/);
    await heading("zz-last").getByRole("button").click();
    await panel.locator("li.selected h3", { hasText: "zz-last" }).waitFor();
    assert.match(await panel.locator("h3").first().innerText(), /zz-last/);
  }));

test("a selected object has its predicted status, as YAML that can be copied", () =>
  onPage(
    "/",
    async (page) => {
      await verdicts(page);
      const panel = await dock(page, "Status");
      await page.locator("svg .node", { hasText: "HTTPRoute" }).click();
      const sheet = panel.locator("details[open]");
      await sheet.locator("summary", { hasText: "HTTPRoute/default/reviews" }).waitFor();
      assert.match(await sheet.locator("pre").innerText(), /parentRef: [^]*type: Accepted\n *status: "True"\n *reason: Accepted/);
      await sheet.getByRole("button", { name: "Copy" }).click();
      await sheet.getByRole("button", { name: "Copied" }).waitFor();
      assert.equal((await clipboard(page)).trim(), (await sheet.locator("pre").innerText()).trim());
    },
    CLIPBOARD,
  ));

test("an object without a status says so", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const panel = await dock(page, "Status");
    await page.locator("svg .node", { hasText: "Deployment" }).first().click();
    await panel.getByText(/istiod writes no status on Deployment/).waitFor();
  }));

test("the filters of the waypoint, and first what the selected route is part of", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const panel = await dock(page, "Envoy");
    await panel.locator("details").first().waitFor();
    assert.equal(await panel.locator("details[open]").count(), 0);
    await page.locator("svg .node", { hasText: "HTTPRoute" }).click();
    await panel.locator("details[open]").first().waitFor();
    const first = panel.locator("details").first();
    assert.match(await first.locator("summary").innerText(), /Service\/default\/reviews at Gateway\/default\/default/);
    assert.match(await first.locator("pre").innerText(), /envoy\.filters\.http\.rbac[^]*weighted_clusters/);
  }));

test("a migration gives routes, notes that lead to their line, and requests that differ", () =>
  onPage("/#example/virtual-service", async (page) => {
    await edit(page, "Requests");
    const panel = await dock(page, "Migration");
    assert.match(await panel.locator("pre").first().innerText(), /kind: HTTPRoute/);
    await panel.getByText(/requests were evaluated against both forms: \d+ are treated differently/).waitFor();
    const note = panel.locator("li", { hasText: "WP0601" }).first();
    assert.match(await note.innerText(), /fault/);
    await note.getByRole("button", { name: /line/ }).click();
    await page.waitForFunction(() => globalThis.monaco.editor.getEditors()[0].getModel().uri.path.includes("manifests"));
    const shown = await editor(page);
    assert.match(shown.selected, /fault|abort|httpStatus/);
    const difference = panel.locator("li", { has: page.locator("table") }).first();
    assert.match(await difference.innerText(), /status\s+503/);
    await difference.getByRole("button", { name: "Add to the requests" }).click();
    await says(page, "differs once migrated", "DENY");
  }));

test("an open panel follows the texts, and says when it has nothing", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const panel = await dock(page, "Migration");
    await panel.getByText("There is no VirtualService or Istio Gateway to convert.").waitFor();
    await page.locator(".menu summary", { hasText: "Examples" }).click();
    await page.locator(".menu li button", { hasText: "VirtualService beside" }).click();
    await panel.locator("pre", { hasText: "kind: HTTPRoute" }).waitFor();
    await edit(page, "Manifests");
    const { value } = await editor(page);
    await paste(page, value.replace(/(kind: VirtualService\nmetadata:\n *name:) reviews/, "$1 renamed"));
    await panel.locator("pre", { hasText: "name: renamed" }).waitFor();
    await page.locator(".dock-tabs button", { hasText: "Migration" }).click();
    await panel.waitFor({ state: "detached" });
  }));

test("verdicts do not wait for a panel", () =>
  onPage("/", async (page) => {
    const part = await hold(page, /reports-\w+\.wasm$/);
    await page.reload();
    await verdicts(page);
    await page.locator(".dock-tabs button", { hasText: "Envoy" }).click();
    const asking = page.locator("#docked", { hasText: "Asking the engine" });
    await asking.waitFor();
    await edit(page, "Requests");
    await select(page, "GET");
    await page.keyboard.type("POST");
    await says(page, "productpage reads reviews", "DENY");
    assert.ok(await asking.isVisible());
    part.release();
    await page.locator("#docked details").first().waitFor();
  }));

for (const [format, start] of [
  ["Mermaid", /^%% Ambient Playground: Engine .*\nflowchart LR\n/],
  ["DOT", /^\/\/ Ambient Playground: Engine .*\ndigraph/],
  ["SVG", /^<!-- Ambient Playground: Engine .* -->\n<svg/],
  ["JSON", /^\{[^]*"nodes": \[[^]*\n\}\n$/],
]) {
  test(`the graph is copied as ${format}`, () =>
    onPage(
      "/",
      async (page) => {
        await verdicts(page);
        await page.locator(".exports summary").click();
        await page.getByRole("button", { name: format, exact: true }).click();
        await page.locator(".exports summary", { hasText: "Copied" }).waitFor();
        assert.match(await clipboard(page), start);
      },
      CLIPBOARD,
    ));
}
