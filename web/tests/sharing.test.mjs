// Links: everything is in them, nothing is sent, nobody's work is lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "./harness.mjs";
import { edit, editor, paste, row, says, select, verdicts } from "./page.mjs";

const onPage = browser();
const READS = "productpage reads reviews";

/** A link to a changed scenario with an open explanation, and what it shows. */
async function makeLink() {
  let made;
  await onPage("/", async (page) => {
    await says(page, READS, "ALLOW");
    await edit(page, "Requests");
    await select(page, "GET");
    await page.keyboard.type("POST");
    await says(page, READS, "DENY");
    await row(page, READS).getByRole("button").first().click();
    const history = await page.evaluate(() => globalThis.history.length);
    await page.getByRole("button", { name: "Share" }).click();
    await page.waitForFunction(() => location.hash.startsWith("#s="));
    assert.equal(await page.evaluate(() => globalThis.history.length), history, "Back leads where it led before");
    const { pathname, hash } = new URL(page.url());
    made = { link: pathname + hash, verdicts: await verdicts(page), ...(await editor(page)) };
  });
  return made;
}

test("a link shows the same texts and verdicts in another profile, with the same explanation open", async () => {
  const made = await makeLink();
  await onPage(made.link, async (page) => {
    await says(page, READS, "DENY");
    assert.deepEqual(await verdicts(page), made.verdicts);
    await row(page, READS).locator(".trace").waitFor();
    await page.locator(".monaco-editor .view-line").first().waitFor();
    const shown = await editor(page);
    assert.equal(shown.value, made.value);
  });
});

test("a link never destroys one's own work", async () => {
  const { link } = await makeLink();
  await onPage("/", async (page) => {
    const mine = "- { name: mine, from: { outside: true }, to: { service: a/b, port: 80 } }\n";
    await edit(page, "Requests");
    await paste(page, mine);
    await row(page, "mine").waitFor();
    for (const choice of ["Open theirs", "Keep mine"]) {
      await page.goto("about:blank");
      await page.goto(link);
      await says(page, READS, "DENY");
      await page.getByRole("button", { name: choice }).click();
      if (choice === "Keep mine") {
        await row(page, "mine").waitFor();
        assert.equal(new URL(page.url()).hash, "");
      } else {
        await page.getByRole("button", { name: choice }).waitFor({ state: "detached" });
        await says(page, READS, "DENY");
      }
    }
  });
});

for (const [what, link, sentence] of [
  ["was cut", async () => (await makeLink()).link.slice(0, -20), "is incomplete"],
  ["was changed", async () => (await makeLink()).link.replace(/.{6}$/, "AAAAAA"), "is damaged"],
  ["has another checksum", async () => (await makeLink()).link.replace(/(?<=#s=1\..{6}).{4}/, "AAAA"), "is damaged"],
  ["is of an unknown version", () => "/#s=7.AAAA", "is of format 7"],
  ["names no example", () => "/#example/nothing", "no example of this name"],
]) {
  test(`a link that ${what} says so, and shows no example instead`, async () => {
    await onPage(await link(), async (page) => {
      await page.locator(".notice.error", { hasText: sentence }).waitFor();
      assert.equal(await page.locator(".verdict-row").count(), 0);
    });
  });
}

test("a link opened in the tab that has the page arrives, and one's own texts are kept", () =>
  onPage("/", async (page) => {
    await edit(page, "Manifests");
    const mine = `# mine\n${(await editor(page)).value}`;
    await paste(page, mine);
    await page.waitForFunction(() => Object.values(localStorage).some((text) => text.includes("# mine")));
    await page.evaluate(() => (location.hash = "#example/ztunnel-fail-safe"));
    await row(page, "DELETE of details").waitFor();
    await page.locator(".notice button", { hasText: "mine" }).click();
    await edit(page, "Manifests");
    assert.equal((await editor(page)).value, mine);
  }));

test("an example has an address of its own", () =>
  onPage("/", async (page) => {
    await verdicts(page);
    await page.locator("summary", { hasText: "Examples" }).click();
    await page.locator(".toolbar .menu li button").nth(1).click();
    await row(page, "DELETE of details").waitFor();
    const { pathname, hash } = new URL(page.url());
    assert.equal(hash, "#example/ztunnel-fail-safe");
    await onPage(pathname + hash, (other) => row(other, "DELETE of details").waitFor());
  }));

test("a link with a Secret or a token in it is made only when that is wanted", () =>
  onPage("/#example/tokens", async (page) => {
    await edit(page, "Requests");
    const line = (await editor(page)).value.split("\n").findIndex((line) => line.includes("token: ey")) + 1;
    await edit(page, "Manifests");
    await paste(page, "apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: default }\n");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.locator(".notice", { hasText: `a Secret (manifests line 2), a token (requests line ${line})` }).waitFor();
    assert.equal(new URL(page.url()).hash, "#example/tokens");
    await page.getByRole("button", { name: "Do not share" }).click();
    assert.equal(new URL(page.url()).hash, "#example/tokens");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.getByRole("button", { name: "Share all the same" }).click();
    await page.waitForFunction(() => location.hash.startsWith("#s="));
  }));
