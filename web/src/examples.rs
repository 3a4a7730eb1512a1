//! The stories of the Examples menu: the files of `examples/`, taken apart as text, so that comments survive.

/// One story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    /// Its permanent name in links, `#example/<id>`.
    pub(crate) id: &'static str,
    /// Its title.
    pub(crate) title: String,
    /// What to notice.
    pub(crate) notice: String,
    /// The text of the first tab.
    pub(crate) manifests: String,
    /// The text of the second tab.
    pub(crate) requests: String,
}

macro_rules! files {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!("../../examples/", $id, ".yaml")))),*]
    };
}

/// The files, in the order of the menu; the first is what a visitor sees.
const FILES: &[(&str, &str)] = files![
    "bookinfo",
    "ztunnel-fail-safe",
    "plaintext",
    "ingress",
    "virtual-service",
    "tokens",
];

/// All stories.
pub(crate) fn all() -> Vec<Example> {
    FILES.iter().map(|(id, text)| parse(id, text)).collect()
}

/// The story of an id.
pub(crate) fn find(id: &str) -> Option<Example> {
    FILES
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(id, text)| parse(id, text))
}

fn parse(id: &'static str, text: &str) -> Example {
    let line = |key: &str| section(text, key).trim().to_owned();
    let settings = section(text, "settings");
    let requests = dedent(section(text, "requests"));
    Example {
        id,
        title: line("title"),
        notice: line("notice"),
        manifests: dedent(section(text, "manifests")),
        // Settings travel with the requests: the second tab takes a mapping of both.
        requests: if settings.is_empty() {
            requests
        } else {
            format!("settings:{settings}requests:{}", section(text, "requests"))
        },
    }
}

/// What stands under a key at the beginning of a line, up to the next such key.
fn section<'a>(text: &'a str, key: &str) -> &'a str {
    let mut offset = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let is_key = line.starts_with(|first: char| first.is_ascii_alphabetic());
        match start {
            Some(start) if is_key => return text.get(start..offset).unwrap_or_default(),
            None if line
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(':')) =>
            {
                start = Some(offset + key.len() + 1);
            }
            _ => {}
        }
        offset += line.len();
    }
    start
        .and_then(|start| text.get(start..))
        .unwrap_or_default()
}

/// A block without its first line (`|` or nothing) and without its indentation.
fn dedent(block: &str) -> String {
    let lines = block.split_inclusive('\n').skip(1);
    lines
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use ambient_core::wire;

    use super::*;

    #[test]
    fn every_story_is_whole_and_comes_true() {
        for example in all() {
            assert!(
                !example.title.is_empty() && example.notice.ends_with('.'),
                "{}",
                example.id
            );
            let input = wire::Input {
                manifests: wire::Manifests::Text(example.manifests.clone()),
                requests: wire::Requests::Text(example.requests.clone()),
                ..wire::Input::default()
            };
            let evaluation = ambient_core::evaluate(&input);
            assert!(!evaluation.results.is_empty(), "{}", example.id);
            for answer in evaluation.results {
                assert!(
                    answer.expected.is_some_and(|expected| expected.met),
                    "{}: {:?}",
                    example.id,
                    answer.name
                );
            }
        }
    }

    #[test]
    fn comments_survive_and_settings_stay_with_the_requests() {
        let text = "# why\ntitle: T\nnotice: N.\nmanifests: |\n  # kept\n  a: 1\nsettings:\n  trustDomain: td\nrequests:\n  # too\n  - name: x\n";
        let example = parse("x", text);
        assert_eq!(example.title, "T");
        assert_eq!(example.manifests, "# kept\na: 1\n");
        assert_eq!(
            example.requests,
            "settings:\n  trustDomain: td\nrequests:\n  # too\n  - name: x\n"
        );
        let plain = parse("x", "title: T\nrequests:\n  # too\n  - name: x\n");
        assert_eq!(plain.requests, "# too\n- name: x\n");
    }
}
