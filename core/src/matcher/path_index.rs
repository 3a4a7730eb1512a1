//! Which of many paths and prefixes a path is, or begins with.

use crate::sorted;

/// Places in a list, by the texts that a path must be or begin with. Each text's places are in ascending order if they
/// were inserted so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathIndex {
    exact: sorted::Map<Box<str>, Vec<u32>>,
    prefixes: sorted::Map<Box<str>, Vec<u32>>,
    /// The lengths of the prefixes, ascending: as many texts are looked up for a path.
    lengths: Vec<usize>,
}

impl PathIndex {
    /// A place for the path that is this text.
    pub(crate) fn insert_exact(&mut self, text: Box<str>, place: u32) {
        add_place(&mut self.exact, text, place);
    }

    /// A place for paths that begin with this text.
    pub(crate) fn insert_prefix(&mut self, text: Box<str>, place: u32) {
        if let Err(index) = self.lengths.binary_search(&text.len()) {
            self.lengths.insert(index, text.len());
        }
        add_place(&mut self.prefixes, text, place);
    }

    /// Hands over the places of each text that this path is or begins with.
    pub(crate) fn look_up<'i>(&'i self, path: &str, mut take: impl FnMut(&'i [u32])) {
        if let Some(places) = self.exact.get(path) {
            take(places);
        }
        for length in &self.lengths {
            let prefix = path.get(..*length);
            if let Some(places) = prefix.and_then(|prefix| self.prefixes.get(prefix)) {
                take(places);
            }
        }
    }
}

/// Adds a place to those of a text, once.
pub(crate) fn add_place(places: &mut sorted::Map<Box<str>, Vec<u32>>, text: Box<str>, place: u32) {
    let places = places.entry(text).or_default();
    if places.last() != Some(&place) {
        places.push(place);
    }
}
