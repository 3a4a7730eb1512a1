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
    const dashes = (edge) => edge.locator("path").evaluate((path) => getComputedStyle(path).strokeDasharray);
    assert.notEqual(await dashes(page.locator("svg .edge.fail-safe").first()), "none");
    assert.equal(await dashes(page.locator("svg .edge.attached").first()), "none");
    await page.locator("svg .edge-label", { hasText: "UnsupportedValue" }).first().waitFor();
  }));

test("the graph moves and grows by keyboard", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    const box = () => boxes(page).first().boundingBox();
    const whole = await box();
    await page.locator(".canvas").focus();
    await page.keyboard.press("+");
    await page.waitForFunction((width) => document.querySelector("svg .node").getBoundingClientRect().width > width + 1, whole.width);
    const larger = await box();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction((x) => document.querySelector("svg .node").getBoundingClientRect().x < x - 1, larger.x);
    await page.keyboard.press("0");
    await page.waitForFunction(
      ({ x, width }) => {
        const box = document.querySelector("svg .node").getBoundingClientRect();
        return Math.abs(box.x - x) < 1 && Math.abs(box.width - width) < 1;
      },
      whole,
    );
  }));

test("a selected object tells what affects it, in order, and leads there", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    await page.locator("svg .node", { has: page.locator(".node-name", { hasText: /^reviews$/ }), hasText: "Service" }).click();
    const effective = page.locator(".effective");
    await effective.locator("h3", { hasText: "Service/default/reviews" }).waitFor();
    const order = await effective.locator("ol").first().getByRole("button").allInnerTexts();
    assert.deepEqual(order, ["Gateway/default/default", "AuthorizationPolicy/default/view-only", "HTTPRoute/default/reviews"]);
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

test("a graph that is taller than its frame moves by keys and by dragging, in the size that it had", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    await paste(page, services(["a"], 60));
    await page.waitForFunction(() => document.querySelectorAll("svg .node").length > 50);
    const box = () => boxes(page).first().boundingBox();
    const first = await box();
    await page.locator(".canvas").focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForFunction((y) => document.querySelector("svg .node").getBoundingClientRect().y < y, first.y);
    const moved = await box();
    assert.ok(Math.abs(moved.width - first.width) < 1, JSON.stringify([first, moved]));
    const canvas = await page.locator(".canvas").boundingBox();
    await page.mouse.move(canvas.x + canvas.width - 60, canvas.y + 60);
    await page.mouse.down();
    await page.mouse.move(canvas.x + canvas.width - 60, canvas.y + 20, { steps: 4 });
    await page.mouse.up();
    const dragged = await box();
    assert.ok(dragged.y < moved.y - 20 && Math.abs(dragged.width - first.width) < 1, JSON.stringify([moved, dragged]));
  }));
