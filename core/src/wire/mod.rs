//! The contract: the types that cross every boundary (browser, REST, test files). Plain data that knows no
//! other module; the only place in `core` that serializes. Field names are camelCase, as in Kubernetes.
//! What is here keeps its name and meaning; additions are welcome.

mod answer;
mod around;
mod diagnostic;
mod effective;
mod envoy;
mod field;
mod graph;
mod input;
mod maps;
mod migration;
mod object;
mod policies;
mod status;
mod telemetry;

pub use answer::*;
pub use around::*;
pub use diagnostic::*;
pub use effective::*;
pub use envoy::*;
pub use field::*;
pub use graph::*;
pub use input::*;
pub use migration::*;
pub use object::*;
pub use policies::*;
pub use status::*;
pub use telemetry::*;
