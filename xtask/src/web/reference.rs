//! The engine's documents as pages: what each finding means, how finished each kind is, what becomes of each field,
//! where documentation and code differ. Plain HTML with the page's styles and without scripts.

use std::path::Path;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::error::{At, Result};
use crate::paths;

/// The documents that are tables, with their names as pages and in the navigation.
const TABLES: [(&str, &str, &str); 4] = [
    ("core/lints/README.md", "findings.html", "Findings"),
    ("core/FEATURES.md", "features.html", "Features"),
    ("core/FIELDS.md", "fields.html", "Fields"),
    (
        "core/BEHAVIOR.md",
        "behavior.html",
        "Documented and implemented",
    ),
];

/// A page.
struct Page {
    /// Its file.
    name: String,
    text: String,
}

/// Writes all pages into a folder.
pub(super) fn write(folder: &Path) -> Result {
    std::fs::create_dir_all(folder).at(folder)?;
    for page in pages()? {
        let file = folder.join(&page.name);
        std::fs::write(&file, page.text).at(&file)?;
    }
    Ok(())
}

fn pages() -> Result<Vec<Page>> {
    let root = paths::root();
    let tables = TABLES.map(|(source, name, _)| (root.join(source), name.to_owned()));
    let lints = ambient_core::lints().into_iter().map(|lint| {
        let source = root.join("core").join(&lint.document);
        (source, format!("{}.html", lint.code))
    });
    let made = tables.into_iter().chain(lints).map(|(source, name)| {
        let markdown = std::fs::read_to_string(&source).at(&source)?;
        let text = page(&name, &markdown);
        Ok(Page { name, text })
    });
    made.collect()
}

fn page(name: &str, markdown: &str) -> String {
    let code = name.strip_suffix(".html").filter(|name| is_code(name));
    let mut title = code.map(|code| format!("{code} ")).unwrap_or_default();
    title += markdown
        .lines()
        .find_map(|line| line.strip_prefix("# "))
        .unwrap_or(name);
    let navigation: String = TABLES
        .iter()
        .map(|(_, to, title)| match *to == name {
            true => format!("<a href=\"{to}\" aria-current=\"page\">{title}</a>\n"),
            false => format!("<a href=\"{to}\">{title}</a>\n"),
        })
        .collect();
    let label = code
        .map(|code| format!("<p class=\"code\">{code}</p>\n"))
        .unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} — Ambient Playground</title>\n\
         <link rel=\"icon\" href=\"../style/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"../style/page.css\">\n\
         <link rel=\"stylesheet\" href=\"../style/reference.css\">\n</head>\n<body class=\"reference\">\n\
         <nav aria-label=\"Reference\"><a href=\"../\">Ambient Playground</a>\n{navigation}</nav>\n\
         <main>\n{label}{}</main>\n</body>\n</html>\n",
        escape(&title.replace('`', "")),
        body(markdown)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn body(markdown: &str) -> String {
    // Comments say how the document is made, which is nothing to the reader of the page.
    let mut linked = false;
    let mut events = Vec::new();
    let mut heading = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::Table(alignments)) => {
                events.push(Event::Html("<div class=\"table\">".into()));
                events.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>".into()));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                linked = true;
                events.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url: target(&dest_url),
                    title,
                    id,
                }));
            }
            Event::End(TagEnd::Link) => {
                linked = false;
                events.push(Event::End(TagEnd::Link));
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                linked = true;
                events.push(Event::Html(caption(&kind).into()));
                events.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)));
            }
            Event::End(TagEnd::CodeBlock) => {
                linked = false;
                events.push(Event::End(TagEnd::CodeBlock));
            }
            Event::Start(Tag::Heading { .. }) => {
                heading = Some(events.len());
                events.push(event);
            }
            // Sections can be linked to.
            Event::Text(text) if heading.is_some() => {
                if let Some(Event::Start(Tag::Heading { id, .. })) =
                    heading.take().and_then(|at| events.get_mut(at))
                {
                    *id = Some(text.to_lowercase().replace(' ', "-").into());
                }
                events.push(Event::Text(text));
            }
            Event::Text(text) if !linked => with_links(&text, &mut events),
            other => events.push(other),
        }
    }
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    out
}

/// What an example is there for.
fn caption(kind: &CodeBlockKind) -> &'static str {
    let CodeBlockKind::Fenced(info) = kind else {
        return "";
    };
    match info.split_whitespace().nth(1) {
        Some("raises") => "<h2>This raises it</h2>\n",
        Some("clean") => "<h2>This does not</h2>\n",
        Some("requests") => "<h2>The requests</h2>\n",
        _ => "",
    }
}

/// Where a link between documents leads between pages.
fn target<'a>(link: &str) -> CowStr<'a> {
    let file = link.rsplit('/').next().unwrap_or(link);
    let is_it = |source: &str| {
        source
            .strip_suffix(file)
            .is_some_and(|rest| rest.ends_with('/'))
    };
    let table = TABLES.iter().find(|(source, ..)| is_it(source));
    let code = file.split('-').next().filter(|code| is_code(code));
    match (table, code) {
        (Some((_, name, _)), _) => (*name).into(),
        (None, Some(code)) => format!("{code}.html").into(),
        (None, None) => link.to_owned().into(),
    }
}

fn is_code(word: &str) -> bool {
    let digits = word.strip_prefix("WP").unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text in which every code of a finding leads to its page.
fn with_links<'a>(text: &str, events: &mut Vec<Event<'a>>) {
    let mut rest = text;
    let codes = text
        .match_indices("WP")
        .filter_map(|(at, _)| text.get(at..at + 6));
    for code in codes.filter(|code| is_code(code)) {
        let Some((before, after)) = rest.split_once(code) else {
            continue;
        };
        events.push(Event::Text(before.to_owned().into()));
        let link = format!("<a href=\"{code}.html\">{code}</a>");
        events.push(Event::InlineHtml(link.into()));
        rest = after;
    }
    events.push(Event::Text(rest.to_owned().into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_a_page_and_every_link_of_it_leads_to_one() {
        let pages = pages().unwrap();
        assert_eq!(pages.len(), TABLES.len() + ambient_core::lints().len());
        for page in &pages {
            assert!(page.text.contains("<h1"), "{}", page.name);
            for link in page.text.split("href=\"").skip(1) {
                let link = link.split('"').next().unwrap_or_default();
                let leads = link == "../"
                    || link.starts_with("https://")
                    || paths::web().join(link.trim_start_matches("../")).exists()
                    || pages.iter().any(|other| other.name == link);
                assert!(leads, "{}: {link}", page.name);
            }
        }
    }

    #[test]
    fn codes_become_links_and_examples_say_what_they_are_for() {
        let made = body(
            "<!-- made -->\n# A `x` title\n\nSee WP0203 and [it](WP0201-waypoint-missing.md), WPxyzt.\n\n```yaml raises\na: 1 # WP0203\n```\n",
        );
        assert_eq!(
            made,
            "<h1 id=\"a-\">A <code>x</code> title</h1>\n\
             <p>See <a href=\"WP0203.html\">WP0203</a> and <a href=\"WP0201.html\">it</a>, WPxyzt.</p>\n\
             <h2>This raises it</h2>\n<pre><code>a: 1 # WP0203\n</code></pre>\n"
        );
    }
}
