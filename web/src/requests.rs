//! One more sample request in the second text: an edit that leaves everything that is there as it is written.

use ambient_core::decode::json_line;
use ambient_core::wire;
use serde_json::Value;

/// The edit that puts a request behind the last one.
pub(crate) fn append(text: &str, request: &Value) -> wire::Edit {
    let block = ambient_core::yaml(&[Value::Array(vec![request.clone()])]);
    let lines: Vec<&str> = text.lines().collect();
    let key = lines.iter().position(|line| line.starts_with("requests:"));
    let body = key.map_or(0, |key| key + 1);
    // Under `requests:` up to the next key of the mapping; without it, all of the text.
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    let end = match key {
        Some(_) => lines
            .iter()
            .skip(body)
            .position(is_key)
            .map_or(lines.len(), |at| body + at),
        None => lines.len(),
    };
    let is_said = |line: &str| !matches!(line.trim_start().chars().next(), None | Some('#'));
    let section = lines.get(body..end).unwrap_or_default();
    let items = section
        .iter()
        .find(|line| line.trim_start().starts_with("- "));
    let indent = items.map_or(usize::from(key.is_some()) * 2, |line| {
        line.len() - line.trim_start().len()
    });
    let block: String = block
        .lines()
        .map(|line| format!("{:indent$}{line}\n", ""))
        .collect();
    if items.is_none() {
        // A list in brackets, on the line of the key or below.
        let open = key.unwrap_or(0)..end;
        if let Some(edit) = in_brackets(&lines, open, request) {
            return edit;
        }
        if key.is_none() && lines.iter().any(|line| is_said(line)) {
            return behind(&lines, lines.len(), &format!("requests:\n{block}"), is_said);
        }
    }
    behind(&lines, end, &block, is_said)
}

/// Below the last line that says something.
fn behind(lines: &[&str], end: usize, block: &str, is_said: impl Fn(&str) -> bool) -> wire::Edit {
    let said = lines.iter().take(end).rposition(|line| is_said(line));
    // Comments alone stay above.
    let last = said.unwrap_or(end.wrapping_sub(1));
    match lines.get(last) {
        Some(line) => insertion(last, line, &format!("\n{}", block.trim_end_matches('\n'))),
        None => insertion(0, "", block),
    }
}

fn in_brackets(
    lines: &[&str],
    open: std::ops::Range<usize>,
    request: &Value,
) -> Option<wire::Edit> {
    let first = lines.get(open.clone())?.iter().find(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#') && line != "requests:"
    })?;
    first
        .trim_start_matches("requests:")
        .trim_start()
        .starts_with('[')
        .then_some(())?;
    let code = |line: &str| line.split(" #").next().unwrap_or_default().len();
    let open_lines = lines.get(..open.end)?.iter();
    let coded: Vec<&str> = open_lines
        .map(|line| line.get(..code(line)).unwrap_or_default())
        .collect();
    let at = coded.iter().rposition(|line| line.contains(']'))?;
    let (before, _) = coded.get(at)?.rsplit_once(']')?;
    // What stands last before the bracket: its own opening, an entry, or a comma behind one.
    let above = coded.get(open.start..at)?.iter().copied();
    let said = above
        .filter(|line| !line.trim_start().starts_with('#'))
        .chain([before]);
    let last = said
        .filter_map(|line| line.trim_end().chars().last())
        .next_back()?;
    let comma = if matches!(last, '[' | ',') { "" } else { ", " };
    Some(insertion(
        at,
        before,
        &(comma.to_owned() + &json_line(request)),
    ))
}

/// Behind a text that is at the beginning of a line.
fn insertion(line: usize, before: &str, text: &str) -> wire::Edit {
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let (line, column) = (number(line), number(before.encode_utf16().count()));
    wire::Edit {
        file: None,
        range: wire::Range {
            start_line: line,
            start_column: column,
            end_line: line,
            end_column: column,
        },
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, edit: &wire::Edit) -> String {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let line = &mut lines[edit.range.start_line as usize - 1];
        let units: Vec<u16> = line.encode_utf16().collect();
        let (before, after) = units.split_at(edit.range.start_column as usize - 1);
        *line = String::from_utf16_lossy(before) + &edit.text + &String::from_utf16_lossy(after);
        lines.join("\n")
    }

    /// The names that the engine reads.
    fn names(text: &str) -> Vec<String> {
        let evaluation = ambient_core::evaluate(&wire::Input {
            requests: wire::Requests::Text(text.to_owned()),
            ..wire::Input::default()
        });
        let codes = evaluation.diagnostics.iter().map(|it| it.code.as_str());
        assert!(
            codes.clone().all(|code| code == "WP0502"),
            "{text}\n{:?}",
            codes.collect::<Vec<_>>()
        );
        let names = evaluation.results.into_iter();
        names
            .map(|answer| answer.name.unwrap_or_default())
            .collect()
    }

    #[test]
    fn it_comes_last_and_nothing_else_changes() {
        let request = serde_json::json!({
            "name": "new: one", "from": { "outside": true },
            "to": { "service": "a/b", "port": 80 }, "http": { "headers": { "x": "y".repeat(100) } },
        });
        let old = "{ name: old, from: { outside: true }, to: { service: a/b } }";
        for (text, known) in [
            (String::new(), 0),
            ("\n".to_owned(), 0),
            ("# none yet\n".to_owned(), 0),
            (format!("- {old}\n"), 1),
            (format!("- {old}"), 1),
            (format!("  - {old}\n\n# the end\n"), 1),
            (
                format!(
                    "- {old}\n- name: 𝒳\n  from: {{ outside: true }}\n  to: {{ service: a/b }}"
                ),
                2,
            ),
            ("[]".to_owned(), 0),
            (format!("[{old}]\n"), 1),
            (format!("[\n  {old},\n]\n"), 1),
            (format!("requests:\n- {old}\n"), 1),
            (
                format!("requests:\n    - {old}\nsettings:\n  trustDomain: td\n"),
                1,
            ),
            (
                format!("settings: {{ trustDomain: td }}\nrequests:\n  # why\n  - {old}\n"),
                1,
            ),
            ("settings: { trustDomain: td }\n".to_owned(), 0),
            (
                "settings: { trustDomain: td }\nrequests: []\n".to_owned(),
                0,
            ),
            (format!("requests: [{old}] # [sic]\nsettings: {{}}\n"), 1),
            ("requests:\nsettings: {}\n".to_owned(), 0),
        ] {
            let edit = append(&text, &request);
            let after = applied(&text, &edit);
            let names = names(&after);
            assert_eq!(
                (names.len(), names.last().map(String::as_str)),
                (known + 1, Some("new: one")),
                "{after}"
            );
            assert_eq!(after.len(), text.len() + edit.text.len());
        }
    }
}
