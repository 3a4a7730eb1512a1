//! Field paths, as messages write them: `spec.rules[0].from[0].source.namespaces`.

use std::borrow::Cow;
use std::fmt;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Segment {
    /// Into a mapping.
    Key(Cow<'static, str>),
    /// Into a list.
    Index(usize),
}

/// The way from a document's root to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The root.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A step into a mapping.
    #[must_use]
    pub(crate) fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// A step into a list.
    #[must_use]
    pub(crate) fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// The steps of another path behind this one's.
    #[must_use]
    pub(crate) fn join(mut self, rest: &Self) -> Self {
        self.0.extend(rest.0.iter().cloned());
        self
    }

    /// Reads what [`fmt::Display`] writes. Total: what is no path becomes a key that no document has.
    pub(crate) fn parse(text: &str) -> Self {
        let mut path = Self::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix("[\"") {
                let (key, behind) = quoted.split_once("\"]").unwrap_or((quoted, ""));
                path = path.key(key.to_owned());
                rest = behind;
            } else if let Some((index, behind)) = rest
                .strip_prefix('[')
                .and_then(|inner| inner.split_once(']'))
            {
                path = match index.parse() {
                    Ok(index) => path.index(index),
                    Err(_) => path.key(index.to_owned()),
                };
                rest = behind;
            } else {
                let text = rest.strip_prefix('.').unwrap_or(rest);
                let end = text.find(['.', '[']).unwrap_or(text.len());
                let (key, behind) = text.split_at(end);
                path = path.key(key.to_owned());
                rest = behind;
            }
        }
        path
    }

    /// The steps.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The place in the list, where the path ends in one.
    pub(crate) fn last_index(&self) -> Option<usize> {
        match self.0.last()? {
            Segment::Index(index) => Some(*index),
            Segment::Key(_) => None,
        }
    }

    /// Whether it is the root.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Segment> for FieldPath {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key)
                    if key.is_empty() || key.contains(['.', '[', ']', '"', '/', ' ']) =>
                {
                    write!(f, "[\"{key}\"]")?;
                }
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written() {
        for (path, text) in [
            (FieldPath::new(), ""),
            (
                FieldPath::new()
                    .key("spec")
                    .key("rules")
                    .index(0)
                    .key("to")
                    .index(12),
                "spec.rules[0].to[12]",
            ),
            (FieldPath::new().index(3).key("from"), "[3].from"),
            (
                FieldPath::new()
                    .key("metadata")
                    .key("labels")
                    .key("istio.io/use-waypoint"),
                "metadata.labels[\"istio.io/use-waypoint\"]",
            ),
        ] {
            assert_eq!(path.to_string(), text);
            assert_eq!(FieldPath::parse(text), path);
        }
    }
}
