//! One endpoint as one value: its route, and what the OpenAPI document says about it. [`crate::api`] lists them once, and
//! router and document are both made of that list, so that neither can have what the other lacks.

use ambient_core::wire::Input;
use axum::{
    Router,
    handler::Handler,
    routing::{self, MethodRouter},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{Service, problem::Kind};

/// How a schema is asked for before it is known which document it goes into.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The two methods that the service knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// A request that the document shows. The answer beside it is the service's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// The key in the document, in kebab case.
    pub(crate) name: &'static str,
    /// What it shows, as one plain sentence.
    pub(crate) summary: &'static str,
    /// Behind the path: parameters of the URL, or nothing.
    pub(crate) query: &'static str,
    /// YAML; of a GET nothing.
    pub(crate) body: &'static str,
}

/// A parameter in the path, `{slug}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathParameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) example: &'static str,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    route: MethodRouter<Service>,
    /// A few words.
    pub(crate) summary: &'static str,
    /// What the summary leaves out; Markdown.
    pub(crate) description: &'static str,
    pub(crate) in_path: Option<PathParameter>,
    /// Parameters of the URL, as the schema of an object.
    pub(crate) query: Option<SchemaOf>,
    /// The body that it reads.
    pub(crate) question: Option<SchemaOf>,
    /// What it answers, as JSON or YAML; `None`: only [`Self::texts`].
    pub(crate) answer: Option<SchemaOf>,
    /// Media types of answers that are text, by example or name.
    pub(crate) texts: &'static [&'static str],
    /// What may go wrong beside what may go wrong everywhere.
    pub(crate) problems: &'static [Kind],
    pub(crate) examples: Vec<Example>,
}

/// What may go wrong with a body and its evaluation.
const QUESTION_PROBLEMS: &[Kind] = &[
    Kind::MalformedBody,
    Kind::BadRequest,
    Kind::BodyTimeout,
    Kind::BodyTooLarge,
    Kind::UnsupportedMediaType,
    Kind::InvalidBody,
    Kind::Busy,
    Kind::EvaluationTimeout,
];

impl Endpoint {
    /// A question about manifests: they come as a body.
    pub(crate) fn post<H: Handler<T, Service>, T: 'static>(path: &'static str, handle: H) -> Self {
        Self {
            question: Some(schema::<Input>),
            problems: QUESTION_PROBLEMS,
            ..Self::new(Method::Post, path, routing::post(handle))
        }
    }

    /// A question without a body.
    pub(crate) fn get<H: Handler<T, Service>, T: 'static>(path: &'static str, handle: H) -> Self {
        Self::new(Method::Get, path, routing::get(handle))
    }

    fn new(method: Method, path: &'static str, route: MethodRouter<Service>) -> Self {
        Self {
            method,
            path,
            route,
            summary: "",
            description: "",
            in_path: None,
            query: None,
            question: None,
            answer: None,
            texts: &[],
            problems: &[],
            examples: Vec::new(),
        }
    }

    /// What it is for.
    pub(crate) fn about(mut self, summary: &'static str, description: &'static str) -> Self {
        self.summary = summary;
        self.description = description;
        self
    }

    /// What it answers.
    pub(crate) fn answers<T: JsonSchema>(mut self) -> Self {
        self.answer = Some(schema::<T>);
        self
    }

    /// Answers that are text, by media type.
    pub(crate) fn texts(mut self, media_types: &'static [&'static str]) -> Self {
        self.texts = media_types;
        self
    }

    /// The parameters of its URL.
    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    /// The parameter in its path.
    pub(crate) fn in_path(mut self, parameter: PathParameter) -> Self {
        self.in_path = Some(parameter);
        self
    }

    /// What may go wrong.
    pub(crate) fn problems(mut self, problems: &'static [Kind]) -> Self {
        self.problems = problems;
        self
    }

    /// A request that the document shows with its answer.
    pub(crate) fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }

    /// Its route.
    pub(crate) fn route(self) -> Router<Service> {
        Router::new().route(self.path, self.route)
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
