//! The schemas of bodies and answers, from the types themselves: their doc comments are the descriptions.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::endpoint::SchemaOf;

/// Two generators, as a type may be looser where it is read than where it is written: a field with a default may be
/// absent from a body, and is in every answer.
pub(super) struct Schemas {
    questions: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            questions: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// The schema of something that is read.
    pub(super) fn of_question(&mut self, schema: SchemaOf) -> Schema {
        schema(&mut self.questions)
    }

    /// The schema of something that is written.
    pub(super) fn of_answer(&mut self, schema: SchemaOf) -> Schema {
        schema(&mut self.answers)
    }

    /// All schemas that the others refer to. What is read also describes what is written, not the other way round.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut schemas = self.answers.take_definitions(true);
        schemas.extend(self.questions.take_definitions(true));
        schemas
    }
}
