// The engine, in a module worker: the same wasm as the page's. The first message is that wasm, compiled; each other one
// is a question. What fails here reaches the page as an error of the worker.
import { initSync, answer } from "pkg/ambient_web.js";

onmessage = ({ data: module }) => {
  initSync({ module });
  onmessage = ({ data: question }) => postMessage(answer(question));
};
