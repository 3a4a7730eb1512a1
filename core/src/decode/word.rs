//! The text of a value. Most are a name of a few letters: those need no memory beside the value.

use std::fmt;
use std::ops::Deref;

/// A text that does not change.
#[derive(Clone)]
pub(crate) struct Word(Repr);

#[derive(Clone)]
enum Repr {
    /// So many of these bytes.
    Short(u8, [u8; SHORT]),
    Long(Box<str>),
}

/// As long as fits beside what a value needs anyway.
const SHORT: usize = 22;

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Repr::Short(length, bytes))
            }
            _ => Self(Repr::Long(text.into())),
        }
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Repr::Short(length, bytes) => bytes
                .get(..usize::from(*length))
                .and_then(|bytes| str::from_utf8(bytes).ok())
                .unwrap_or_default(),
            Repr::Long(text) => text,
        }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_its_text_and_takes_no_more_room_than_a_list() {
        for length in [0, 1, 21, 22, 23, 255, 256, 278] {
            for letter in ["a", "é", "😀"] {
                let text = letter.repeat(length);
                assert_eq!(*Word::from(text.as_str()), *text);
            }
        }
        assert_eq!(size_of::<super::super::Value>(), size_of::<Word>());
    }
}
