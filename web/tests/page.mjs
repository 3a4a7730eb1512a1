// The page as a visitor uses it: what the tests read, and what they do, in one place.

import assert from "node:assert/strict";

/** The row of a request, by its name. */
export function row(page, name) {
  return page.locator(".verdict-list > li", { has: page.locator(".verdict-row .name", { hasText: name }) });
}

/** Waits until the row of a request says a verdict. */
export async function says(page, name, verdict) {
  await row(page, name).locator(".badge", { hasText: verdict }).waitFor();
}

/** The words of all verdicts, in the order of the rows. */
export async function verdicts(page) {
  await page.locator(".verdict-row").first().waitFor();
  return page.locator(".verdict-row .badge").allInnerTexts();
}

/** Holds back what is asked for at an address until it is released; tells what was asked for. */
export async function hold(page, address) {
  const asked = [];
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route(address, async (route) => {
    asked.push(new URL(route.request().url()).pathname);
    await released;
    await route.continue();
  });
  return { asked, release };
}

/** Opens a docked panel, and returns it once it has something to say. */
export async function dock(page, name) {
  await page.locator(".dock-tabs button", { hasText: name }).click();
  const panel = page.locator("#docked .docked");
  await panel.locator("li, .sheet, .empty:not(:text('Asking'))").first().waitFor();
  return panel;
}

/** Waits for the editor, brings a tab to the front, and gives the editor the focus. */
export async function edit(page, tab) {
  await page.locator(".monaco-editor .view-line").first().waitFor();
  await page.getByRole("tab", { name: tab }).click();
  await page.waitForFunction((name) => globalThis.monaco.editor.getEditors()[0].getModel().uri.path.includes(name), tab.toLowerCase());
  await page.evaluate(() => globalThis.monaco.editor.getEditors()[0].focus());
}

/** Selects the first occurrence of a text in the editor, so that typing replaces it. */
export async function select(page, text) {
  const found = await page.evaluate((text) => {
    const [editor] = globalThis.monaco.editor.getEditors();
    const match = editor.getModel().findNextMatch(text, { lineNumber: 1, column: 1 }, false, true, null, false);
    if (match) editor.setSelection(match.range);
    return Boolean(match);
  }, text);
  assert.ok(found, `the editor has no ${text}`);
}

/** Replaces the whole text of the tab in front, as a paste does. */
export async function paste(page, text) {
  await page.evaluate((text) => {
    const [editor] = globalThis.monaco.editor.getEditors();
    editor.executeEdits("paste", [{ range: editor.getModel().getFullModelRange(), text }]);
  }, text);
}

/** What the editor knows: caret, selected text, value. */
export function editor(page) {
  return page.evaluate(() => {
    const [editor] = globalThis.monaco.editor.getEditors();
    const selection = editor.getSelection();
    return {
      line: selection.startLineNumber,
      column: editor.getPosition().column,
      selected: editor.getModel().getValueInRange(selection),
      value: editor.getModel().getValue(),
    };
  });
}

/** The markers in the text of a tab. */
export function markers(page, tab) {
  return page.evaluate((tab) => {
    const markers = globalThis.monaco.editor.getModelMarkers({});
    return markers.filter((marker) => marker.resource.path.includes(tab));
  }, tab);
}
