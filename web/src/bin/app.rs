//! The page.
fn main() {
    ambient_web::app::start();
}
