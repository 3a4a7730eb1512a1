//! No test is left out: what is wrong today is asserted as it is, so that the fix changes a line that is read.

use super::Finding;
use super::source::SourceFile;

const MESSAGE: &str = "a test is left out: assert what happens today, and say why";

/// Reports `#[ignore]`, ignored samples in documentation, and browser tests that are skipped or run alone.
pub(super) fn none(source: &SourceFile) -> Vec<Finding> {
    if source.path.ends_with(".rs") {
        let mut findings = source.find(MESSAGE, |index| is_ignored(source, index));
        findings.extend(lines(source, |line| {
            let doc = line.strip_prefix("//").unwrap_or_default();
            let fence = doc.trim_start_matches(['/', '!']).trim_start();
            fence.starts_with("```") && fence.contains("ignore")
        }));
        return findings;
    }
    let is_test = source.path.starts_with("web/tests/");
    lines(source, |line| {
        is_test
            && [".skip(", ".todo(", ".only(", "skip:", "todo:", "only:"]
                .iter()
                .any(|word| line.contains(word))
    })
}

/// `#[ignore…]`, or `#[cfg_attr(…, ignore)]`.
fn is_ignored(source: &SourceFile, index: usize) -> bool {
    if source.is_at(index, &["#", "[", "ignore"]) {
        return true;
    }
    let attribute = source
        .tokens
        .iter()
        .skip(index)
        .take_while(|token| token.text != "]");
    source.is_at(index, &["#", "[", "cfg_attr"])
        && attribute.into_iter().any(|token| token.text == "ignore")
}

fn lines(source: &SourceFile, wrong: impl Fn(&str) -> bool) -> Vec<Finding> {
    let numbered = source.text.lines().zip(1..);
    numbered
        .filter(|(line, _)| wrong(line.trim()))
        .map(|(_, line)| Finding {
            line,
            message: MESSAGE.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_left_out_is_found() {
        let findings = |path: &str, text: &str| none(&SourceFile::parse(path, text).unwrap()).len();
        for text in [
            "#[test]\n#[ignore]\nfn f() {}",
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
            "#[test]\n#[cfg_attr(windows, ignore)]\nfn f() {}",
            "/// ```ignore\n/// f()\n/// ```\nfn f() {}",
        ] {
            assert_eq!(findings("core/src/flow.rs", text), 1, "{text}");
        }
        assert_eq!(
            findings("core/src/flow.rs", "fn f() { ignore(\"#[ignore]\"); }"),
            0
        );
        assert_eq!(
            findings("web/tests/page.test.mjs", "test.skip('a', () => {});"),
            1
        );
        assert_eq!(
            findings(
                "web/tests/page.test.mjs",
                "test('a', { skip: true }, () => {});"
            ),
            1
        );
        assert_eq!(
            findings("web/tests/page.test.mjs", "test('a', () => {});"),
            0
        );
    }
}
