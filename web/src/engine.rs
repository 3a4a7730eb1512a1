//! The only caller of the engine: a worker that is asked, and answers later. It runs the same wasm as the page, which
//! hands it over compiled.

use gloo::events::EventListener;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::worker::{self, Answer, Question};

/// The page's end of the worker.
pub(crate) struct Bridge {
    worker: Worker,
    _answered: EventListener,
    _failed: EventListener,
}

impl Bridge {
    /// Starts the worker. `failed` is told what stopped it; after that no question is answered.
    pub(crate) fn start(
        answered: impl Fn(Answer) + 'static,
        failed: impl Fn(String) + Clone + 'static,
    ) -> Self {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
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
    pub(crate) fn ask(&self, question: &Question) {
        self.post(&worker::encode(question).into());
    }

    fn post(&self, message: &JsValue) {
        // Texts and compiled modules can be posted always.
        let _ = self.worker.post_message(message);
    }
}
