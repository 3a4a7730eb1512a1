//! The only caller of the engine: workers that are asked, and answer later. They run the same wasm as the page, which
//! hands it over compiled.

use gloo::events::EventListener;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use ambient_core::decode::Decode;
use serde::Serialize;

use crate::worker;

/// The page's end of the worker.
pub(crate) struct Bridge {
    worker: Worker,
    _answered: EventListener,
    _failed: EventListener,
}

impl Bridge {
    /// Starts a worker that answers with the function of this name. `failed` is told what stopped it; after that no
    /// question is answered.
    pub(crate) fn start<A: Decode>(
        function: &str,
        answered: impl Fn(A) + 'static,
        failed: impl Fn(String) + Clone + 'static,
    ) -> Self {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(function);
        let worker = Worker::new_with_options("worker.js", &options)
            .expect_throw("a browser that runs WebAssembly has workers");
        let not_understood = failed.clone();
        let answered = EventListener::new(&worker, "message", move |event| {
            let message = event.unchecked_ref::<MessageEvent>().data();
            match worker::decode(&message.as_string().unwrap_or_default()) {
                Ok(answer) => answered(answer),
                Err(error) => not_understood(error),
            }
        });
        let failed = EventListener::new(&worker, "error", move |event| {
            failed(event.unchecked_ref::<ErrorEvent>().message());
        });
        let bridge = Self {
            worker,
            _answered: answered,
            _failed: failed,
        };
        bridge.post(&wasm_bindgen::module());
        bridge
    }

    /// Asks; the answer comes to the callback given at the start.
    pub(crate) fn ask(&self, question: &impl Serialize) {
        self.post(&worker::encode(question).into());
    }

    fn post(&self, message: &JsValue) {
        // Texts and compiled modules can be posted always.
        let _ = self.worker.post_message(message);
    }
}
