//! Columns as editors count them: from 1, in UTF-16 code units. Parsers count bytes or characters, from 0 or 1.

/// The column behind the first `before` bytes of a line; lines count from 1.
pub(super) fn column_of_byte(bytes: &[u8], line: usize, before: usize) -> usize {
    let line = line_of(bytes, line);
    let before = line.get(..before).unwrap_or(line);
    1 + String::from_utf8_lossy(before).encode_utf16().count()
}

/// The column behind the first `before` characters of a line; lines count from 1.
pub(super) fn column_of_char(bytes: &[u8], line: usize, before: usize) -> usize {
    let line = String::from_utf8_lossy(line_of(bytes, line));
    1 + line
        .chars()
        .take(before)
        .map(char::len_utf16)
        .sum::<usize>()
}

fn line_of(bytes: &[u8], number: usize) -> &[u8] {
    bytes
        .split(|byte| *byte == b'\n')
        .nth(number.saturating_sub(1))
        .unwrap_or_default()
}
