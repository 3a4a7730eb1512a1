// The engine, in a module worker: the same wasm as the page's. The worker's name says which of its functions answers.
// The first message is that wasm, compiled; each other one is a question. What fails here reaches the page as an error
// of the worker.
import * as engine from "pkg/ambient_web.js";

onmessage = ({ data: module }) => {
  engine.initSync({ module });
  onmessage = ({ data: question }) => postMessage(engine[name](question));
};
