//! Everything that the page shows ↔ a link. The text is in the fragment, which browsers never send. A link is
//! `#s=1.` and base64url of: length of the rest, checksum of the plain text, raw deflate stream of the JSON.

use ambient_core::decode::Decode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::Serialize;

use crate::worker;

/// What a link carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Shared {
    /// The text of the first tab.
    pub(crate) manifests: String,
    /// The text of the second tab.
    pub(crate) requests: String,
    /// The requests whose explanation is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) open: Vec<usize>,
    /// The selected node of the graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<String>,
    /// Whether the second tab is in front.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) requests_tab: bool,
    /// Whether the answers are those of Istio's documentation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) documented: bool,
}

/// Why a link cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is of a version that this page does not know.
    Version(String),
    /// Its end is missing.
    Incomplete {
        /// Characters that are there.
        have: usize,
        /// Characters that there were.
        want: usize,
    },
    /// It has been changed on its way.
    Damaged,
    /// It holds more than a link may.
    TooLarge,
}

impl Unreadable {
    /// One sentence for the reader.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Version(version) => {
                format!(
                    "This link is of format `{version}`, which this page does not know. A newer version of the playground made it."
                )
            }
            Self::Incomplete { have, want } => {
                format!(
                    "This link is incomplete: {have} of {want} characters are there. Some program on its way cut it; ask for it again, or for a file."
                )
            }
            Self::Damaged => {
                "This link is damaged: its checksum does not fit its content. Ask for it again."
                    .to_owned()
            }
            Self::TooLarge => {
                "This link holds more than 4 MiB of text, which no link made here does.".to_owned()
            }
        }
    }
}

const PREFIX: &str = "#s=";
/// The codec and version that this page writes.
const VERSION: &str = "1";
const LEVEL: u8 = 9;
/// A link is untrusted input: a small one can stand for a huge text.
const MAX_TEXT: usize = 4 << 20;
/// Length and checksum.
const HEADER: usize = 8;

/// The fragment for what is shown, `#s=1.…`.
pub(crate) fn encode(shared: &Shared) -> String {
    let json = worker::encode(shared).into_bytes();
    let deflated = compress_to_vec(&json, LEVEL);
    let mut bytes = Vec::with_capacity(HEADER + deflated.len());
    bytes.extend_from_slice(
        &u32::try_from(deflated.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    bytes.extend_from_slice(&crc32(&json).to_be_bytes());
    bytes.extend_from_slice(&deflated);
    format!("{PREFIX}{VERSION}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a fragment; `None`: it is no link of this kind.
pub(crate) fn decode(fragment: &str) -> Option<Result<Shared, Unreadable>> {
    Some(read(fragment.strip_prefix(PREFIX)?))
}

fn read(link: &str) -> Result<Shared, Unreadable> {
    let (version, text) = link.split_once('.').unwrap_or((link, ""));
    if version != VERSION {
        return Err(Unreadable::Version(version.chars().take(12).collect()));
    }
    // Of a link that was cut the last character may stand alone, which base64 has not.
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    let bytes = URL_SAFE_NO_PAD
        .decode(text.get(..whole).unwrap_or_default())
        .or_else(|_| lenient(text))
        .map_err(|_| Unreadable::Damaged)?;
    let (Some(length), Some(checksum), Some(deflated)) =
        (number(&bytes, 0), number(&bytes, 4), bytes.get(HEADER..))
    else {
        return Err(Unreadable::Incomplete {
            have: text.len(),
            want: HEADER * 4 / 3,
        });
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if deflated.len() < length {
        let want = length.saturating_add(HEADER).saturating_mul(4).div_ceil(3);
        return Err(Unreadable::Incomplete {
            have: text.len(),
            want,
        });
    }
    let json =
        decompress_to_vec_with_limit(deflated, MAX_TEXT).map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => Unreadable::TooLarge,
            _ => Unreadable::Damaged,
        })?;
    if crc32(&json) != checksum {
        return Err(Unreadable::Damaged);
    }
    let json = std::str::from_utf8(&json).map_err(|_| Unreadable::Damaged)?;
    let json: serde_json::Value = serde_json::from_str(json).map_err(|_| Unreadable::Damaged)?;
    ambient_core::decode::from_json(&json).map_err(|_| Unreadable::Damaged)
}

/// Bits behind the last whole byte are no damage: a cut link has them.
fn lenient(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    use base64::alphabet::URL_SAFE;
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    GeneralPurpose::new(&URL_SAFE, config).decode(text.get(..whole).unwrap_or_default())
}

/// CRC-32 as gzip has it, bit by bit: a table of it would be a fortieth of the page.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    let add = |crc: u32, &byte: &u8| (0..8).fold(crc ^ u32::from(byte), shift);
    !bytes.iter().fold(!0, add)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Shared {
        Shared {
            manifests: "kind: Namespace # 😀\n".repeat(20),
            requests: "- name: a\n".to_owned(),
            open: vec![1],
            node: Some("Namespace//shop".to_owned()),
            requests_tab: true,
            documented: true,
        }
    }

    #[test]
    fn a_link_says_what_was_shared() {
        assert_eq!(decode(&encode(&shared())), Some(Ok(shared())));
        assert_eq!(
            decode(&encode(&Shared::default())),
            Some(Ok(Shared::default()))
        );
        assert_eq!(decode("#example/bookinfo"), None);
        assert_eq!(decode(""), None);
    }

    /// Links that were once given away keep opening.
    #[test]
    fn a_link_of_the_first_version_opens() {
        let link = "#s=1.AAAALgZowRarVspNzMtMSy0uKVayUsrOzEuxUvBLzE0tLkhMTo3JU9JRKkotLIVKR8cCRWoB";
        let expected = Shared {
            manifests: "kind: Namespace\n".to_owned(),
            requests: "[]\n".to_owned(),
            ..Shared::default()
        };
        assert_eq!(decode(link), Some(Ok(expected)));
    }

    #[test]
    fn the_checksum_is_the_one_of_gzip() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_link_that_was_cut_or_changed_says_so() {
        let link = encode(&shared());
        for end in PREFIX.len() + VERSION.len() + 1..link.len() {
            let cut = decode(link.get(..end).unwrap_or_default());
            assert!(
                matches!(cut, Some(Err(Unreadable::Incomplete { .. }))),
                "{end} of {}: {cut:?}",
                link.len()
            );
        }
        for (place, old) in link
            .char_indices()
            .skip(PREFIX.len() + VERSION.len() + 1 + 6)
        {
            let new = if old == 'A' { "B" } else { "A" };
            let mut changed = link.clone();
            changed.replace_range(place..=place, new);
            assert_ne!(decode(&changed), Some(Ok(Shared::default())));
            assert!(matches!(decode(&changed), Some(Err(_)) | Some(Ok(_))));
            if let Some(Ok(opened)) = decode(&changed) {
                assert_eq!(opened, shared(), "a changed link opens as something else");
            }
        }
        assert_eq!(
            decode("#s=2.AAAA"),
            Some(Err(Unreadable::Version("2".to_owned())))
        );
        assert_eq!(decode("#s="), Some(Err(Unreadable::Version(String::new()))));
    }

    #[test]
    fn a_link_that_holds_too_much_is_refused() {
        let huge = Shared {
            manifests: "x".repeat(MAX_TEXT),
            ..Shared::default()
        };
        assert_eq!(decode(&encode(&huge)), Some(Err(Unreadable::TooLarge)));
    }
}
