//! JSON bodies.

use ambient_core::wire::Input;
use serde_path_to_error::Path;

use super::{Fault, Malformed, bare, pointer, position, read};
use crate::problem::Place;

pub(super) fn decode(bytes: &[u8]) -> Result<Input, Malformed> {
    let complaint = |error: &serde_json::Error, path: Option<&Path>| {
        let (line, column) = (error.line(), error.column());
        let message = bare(&error.to_string(), path, line, column);
        let place = Place {
            pointer: path.and_then(pointer),
            line: Some(line),
            // Column 0: the line has just begun.
            column: Some(position::column_of_byte(bytes, line, column.max(1) - 1)),
        };
        if error.is_data() {
            Malformed::shape(message, place)
        } else {
            Malformed::syntax(message, place)
        }
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let input = read(&mut json).map_err(|fault| match fault {
        Fault::Refused(error) => complaint(error.inner(), Some(error.path())),
        Fault::Unread(fields) => Malformed::unread(fields),
    })?;
    json.end().map_err(|error| complaint(&error, None))?;
    Ok(input)
}
