// Narrow and wide, light and dark, by keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { edit, row, verdicts } from "./page.mjs";

const onPage = browser();
const NARROW = { viewport: { width: 360, height: 780 }, hasTouch: true };

for (const example of ["bookinfo", "virtual-service"]) {
  test(`nothing of ${example} scrolls sideways on a narrow screen, in any pane, with all that can be opened open`, () =>
    onPage(
      `/#example/${example}`,
      async (page) => {
        await verdicts(page);
        await page.locator(".verdict-row").first().click();
        await page.locator(".trace").waitFor();
        for (const pane of ["Verdicts", "Attachment", "Problems", "Ways around", "Status", "Envoy", "Migration", "Editor"]) {
          await page.locator(".pane-tabs button", { hasText: pane }).click();
          await page.getByText("Asking the engine").waitFor({ state: "detached" });
          await page.locator(".trace details, #docked details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
          const widths = ["html", "#docked"].map((part) => page.locator(part).evaluate((element) => element.scrollWidth));
          const width = Math.max(...(await Promise.all(widths)));
          assert.ok(width <= NARROW.viewport.width, `${pane}: ${width}`);
        }
        assert.ok(await page.locator("#editor").isVisible());
        assert.ok(!(await page.locator("#verdicts").isVisible()));
      },
      NARROW,
    ));
}

test("a clause leads to the editor on a narrow screen", () =>
  onPage(
    "/",
    async (page) => {
      await page.locator(".monaco-editor").waitFor({ state: "attached" });
      await row(page, "productpage writes reviews").getByRole("button").first().click();
      await page.locator(".trace button.jump").first().click();
      await page.locator(".monaco-editor .view-line", { hasText: "view-only" }).waitFor();
    },
    NARROW,
  ));

for (const colorScheme of ["light", "dark"]) {
  test(`the theme follows a ${colorScheme} system, can be forced, and is remembered`, () =>
    onPage(
      "/",
      async (page) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await verdicts(page);
        const system = await ground();
        const theme = page.getByRole("button", { name: /^Theme/ });
        const seen = { light: null, dark: null };
        for (const forced of ["light", "dark"]) {
          await theme.click();
          await page.getByRole("button", { name: `Theme: ${forced}` }).waitFor();
          seen[forced] = await ground();
        }
        assert.notEqual(seen.light, seen.dark);
        assert.equal(system, seen[colorScheme]);
        // The one that the system would not give.
        const forced = colorScheme === "light" ? "dark" : "light";
        while (!(await page.getByRole("button", { name: `Theme: ${forced}` }).isVisible())) await theme.click();
        await page.reload();
        await verdicts(page);
        assert.equal(await ground(), seen[forced]);
      },
      { colorScheme },
    ));
}

test("verdicts open by keyboard, and the editor lets the focus out", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    await page.keyboard.press("Control+m");
    for (let presses = 0; presses < 8; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.classList.contains("verdict-row"))) break;
    }
    await page.keyboard.press("Enter");
    await page.locator(".trace").waitFor();
  }));

test("the keys are listed by ? outside of texts, and Escape closes the list", () =>
  onPage("/", async (page) => {
    await edit(page, "Requests");
    await page.keyboard.type("?");
    assert.ok(!(await page.locator("#keys").isVisible()), "in the editor it is a character");
    await page.keyboard.press("Control+z");
    await page.locator(".verdict-row").first().focus();
    await page.keyboard.press("?");
    await page.locator("#keys", { hasText: "F8" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#keys").waitFor({ state: "hidden" });
  }));

test("verdicts and graph are both in sight on a wide screen", () =>
  onPage(
    "/",
    async (page) => {
      await verdicts(page);
      const box = await page.locator("svg .node").first().boundingBox();
      const strip = await page.locator(".dock").boundingBox();
      assert.ok(box.y + box.height < strip.y && strip.y + strip.height <= 900, JSON.stringify([box, strip]));
    },
    { viewport: { width: 1440, height: 900 } },
  ));
