//! Compiles the server again when the built page changes: the macro that embeds `web/dist` sees the files it
//! embedded, but not new ones.

fn main() {
    // A path that does not exist would make every build a full one.
    let watched = if std::path::Path::new("../web/dist").exists() {
        "../web/dist"
    } else {
        "../web"
    };
    println!("cargo::rerun-if-changed={watched}");
}
