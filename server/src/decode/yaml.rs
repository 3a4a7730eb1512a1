//! YAML bodies.

use std::collections::HashMap;

use ambient_core::wire::Input;
use saphyr_parser::{Event, Parser};

use super::{EMPTY, Fault, MANIFESTS, Malformed, bare, pointer, position, read};
use crate::problem::Place;

/// How deep a body may nest; as deep as JSON may.
const MAX_DEPTH: usize = 128;

/// How much the aliases of a body may add to it, in bytes.
const MAX_ALIASED: usize = 4 * 1024 * 1024;

/// What a value weighs beside its text: about what it takes in memory, so that aliases of small values count, too.
const VALUE_WEIGHT: usize = 16;

pub(super) fn decode(bytes: &[u8]) -> Result<Input, Malformed> {
    survey(bytes)?;
    read(serde_yaml::Deserializer::from_slice(bytes)).map_err(|fault| match fault {
        Fault::Refused(error) => {
            let (error, path) = (error.inner(), error.path());
            let at = error.location().map(|at| (at.line(), at.column()));
            let (line, column) = at.unwrap_or_default();
            Malformed::shape(
                bare(&error.to_string(), Some(path), line, column),
                Place {
                    pointer: pointer(path),
                    ..at.map_or_else(Place::default, |_| place(bytes, line, column.max(1) - 1))
                },
            )
        }
        Fault::Unread(fields) => Malformed::unread(fields),
    })
}

/// Finds what is wrong with a body as YAML, whatever it says. The parser behind serde_yaml cannot do that: it
/// needs time in the square of the nesting, it limits how many values aliases add but not how long these are,
/// and it does not tell errors of syntax from others.
fn survey(bytes: &[u8]) -> Result<(), Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let in_line = before.iter().rev().take_while(|byte| **byte != b'\n');
        Malformed::syntax(
            "the body is not UTF-8",
            Place {
                line: Some(line),
                column: Some(position::column_of_byte(bytes, line, in_line.count())),
                ..Place::default()
            },
        )
    })?;
    let mut documents = 0;
    let mut depth = 0_usize;
    let mut aliases = Aliases::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            Malformed::syntax(error.info(), place(bytes, at.line(), at.col()))
        })?;
        aliases.see(&event);
        match event {
            Event::DocumentStart(..) => documents += 1,
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let place = place(bytes, span.start.line(), span.start.col());
            return Err(Malformed::syntax(
                "the body nests deeper than 128 levels",
                place,
            ));
        }
        if aliases.added > MAX_ALIASED {
            let place = place(bytes, span.start.line(), span.start.col());
            return Err(Malformed::syntax(
                "the aliases of the body expand to too much",
                place,
            ));
        }
    }
    match documents {
        0 => Err(Malformed::syntax(EMPTY, Place::default())),
        1 => Ok(()),
        _ => Err(Malformed::shape(
            format!("the body is several YAML documents, not one; {MANIFESTS}"),
            Place::default(),
        )),
    }
}

/// What every anchor stands for, by weight, and what aliases have added.
#[derive(Default)]
struct Aliases {
    /// The body so far, with its aliases written out.
    total: usize,
    added: usize,
    anchored: HashMap<usize, usize>,
    /// The collections that are open: anchor, and the total before it.
    open: Vec<(usize, usize)>,
}

impl Aliases {
    fn see(&mut self, event: &Event<'_>) {
        let before = self.total;
        match event {
            Event::Scalar(text, _, anchor, _) => {
                self.total = before.saturating_add(VALUE_WEIGHT + text.len());
                self.name(*anchor, before);
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                self.total = before.saturating_add(VALUE_WEIGHT);
                self.open.push((*anchor, before));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((anchor, before)) = self.open.pop() {
                    self.name(anchor, before);
                }
            }
            Event::Alias(anchor) => {
                // Inside of what it names an alias has no weight yet: such a body is refused when it is read.
                let weight = self.anchored.get(anchor).copied().unwrap_or_default();
                self.total = before.saturating_add(weight);
                self.added = self.added.saturating_add(weight);
            }
            _ => {}
        }
    }

    /// Remembers what an anchor stands for. The parser counts anchors from 1; 0: there is none.
    fn name(&mut self, anchor: usize, before: usize) {
        if anchor != 0 {
            self.anchored.insert(anchor, self.total - before);
        }
    }
}

/// The place behind so many characters of a line.
fn place(bytes: &[u8], line: usize, before: usize) -> Place {
    Place {
        pointer: None,
        line: Some(line),
        column: Some(position::column_of_char(bytes, line, before)),
    }
}
