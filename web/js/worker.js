// The engine, in a module worker: the same wasm as the page's. The worker's name says which of its functions answers.
// The first message is that wasm, compiled; each other one is a question. What fails here reaches the page as an error
// of the worker.
import * as engine from "pkg/ambient_web.js";
import { parts } from "pkg/parts.js";

const addresses = parts.map((part) => new URL(part, import.meta.url));
const compiled = [];

/** Fetches a part in the middle of an answer, by its number: whoever called cannot wait. */
function fetchAtOnce(number) {
  const request = new XMLHttpRequest();
  request.open("GET", addresses[number], false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`a part of the engine could not be loaded: status ${request.status}`);
  return new WebAssembly.Module(request.response);
}

/** Fetches all parts when there is time, so that later nothing is asked of the server, not even for the first token. */
async function fetchAhead() {
  for (const [number, address] of addresses.entries()) {
    compiled[number] ??= await WebAssembly.compileStreaming(fetch(address, { priority: "low" }));
  }
}

onmessage = ({ data: module }) => {
  const first = engine.initSync({ module });
  globalThis.loadPart = (number) => {
    compiled[number] ??= fetchAtOnce(number);
    new WebAssembly.Instance(compiled[number], { first });
  };
  let ahead;
  onmessage = ({ data: question }) => {
    postMessage(engine[name](question));
    // What fails is fetched again when it is needed, and its failure is told then.
    ahead ??= fetchAhead().catch(() => {});
  };
};
