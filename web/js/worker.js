// The engine: starts the wasm of the bin `worker` in a module worker.
import init from "pkg/worker.js";
import wasm from "pkg/worker_bg.wasm";

await init({ module_or_path: new URL(wasm, import.meta.url) });
