//! What is said of a field that Gateway API does not have, or has with another meaning.

use crate::decode::{FieldPath, Segment};
use crate::model::Model;
use crate::resource::ObjectIndex;
use crate::route::{Root, VirtualServiceRule};
use crate::source::{Diagnostics, Lint, Origin, lint};

lint!(pub(crate) NOT_EXPRESSIBLE = "WP0601", "not-expressible", Error);
lint!(pub(crate) MEANS_LESS = "WP0602", "expressed-differently", Warning);

/// What a migration notes.
pub(crate) static LINTS: &[&Lint] = &[&NOT_EXPRESSIBLE, &MEANS_LESS];

/// Notes about one object, or one rule of it.
pub(super) struct Notes<'a> {
    pub(super) model: &'a Model,
    pub(super) out: &'a mut Diagnostics,
    object: ObjectIndex,
    path: FieldPath,
    root: Option<&'a Root>,
}

impl<'a> Notes<'a> {
    /// About what stands below a path of an object.
    pub(super) fn of(
        model: &'a Model,
        out: &'a mut Diagnostics,
        object: ObjectIndex,
        path: FieldPath,
    ) -> Self {
        Self {
            model,
            out,
            object,
            path,
            root: None,
        }
    }

    /// About a rule for HTTP.
    pub(super) fn of_rule(
        model: &'a Model,
        out: &'a mut Diagnostics,
        rule: &'a VirtualServiceRule,
    ) -> Self {
        Self {
            root: rule.root.as_ref(),
            ..Self::of(model, out, rule.object, rule_path(rule.index))
        }
    }

    /// A field that has no counterpart.
    pub(super) fn lost(&mut self, field: &str, message: impl Into<String>, help: &str) {
        self.add(&NOT_EXPRESSIBLE, field, message.into(), help);
    }

    /// A field whose counterpart does something else in some cases.
    pub(super) fn differs(&mut self, field: &str, message: impl Into<String>, help: &str) {
        self.add(&MEANS_LESS, field, message.into(), help);
    }

    fn add(&mut self, lint: &'static Lint, field: &str, message: String, help: &str) {
        let (index, path) = self.place(&FieldPath::parse(field));
        let Some(object) = self.model.mesh.object(index) else {
            return;
        };
        let origin = Origin {
            document: object.document,
            path,
        };
        self.out
            .report(lint, origin, message)
            .resource(&object.id)
            .help(help);
    }

    /// Where a field of a rule stands. A delegate's rule may have it from the rule that delegates: the field, or the
    /// match that it is of.
    fn place(&self, field: &FieldPath) -> (ObjectIndex, FieldPath) {
        let Some(root) = self.root else {
            return (self.object, self.path.clone().join(field));
        };
        let place = match field.segments() {
            [Segment::Key(key), Segment::Index(index), ..] if key == "match" => {
                root.matches.get(*index).copied()
            }
            _ => None,
        };
        let written = |index: Option<usize>, path: FieldPath| {
            // A match that only the other one has.
            if place.is_some() && index.is_none() {
                return None;
            }
            let field = field.segments().iter().enumerate();
            let field = field.map(|(step, segment)| match index.filter(|_| step == 1) {
                Some(index) => Segment::Index(index),
                None => segment.clone(),
            });
            Some(path.join(&field.collect()))
        };
        let own = written(place.and_then(|place| place.own), self.path.clone());
        let own = own.map(|path| (self.object, path));
        let of_root = written(place.and_then(|place| place.root), rule_path(root.index));
        let of_root = of_root.map(|path| (root.object, path));
        let is_there = |(object, path): &(ObjectIndex, FieldPath)| {
            let document = self.model.mesh.object(*object).map(|found| found.document);
            let node = document.and_then(|document| self.model.documents.node(document));
            node.is_some_and(|node| node.at(path).is_some())
        };
        let known = own.iter().chain(&of_root).find(|place| is_there(place));
        known
            .cloned()
            .or(own)
            .or(of_root)
            .unwrap_or_else(|| (self.object, self.path.clone()))
    }
}

fn rule_path(index: usize) -> FieldPath {
    FieldPath::new().key("spec").key("http").index(index)
}
