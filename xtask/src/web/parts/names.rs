//! Names of functions, as the compiler mangles them and as people write them.

use rustc_demangle::demangle;

/// The path of a function as its source has it, with its type arguments, without the hashes that tell crates apart.
pub(super) fn readable(mangled: &str) -> String {
    let path = demangle(mangled).to_string();
    let mut pieces = path.split('[');
    let mut readable = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => readable.push_str(rest),
            _ => {
                readable.push('[');
                readable.push_str(piece);
            }
        }
    }
    readable
}

fn is_hash(text: &str) -> bool {
    text.len() >= 15 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn names_are_read_without_hashes() {
        let mangled = "_RNvNtNtCseRw3rKCs9xY_12ambient_core6source6events4read";
        assert_eq!(readable(mangled), "ambient_core::source::events::read");
        assert_eq!(readable("report"), "report");
    }
}
