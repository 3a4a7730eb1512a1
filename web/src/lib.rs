//! The page of Ambient Playground. `app` holds the state and is the only place that changes it; `panels` show it; the
//! engine runs in a worker behind `engine`, as a second instance of this wasm; what can be computed without a browser is, and is tested natively.

mod app;
mod deflate;
mod editor;
mod engine;
mod examples;
mod graph;
mod panels;
mod reference;
mod report;
mod requests;
mod share;
mod state;
mod worker;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Fetches a part of the wasm that has a file of its own. Called by what stands for the parts' entries, which
    /// `cargo xtask web` puts there when it takes the wasm apart.
    #[wasm_bindgen(js_name = loadPart)]
    fn load_part(part: u32);
}

/// Keeps [`load_part`] among the imports until then.
#[wasm_bindgen]
pub fn part(number: u32) {
    load_part(number);
}

/// Starts the page.
#[wasm_bindgen]
pub fn page() {
    app::start();
}

/// In the worker for verdicts: a question, and its answer as JSON.
#[wasm_bindgen]
pub fn answer(question: &str) -> Result<String, String> {
    worker::decode(question).map(|question| worker::encode(&worker::answer(question)))
}

/// In the worker for panels: a question, and what a panel shows, as JSON.
#[wasm_bindgen]
pub fn report(question: &str) -> Result<String, String> {
    worker::decode(question).map(|question| worker::encode(&report::report(question)))
}
