//! The page of Ambient Playground. `app` holds the state and is the only place that changes it; `panels` show it; the
//! engine runs in a worker behind `engine`; what can be computed without a browser is, and is tested natively.

pub mod app;
mod editor;
mod engine;
mod examples;
mod graph;
mod panels;
mod share;
mod state;
pub mod worker;
