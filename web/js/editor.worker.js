// Monaco's own worker (links, diffs, word completion). It is a separate file because a worker is started by URL.
import "monaco-editor/editor/editor.worker";
