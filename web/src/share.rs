//! Everything that the page shows ↔ a link. The text is in the fragment, which browsers never send. A link is
//! `#s=1.` and base64url of: length of the rest, checksum of the plain text, raw deflate stream of the JSON.

use ambient_core::decode::Decode;
use base64ct::{Base64UrlUnpadded, Encoding};
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
/// A link is untrusted input: a small one can stand for a huge text.
pub(crate) const MAX_TEXT: usize = 4 << 20;
/// Length and checksum.
const HEADER: usize = 8;

impl Shared {
    /// What is compressed for a link.
    pub(crate) fn plain(&self) -> String {
        worker::encode(self)
    }
}

/// The fragment for a plain text and its raw deflate stream, `#s=1.…`.
pub(crate) fn fragment(plain: &str, deflated: &[u8]) -> String {
    let length = u32::try_from(deflated.len()).unwrap_or(u32::MAX);
    let checksum = crc32(plain.as_bytes());
    let bytes = [&length.to_be_bytes(), &checksum.to_be_bytes(), deflated].concat();
    format!(
        "{PREFIX}{VERSION}.{}",
        Base64UrlUnpadded::encode_string(&bytes)
    )
}

/// What a fragment holds before it is inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Raw deflate stream of the plain text.
    pub(crate) deflated: Vec<u8>,
    checksum: u32,
}

/// Unpacks a fragment; `None`: it is no link of this kind.
pub(crate) fn unpack(fragment: &str) -> Option<Result<Packed, Unreadable>> {
    Some(packed(fragment.strip_prefix(PREFIX)?))
}

fn packed(link: &str) -> Result<Packed, Unreadable> {
    let (version, text) = link.split_once('.').unwrap_or((link, ""));
    if version != VERSION {
        return Err(Unreadable::Version(version.chars().take(12).collect()));
    }
    // A link that was cut may end within a byte: what is whole of it says how much is missing.
    let whole = text.len() - text.len() % 4;
    let mut bytes = Base64UrlUnpadded::decode_vec(text)
        .or_else(|_| Base64UrlUnpadded::decode_vec(text.get(..whole).unwrap_or_default()))
        .map_err(|_| Unreadable::Damaged)?;
    let incomplete = |length: usize| {
        let want = length.saturating_add(HEADER).saturating_mul(4).div_ceil(3);
        let have = text.len();
        match have < want {
            true => Unreadable::Incomplete { have, want },
            false => Unreadable::Damaged,
        }
    };
    let (Some(length), Some(checksum)) = (number(&bytes, 0), number(&bytes, 4)) else {
        // No stream is empty.
        return Err(incomplete(1));
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut deflated = bytes.split_off(HEADER);
    if deflated.len() < length {
        return Err(incomplete(length));
    }
    deflated.truncate(length);
    Ok(Packed { deflated, checksum })
}

impl Packed {
    /// What it says, given what its stream holds, if it is one.
    pub(crate) fn open(&self, plain: Option<&[u8]>) -> Result<Shared, Unreadable> {
        let plain = plain.ok_or(Unreadable::Damaged)?;
        if plain.len() > MAX_TEXT {
            return Err(Unreadable::TooLarge);
        }
        if crc32(plain) != self.checksum {
            return Err(Unreadable::Damaged);
        }
        let plain = std::str::from_utf8(plain).map_err(|_| Unreadable::Damaged)?;
        worker::decode(plain).map_err(|_| Unreadable::Damaged)
    }
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

/// As the browser does it, for tests.
#[cfg(test)]
pub(crate) mod native {
    use super::*;

    pub(crate) fn encode(shared: &Shared) -> String {
        let plain = shared.plain();
        let deflated = miniz_oxide::deflate::compress_to_vec(plain.as_bytes(), 9);
        fragment(&plain, &deflated)
    }

    pub(crate) fn decode(fragment: &str) -> Option<Result<Shared, Unreadable>> {
        let inflate = |stream: &[u8]| miniz_oxide::inflate::decompress_to_vec(stream).ok();
        let open = |packed: Packed| packed.open(inflate(&packed.deflated).as_deref());
        Some(unpack(fragment)?.and_then(open))
    }
}

#[cfg(test)]
mod tests {
    use super::native::{decode, encode};
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
