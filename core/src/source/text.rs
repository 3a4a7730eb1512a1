//! Positions in a text: lines, and columns in characters (as the parser counts) or UTF-16 units (as editors do).

use std::ops::Range;

use crate::decode::{Position, Span};
use crate::wire;

/// A text that knows its lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    text: String,
    /// Byte offsets at which lines begin.
    lines: Vec<usize>,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(offset, _)| offset + 1))
            .collect();
        Self {
            text: text.to_owned(),
            lines,
        }
    }

    /// How many lines there are; at least one.
    pub(super) fn line_count(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// A line without its end.
    pub(super) fn line(&self, line: u32) -> &str {
        self.lines(line..line.saturating_add(1))
            .trim_end_matches(['\n', '\r'])
    }

    /// Some lines with their ends; none of those that are not there.
    pub(super) fn lines(&self, lines: Range<u32>) -> &str {
        let start = |line: u32| {
            let start = self.lines.get(usize::try_from(line).ok()?);
            Some(start.copied().unwrap_or(self.text.len()))
        };
        let range = start(lines.start).zip(start(lines.end));
        range
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or_default()
    }

    /// The contract's form of a span, within the text whatever the span says.
    pub(super) fn range(&self, span: Span) -> wire::Range {
        let (start_line, start_column) = self.utf16(span.start);
        let (end_line, end_column) = self.utf16(span.end.max(span.start));
        wire::Range {
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }

    /// A span cut down to its first line: what a marker can underline without covering a whole block.
    pub(super) fn first_line(&self, span: Span) -> Span {
        if span.start.line == span.end.line {
            return span;
        }
        let width = u32::try_from(self.line(span.start.line).trim_end().chars().count())
            .unwrap_or(u32::MAX);
        Span {
            start: span.start,
            end: Position {
                line: span.start.line,
                column: width.max(span.start.column),
            },
        }
    }

    fn utf16(&self, position: Position) -> (u32, u32) {
        let last = self.line_count().saturating_sub(1);
        let (line, column) = if position.line > last {
            (last, u32::MAX)
        } else {
            (position.line, position.column)
        };
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let units: usize = self
            .line(line)
            .chars()
            .take(column)
            .map(char::len_utf16)
            .sum();
        (
            line + 1,
            u32::try_from(units).unwrap_or(u32::MAX).saturating_add(1),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn columns_count_utf16_units_from_one() {
        let text = Text::new("a: 😀b\r\nc: é");
        for (at, expected) in [
            (position(0, 0), (1, 1)),
            (position(0, 3), (1, 4)),
            (position(0, 4), (1, 6)),
            (position(0, 99), (1, 7)),
            (position(1, 4), (2, 5)),
            (position(9, 0), (2, 5)),
        ] {
            assert_eq!(text.utf16(at), expected, "{at:?}");
        }
    }
}
