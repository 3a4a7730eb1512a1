//! The engine, in a worker.
fn main() {
    ambient_web::worker::start();
}
