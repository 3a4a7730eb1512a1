//! The parser's events → one tree of values with spans. Depth and aliases are limited: the parser itself limits
//! neither nested blocks nor what aliases expand to.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::scalar;
use crate::decode::{Entry, Node, Position, Span, Value};
use crate::sorted;

/// How deep values may nest. Kubernetes' own objects stay far below.
const MAX_DEPTH: usize = 100;
/// How many values aliases of one document may add.
const MAX_ALIASED: usize = 100_000;
/// So many keys of one mapping are compared each with all others.
const FEW: usize = 32;
/// How many keys are remembered.
const MAX_NAMES: usize = 1024;

/// Why a document cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) kind: BrokenKind,
    pub(super) at: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BrokenKind {
    /// It is not YAML; in the parser's words.
    Syntax(String),
    /// It nests too deep.
    TooDeep,
    /// Its aliases expand to too much.
    TooManyAliases,
}

/// A key that a mapping has twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) key: Arc<str>,
    pub(super) first: Span,
    pub(super) second: Span,
}

/// One document's value, if it has any, and the keys that it repeats.
pub(super) type Read = (Option<Node>, Vec<Duplicate>);

/// The keys of mappings that were read before, in order.
#[derive(Default)]
pub(super) struct Names(Vec<Arc<str>>);

impl Names {
    /// A key, which all mappings that have it share.
    fn share(&mut self, name: &str) -> Arc<str> {
        match self.0.binary_search_by(|known| (**known).cmp(name)) {
            Ok(place) => self.0.get(place).map_or_else(|| name.into(), Arc::clone),
            Err(place) => {
                let shared: Arc<str> = name.into();
                if self.0.len() < MAX_NAMES {
                    self.0.insert(place, Arc::clone(&shared));
                }
                shared
            }
        }
    }
}

/// Reads one document, whose first line is line `line` of its file.
pub(super) fn read(text: &str, line: u32, names: &mut Names) -> Result<Read, Broken> {
    let mut builder = Builder {
        line,
        names,
        root: None,
        open: Vec::new(),
        items: Vec::new(),
        entries: Vec::new(),
        anchors: sorted::Map::new(),
        aliased: 0,
        duplicates: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Broken {
            kind: BrokenKind::Syntax(error.info().to_owned()),
            at: builder.position(error.marker()),
        })?;
        let span = Span {
            start: builder.position(&span.start),
            end: builder.position(&span.end),
        };
        builder.event(event, span)?;
    }
    Ok((builder.root, builder.duplicates))
}

struct Builder<'n> {
    line: u32,
    names: &'n mut Names,
    root: Option<Node>,
    open: Vec<Open>,
    /// The items of all open lists, and the entries of all open mappings: what is closed takes its own from the end.
    items: Vec<Node>,
    entries: Vec<Entry>,
    anchors: sorted::Map<usize, Node>,
    aliased: usize,
    duplicates: Vec<Duplicate>,
}

/// A list or mapping that is not closed yet.
struct Open {
    start: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    /// The place of the first item.
    List(usize),
    /// The place of the first entry, and the key that waits for its value.
    Map(usize, Option<(Arc<str>, Span)>),
}

impl Builder<'_> {
    fn position(&self, marker: &saphyr_parser::Marker) -> Position {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position {
            line: number(marker.line().saturating_sub(1)).saturating_add(self.line),
            column: number(marker.col()),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Broken> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_string = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                // A key is a string, whatever it looks like.
                if let Some(Open {
                    content: Content::Map(_, key @ None),
                    ..
                }) = self.open.last_mut()
                {
                    *key = Some((self.names.share(&text), span));
                    return Ok(());
                }
                let value = if is_string {
                    Value::String(text.as_ref().into())
                } else {
                    scalar::resolve(&text)
                };
                self.add(Node { span, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(Content::List(self.items.len()), anchor, span)
            }
            Event::MappingStart(anchor, _) => {
                self.open(Content::Map(self.entries.len(), None), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), Broken> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Broken {
                kind: BrokenKind::TooDeep,
                at: span.start,
            });
        }
        self.not_a_key(span)?;
        self.open.push(Open {
            start: span.start,
            anchor,
            content,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Broken> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(first) => Value::List(self.items.drain(first..).collect()),
            Content::Map(first, _) => {
                let entries: Vec<Entry> = self.entries.drain(first..).collect();
                let entries = self.without_duplicates(entries);
                Value::Map(merged(entries).into())
            }
        };
        self.add(
            Node {
                span: Span {
                    start: open.start,
                    end: span.end,
                },
                value,
            },
            open.anchor,
        )
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Broken> {
        if let Some(Open {
            content: Content::Map(_, key @ None),
            ..
        }) = self.open.last_mut()
        {
            let text = self.anchors.get(&anchor).and_then(|node| node.as_str());
            *key = Some((self.names.share(text.unwrap_or_default()), span));
            return Ok(());
        }
        let Some(node) = self.anchors.get(&anchor) else {
            let message = "an alias stands inside the value that it names".to_owned();
            return Err(Broken {
                kind: BrokenKind::Syntax(message),
                at: span.start,
            });
        };
        let (count, depth) = size(node);
        self.aliased = self.aliased.saturating_add(count);
        if self.aliased > MAX_ALIASED {
            return Err(Broken {
                kind: BrokenKind::TooManyAliases,
                at: span.start,
            });
        }
        if self.open.len().saturating_add(depth) > MAX_DEPTH {
            return Err(Broken {
                kind: BrokenKind::TooDeep,
                at: span.start,
            });
        }
        let node = Node {
            span,
            value: node.value.clone(),
        };
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Broken> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open {
                content: Content::List(_),
                ..
            }) => self.items.push(node),
            Some(Open {
                content: Content::Map(_, key),
                ..
            }) => {
                let Some((key, key_span)) = key.take() else {
                    return Ok(());
                };
                self.entries.push(Entry {
                    key,
                    key_span,
                    value: node,
                });
            }
        }
        Ok(())
    }

    fn not_a_key(&self, span: Span) -> Result<(), Broken> {
        match self.open.last() {
            Some(Open {
                content: Content::Map(_, None),
                ..
            }) => {
                let message = "a key is a list or a mapping, which Kubernetes has not".to_owned();
                Err(Broken {
                    kind: BrokenKind::Syntax(message),
                    at: span.start,
                })
            }
            _ => Ok(()),
        }
    }

    /// Of duplicate keys the last counts, as for the readers of Kubernetes; the earlier ones are reported.
    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        if entries.len() <= FEW && are_distinct(&entries) {
            return entries;
        }
        // The span of the first of a key, and the index of the last so far.
        let mut seen: sorted::Map<&str, (Span, usize)> = sorted::Map::new();
        let mut replaced = sorted::Set::new();
        // A merge key may stand more than once.
        let keys = entries.iter().enumerate();
        for (index, entry) in keys.filter(|(_, entry)| !is_merge(entry)) {
            let (first, last) = seen.entry(&entry.key).or_insert((entry.key_span, index));
            let earlier = std::mem::replace(last, index);
            if earlier != index {
                replaced.insert(earlier);
                self.duplicates.push(Duplicate {
                    key: Arc::clone(&entry.key),
                    first: *first,
                    second: entry.key_span,
                });
            }
        }
        let kept = |index: &usize| !replaced.contains(index);
        let entries = entries.into_iter().enumerate();
        entries
            .filter(|(index, _)| kept(index))
            .map(|(_, entry)| entry)
            .collect()
    }
}

/// Entries with `<<` replaced by what it merges; what stands in the mapping itself wins.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut present: sorted::Set<Arc<str>> = own.iter().map(|one| Arc::clone(&one.key)).collect();
    for merge in merges {
        let sources = match merge.value.value {
            Value::List(items) => items,
            _ => Box::new([merge.value]),
        };
        for source in sources {
            let Value::Map(merged) = source.value else {
                continue;
            };
            own.extend(
                merged
                    .into_iter()
                    .filter(|entry| present.insert(Arc::clone(&entry.key))),
            );
        }
    }
    own
}

/// Whether no key of some entries stands twice.
fn are_distinct(entries: &[Entry]) -> bool {
    let mut before = entries;
    while let [rest @ .., last] = before {
        if rest.iter().any(|entry| entry.key == last.key) {
            return false;
        }
        before = rest;
    }
    true
}

fn is_merge(entry: &Entry) -> bool {
    &*entry.key == "<<"
}

/// How many values a value holds, itself included, and how deep they nest. The depth of what is measured is limited
/// already.
fn size(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.value {
        Value::List(items) => items.iter().map(size).collect(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).collect(),
        _ => return (1, 0),
    };
    let count = children.iter().map(|(count, _)| count).sum::<usize>();
    (
        count + 1,
        children
            .iter()
            .map(|(_, depth)| depth)
            .max()
            .copied()
            .unwrap_or_default()
            + 1,
    )
}
