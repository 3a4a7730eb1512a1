//! Content negotiation: which of the things on offer a header such as `Accept: a;q=0.5, b` likes best.

use axum::http::{HeaderMap, HeaderName};

/// How much the header likes one thing, from 0 (refused) to 1000; `None`: it does not name it.
/// `matches` says whether an element of the header stands for the thing, and how exactly; the most exact
/// element counts.
pub(crate) fn quality(
    headers: &HeaderMap,
    name: &HeaderName,
    matches: impl Fn(&str) -> Option<u8>,
) -> Option<u16> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let exactness = matches(&parts.next()?.to_ascii_lowercase())?;
            let weight = parts
                .filter_map(|part| part.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case("q"))
                .map_or(1000, |(_, value)| weight(value));
            Some((exactness, weight))
        })
        .max()
        .map(|(_, weight)| weight)
}

/// A `q` in thousandths. What is no number counts as 0, as a refusal.
fn weight(text: &str) -> u16 {
    let q: f32 = text.trim().parse().unwrap_or(0.0);
    // `as` saturates, and turns NaN into 0.
    (q.clamp(0.0, 1.0) * 1000.0).round() as u16
}
