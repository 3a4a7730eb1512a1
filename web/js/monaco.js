// The editor: Monaco with all editor features and one language, YAML. The only file that calls Monaco.
import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/yaml/register";
import { suggest } from "./completion.js";

globalThis.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("editor.worker.js", import.meta.url), { type: "module" }),
};
// For tests, and for whoever looks at the page from the console.
globalThis.monaco = monaco;

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

// A stylesheet of a module that is imported late is not loaded by itself.
function loadStyle() {
  return new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("monaco.css", import.meta.url).href;
    style.onload = style.onerror = resolve;
    document.head.append(style);
  });
}

// The objects of the manifests, whose names can be completed.
let objects = [];

monaco.languages.registerCompletionItemProvider("yaml", {
  provideCompletionItems(model, position) {
    const { lineNumber, column } = position;
    const before = model.getLineContent(lineNumber).slice(0, column - 1);
    const isRequests = model.uri.path.includes("requests");
    const texts = suggest(model.getLinesContent(), lineNumber - 1, before, isRequests, objects);
    const startColumn = column - /[\w./-]*$/.exec(before)[0].length;
    const range = { startLineNumber: lineNumber, endLineNumber: lineNumber, startColumn, endColumn: column };
    const kind = monaco.languages.CompletionItemKind;
    return {
      suggestions: texts.map((text) => ({
        label: text.replace(/: $/, ""),
        insertText: text,
        kind: text.endsWith(": ") ? kind.Field : kind.Value,
        range,
      })),
    };
  },
});

class Editor {
  constructor(host, texts, tab, changed, moved) {
    this.theme = document.documentElement.dataset.theme ?? "auto";
    this.models = {};
    this.views = {};
    this.tab = tab;
    for (const [name, text] of Object.entries(texts)) {
      const model = monaco.editor.createModel(text, "yaml", monaco.Uri.parse(`inmemory://model/${name}.yaml`));
      model.updateOptions({ tabSize: 2, insertSpaces: true });
      model.onDidChangeContent(() => changed(name, model.getValue()));
      this.models[name] = model;
    }
    this.editor = monaco.editor.create(host, {
      model: this.models[tab],
      theme: this.themeName(),
      automaticLayout: true,
      minimap: { enabled: false },
      fontSize: 13,
      lineNumbersMinChars: 3,
      scrollBeyondLastLine: false,
      fixedOverflowWidgets: true,
      wordWrap: "off",
      renderWhitespace: "none",
      wordBasedSuggestions: "off",
      ariaLabel: "YAML. Press Ctrl+M to let Tab move the focus out of the editor.",
    });
    this.editor.onDidChangeCursorPosition((event) => {
      // Only what the visitor does; a text that is replaced moves the caret too.
      if (event.reason !== monaco.editor.CursorChangeReason.ContentFlush) moved(this.tab, event.position.lineNumber);
    });
    darkSystem.addEventListener("change", () => monaco.editor.setTheme(this.themeName()));
  }

  themeName() {
    const dark = this.theme === "dark" || (this.theme === "auto" && darkSystem.matches);
    return dark ? "vs-dark" : "vs";
  }

  show(tab) {
    if (tab === this.tab) return;
    this.views[this.tab] = this.editor.saveViewState();
    this.tab = tab;
    this.editor.setModel(this.models[tab]);
    if (this.views[tab]) this.editor.restoreViewState(this.views[tab]);
  }

  setText(tab, text) {
    const model = this.models[tab];
    if (model.getValue() === text) return;
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
  }

  // All of it is one step that can be undone.
  applyEdits(tab, edits) {
    this.show(tab);
    this.editor.pushUndoStop();
    this.editor.executeEdits("fix", edits);
    this.editor.pushUndoStop();
    this.editor.focus();
  }

  setMarkers(tab, markers) {
    // Monaco takes links as its own type.
    const page = ({ value, target }) => ({ value, target: monaco.Uri.parse(new URL(target, location.href).href) });
    const linked = markers.map((marker) => ({ ...marker, code: page(marker.code) }));
    monaco.editor.setModelMarkers(this.models[tab], "ambient", linked);
  }

  setNames(ids) {
    objects = ids.map((id) => {
      const [kind, namespace, name] = id.split("/");
      return { kind, namespace, name };
    });
  }

  reveal(tab, startLineNumber, startColumn, endLineNumber, endColumn) {
    this.show(tab);
    const range = { startLineNumber, startColumn, endLineNumber, endColumn };
    this.editor.setSelection(range);
    // On a narrow screen the page is about to show the editor: before that it has no height to scroll in.
    requestAnimationFrame(() => {
      this.editor.layout();
      this.editor.revealRangeInCenterIfOutsideViewport(range);
      this.editor.focus();
    });
  }

  setTheme(theme) {
    this.theme = theme;
    monaco.editor.setTheme(this.themeName());
  }
}

export async function createEditor(host, manifests, requests, tab, changed, moved) {
  await loadStyle();
  return new Editor(host, { manifests, requests }, tab, changed, moved);
}
