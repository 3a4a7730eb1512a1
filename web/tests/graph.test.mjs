// The attachment graph: what is drawn of it, how it is searched, and what it says of what does not attach.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { edit, paste, verdicts } from "./page.mjs";

const onPage = browser();

/** Services of several namespaces, all behind the waypoint of the first. */
function services(namespaces, each) {
  const service = (namespace, number) => `apiVersion: v1
kind: Service
metadata:
  name: s${number}
  namespace: ${namespace}
  labels: { istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: a }
spec: { ports: [{ port: 80 }] }
`;
  const all = namespaces.flatMap((namespace) => Array.from({ length: each }, (_, number) => service(namespace, number)));
  return all.join("---\n");
}

const boxes = (page) => page.locator("svg .node");

test("a search marks what it finds, and Enter leads to it", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    const search = page.getByRole("searchbox", { name: "Find an object" });
    await search.fill("httproute");
    await page.locator("svg .node.found", { hasText: "HTTPRoute" }).waitFor();
    assert.ok((await page.locator("svg .node.dim").count()) > 0);
    await search.press("Enter");
    await page.locator("svg .node.selected", { hasText: "HTTPRoute" }).waitFor();
  }));

test("the neighbours of an object can be looked at alone", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const all = await boxes(page).count();
    await page.locator("svg .node", { hasText: "view-only" }).click();
    await page.getByRole("button", { name: "Neighbours" }).click();
    await page.waitForFunction((all) => document.querySelectorAll("svg .node").length < all, all);
    assert.equal(await boxes(page).count(), 2);
    await page.getByRole("button", { name: "Neighbours" }).click();
    await page.waitForFunction((all) => document.querySelectorAll("svg .node").length === all, all);
  }));

test("three hundred objects come folded by namespace, and unfold one by one", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    await paste(page, services(["a", "b", "c"], 100));
    await page.locator("svg .node.folded", { hasText: "100 objects" }).first().waitFor();
    assert.equal(await boxes(page).count(), 3);
    await page.locator("svg .node.folded .node-name", { hasText: /^b$/ }).click();
    await page.waitForFunction(() => document.querySelectorAll("svg .node").length === 102);
    await page.locator(".namespaces summary").click();
    await page.getByRole("button", { name: "Fold all", exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll("svg .node").length === 3);
  }));

test("what does not attach is dashed, with its reason", () =>
  onPage("/#example/ztunnel-fail-safe", async (page) => {
    await verdicts(page);
    assert.ok((await page.locator("svg .edge.fail-safe").count()) > 0);
    await page.locator("svg .edge-label", { hasText: "UnsupportedValue" }).first().waitFor();
  }));

test("the graph moves and grows by keyboard", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const view = () => page.locator(".canvas svg").getAttribute("viewBox");
    const whole = await view();
    await page.locator(".canvas").focus();
    await page.keyboard.press("+");
    await page.waitForFunction((old) => document.querySelector(".canvas svg").getAttribute("viewBox") !== old, whole);
    const larger = await view();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((old) => document.querySelector(".canvas svg").getAttribute("viewBox") !== old, larger);
    await page.keyboard.press("0");
    await page.waitForFunction((old) => document.querySelector(".canvas svg").getAttribute("viewBox") === old, whole);
  }));

test("a selected object tells what affects it, in order, and leads there", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    await page.locator("svg .node", { has: page.locator(".node-name", { hasText: /^reviews$/ }), hasText: "Service" }).click();
    const effective = page.locator(".effective");
    await effective.locator("h3", { hasText: "Service/default/reviews" }).waitFor();
    const policy = effective.locator("li", { hasText: "view-only" });
    assert.match(await policy.innerText(), /ALLOW at the waypoint/);
    await policy.getByRole("button").click();
    await effective.locator("h3", { hasText: "AuthorizationPolicy/default/view-only" }).waitFor();
  }));

test("a box tells how finished its kind is, and how it attaches", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const text = async (node) => (await node.locator("text").allTextContents()).join(" | ");
    assert.equal(await text(page.locator("svg .node", { hasText: "HTTPRoute" })), "reviews | HTTPRoute · default · parentRefs | Stable");
  }));
