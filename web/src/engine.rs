//! The only caller of the engine: a worker that is asked, and answers later.

use gloo_worker::{Spawnable, WorkerBridge};

use crate::worker::{Answer, Engine, Question, Structured};

/// The page's end of the worker.
pub(crate) struct Bridge(WorkerBridge<Engine>);

impl Bridge {
    /// Starts the worker.
    pub(crate) fn start(answered: impl Fn(Answer) + 'static) -> Self {
        let mut spawner = Engine::spawner().encoding::<Structured>();
        Self(
            spawner
                .callback(answered)
                .as_module(true)
                .with_loader(true)
                .spawn("worker.js"),
        )
    }

    /// Asks; the answer comes to the callback given at the start.
    pub(crate) fn ask(&self, question: Question) {
        self.0.send(question);
    }
}
