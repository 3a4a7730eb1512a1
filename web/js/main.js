// The page: starts the wasm. Monaco is not imported here, so that the page can show a
// verdict before the editor (some 1 MB compressed) is there; the page asks for it with `loadEditor`.
import init, { page } from "pkg/ambient_web.js";
import wasm from "pkg/ambient_web_bg.wasm";

globalThis.ambient = {
  loadEditor: async (...settings) => (await import("./monaco.js")).createEditor(...settings),
};

// A link opened in the tab that has the page already: the texts are kept, and it arrives like any other.
addEventListener("hashchange", () => location.reload());

await init({ module_or_path: new URL(wasm, import.meta.url) });
page();
