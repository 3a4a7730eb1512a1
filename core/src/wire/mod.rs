//! The contract: the types that cross every boundary (browser, REST, test files). Plain data that knows no
//! other module; the only place in `core` that serializes. Field names are camelCase, as in Kubernetes.
//! What is here keeps its name and meaning; additions are welcome.

mod answer;
mod diagnostic;
mod envoy;
mod graph;
mod input;
mod object;

pub use answer::*;
pub use diagnostic::*;
pub use envoy::*;
pub use graph::*;
pub use input::*;
pub use object::*;
