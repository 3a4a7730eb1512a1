// The editor: Monaco with all editor features and one language, YAML.
import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/yaml/register";

globalThis.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("editor.worker.js", import.meta.url), { type: "module" }),
};

// A stylesheet of a module that is imported late is not loaded by itself.
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = new URL("monaco.css", import.meta.url).href;
document.head.append(style);

export { monaco };
