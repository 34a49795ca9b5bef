//! What Meta takes of media: the types, and how large each may be. A file is looked at before it goes out.
//!
//! Meta's table: developers.facebook.com, "Supported media types" of the Cloud API's page on media.

use crate::words::words;

const KB: usize = 1 << 10;
const MB: usize = 1 << 20;

/// The largest file of any type.
pub const MOST_BYTES: usize = 100 * MB;

/// Bytes of a sticker that does not move.
const STILL_STICKER: usize = 100 * KB;

words! {
    /// What a medium is in a message.
    pub enum Kind: "kind of media" {
        Image = "image",
        Video = "video",
        Audio = "audio",
        Document = "document",
        Sticker = "sticker",
    }
}

/// A type that Meta takes: how it is called, what it is in a message, the most bytes, how its files end.
struct Type(&'static str, Kind, usize, &'static [&'static str]);

const TYPES: [Type; 20] = [
    Type("image/jpeg", Kind::Image, 5 * MB, &["jpg", "jpeg"]),
    Type("image/png", Kind::Image, 5 * MB, &["png"]),
    Type("image/webp", Kind::Sticker, 500 * KB, &["webp"]),
    Type("video/mp4", Kind::Video, 16 * MB, &["mp4"]),
    Type("video/3gpp", Kind::Video, 16 * MB, &["3gp", "3gpp"]),
    Type("audio/aac", Kind::Audio, 16 * MB, &["aac"]),
    Type("audio/amr", Kind::Audio, 16 * MB, &["amr"]),
    Type("audio/mpeg", Kind::Audio, 16 * MB, &["mp3"]),
    Type("audio/mp4", Kind::Audio, 16 * MB, &["m4a"]),
    Type("audio/ogg", Kind::Audio, 16 * MB, &["ogg", "opus"]),
    Type("audio/opus", Kind::Audio, 16 * MB, &[]),
    Type("text/plain", Kind::Document, MOST_BYTES, &["txt"]),
    Type("application/pdf", Kind::Document, MOST_BYTES, &["pdf"]),
    Type("application/msword", Kind::Document, MOST_BYTES, &["doc"]),
    Type(
        "application/vnd.ms-excel",
        Kind::Document,
        MOST_BYTES,
        &["xls"],
    ),
    Type(
        "application/vnd.ms-powerpoint",
        Kind::Document,
        MOST_BYTES,
        &["ppt"],
    ),
    Type(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Kind::Document,
        MOST_BYTES,
        &["docx"],
    ),
    Type(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Kind::Document,
        MOST_BYTES,
        &["xlsx"],
    ),
    Type(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Kind::Document,
        MOST_BYTES,
        &["pptx"],
    ),
    // Meta's own name of it in older pages.
    Type("video/3gp", Kind::Video, 16 * MB, &[]),
];

/// How people also call a type.
const ALSO: [(&str, &str); 8] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-aac", "audio/aac"),
    ("application/ogg", "audio/ogg"),
    ("video/3gp", "video/3gpp"),
];

/// What a resumable upload takes: samples of templates' headers, and photos of profiles.
const SAMPLES: [&str; 4] = ["application/pdf", "image/jpeg", "image/png", "video/mp4"];

/// Types whose files all begin alike.
const SIGNED: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "audio/ogg"];

/// What is said of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// Its type; without one it is known by its first bytes and its name.
    pub mime_type: Option<&'a str>,
    pub filename: Option<&'a str>,
    /// What it is to be in a message.
    pub kind: Option<Kind>,
}

/// A file that Meta takes, as far as can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    pub mime_type: &'static str,
    pub kind: Kind,
}

/// The type and the kind of a file that Meta takes. Fails with what is wrong, and what to do.
pub fn check(bytes: &[u8], named: &Named<'_>) -> Result<Fit, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let found = sniffed(bytes);
    let known = type_of(found, named)?;
    let Type(mime_type, kind, most, _) = *known;
    if let Some(found) = found
        && !is_the_same(found, mime_type)
    {
        return Err(format!(
            "the file is {found}, and not {mime_type}: give it its own type, or leave the type out"
        ));
    }
    if found.is_none() && SIGNED.contains(&mime_type) {
        return Err(format!(
            "the file does not begin as {mime_type} does: it is damaged, or something else"
        ));
    }
    match named.kind {
        Some(wanted) if wanted != kind => {
            return Err(format!(
                "{mime_type} cannot be sent as {}: Meta takes {} there",
                wanted.word(),
                types_of(wanted)
            ));
        }
        _ => {}
    }
    let is_still = mime_type == "image/webp" && !is_animated(bytes);
    let (most, what) = match (mime_type, is_still) {
        ("image/webp", true) => (STILL_STICKER, "a sticker that does not move".to_owned()),
        ("image/webp", false) => (most, "an animated sticker".to_owned()),
        _ => (most, mime_type.to_owned()),
    };
    if bytes.len() > most {
        return Err(format!(
            "the file has {}, and {what} may have {}: make it smaller",
            in_words(bytes.len()),
            in_words(most)
        ));
    }
    match mime_type {
        "audio/ogg" => is_voice(bytes)?,
        "image/png" if bytes.get(24).is_some_and(|depth| *depth > 8) => {
            return Err("Meta takes images of 8 bits a colour, and this PNG has 16".to_owned());
        }
        _ => {}
    }
    Ok(Fit { mime_type, kind })
}

/// The type of a file for a resumable upload. Fails with what is wrong, and what to do.
pub fn check_sample(bytes: &[u8], named: &Named<'_>) -> Result<&'static str, String> {
    let Fit { mime_type, .. } = check(bytes, named)?;
    match SAMPLES.contains(&mime_type) {
        true => Ok(mime_type),
        false => Err(format!(
            "{mime_type} cannot be a sample: Meta takes {}",
            SAMPLES.join(", ")
        )),
    }
}

/// How a file of a type ends; nothing for a type that Meta does not have.
pub fn ending(mime_type: &str) -> Option<&'static str> {
    let essence = essence(mime_type);
    let known = TYPES.iter().find(|known| known.0 == essence)?;
    known.3.first().copied()
}

fn type_of(found: Option<&str>, named: &Named<'_>) -> Result<&'static Type, String> {
    let by_name = || {
        let (_, ending) = named.filename?.rsplit_once('.')?;
        let ending = ending.to_ascii_lowercase();
        let is_it = |known: &&Type| known.3.contains(&ending.as_str());
        TYPES.iter().find(is_it)
    };
    let given = named.mime_type.map(essence);
    let given = given.filter(|given| {
        !given.is_empty() && given != "application/octet-stream" && given != "binary/octet-stream"
    });
    let called = match (&given, found) {
        (Some(given), _) => given.as_str(),
        // An office document is one by its name alone.
        (None, Some("application/zip" | "application/x-ole-storage") | None) => {
            return by_name().ok_or_else(|| {
                format!(
                    "the file's type is not known: say it, or give a name that ends in it. Meta takes {}",
                    all_types()
                )
            });
        }
        (None, Some(found)) => found,
    };
    let also = ALSO.iter().find(|(also, _)| *also == called);
    let called = also.map_or(called, |(_, known)| known);
    TYPES
        .iter()
        .find(|known| known.0 == called)
        .ok_or_else(|| match called {
            "image/gif" => "Meta takes no GIF: send it as video/mp4".to_owned(),
            "audio/wav" => "Meta takes no WAV: send it as audio/mpeg or audio/ogg".to_owned(),
            _ => format!("Meta does not take {called}; it takes {}", all_types()),
        })
}

fn all_types() -> String {
    let all: Vec<&str> = TYPES.iter().map(|known| known.0).collect();
    all.join(", ")
}

fn types_of(kind: Kind) -> String {
    let all: Vec<&str> = TYPES
        .iter()
        .filter(|known| known.1 == kind)
        .map(|known| known.0)
        .collect();
    all.join(", ")
}

/// A type without its parameters, in lower case: Meta refuses `audio/ogg; codecs=opus`.
fn essence(mime_type: &str) -> String {
    let essence = mime_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// What the first bytes say of it.
fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    let at =
        |from: usize, text: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(text));
    Some(match () {
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"GIF8") => "image/gif",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(0, b"RIFF") && at(8, b"WAVE") => "audio/wav",
        () if at(0, b"OggS") => "audio/ogg",
        () if at(0, b"#!AMR") => "audio/amr",
        () if at(0, b"ID3") => "audio/mpeg",
        () if at(0, b"%PDF-") => "application/pdf",
        () if at(4, b"ftyp3g") => "video/3gpp",
        () if at(4, b"ftypM4A") => "audio/mp4",
        () if at(4, b"ftypqt") => "video/quicktime",
        () if at(4, b"ftyp") => "video/mp4",
        () if at(0, b"PK\x03\x04") => "application/zip",
        () if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => "application/x-ole-storage",
        () => return None,
    })
}

/// Whether bytes that look like one type may be called another.
fn is_the_same(found: &str, called: &str) -> bool {
    let is_office = called.starts_with("application/vnd.") || called == "application/msword";
    match found {
        "application/zip" | "application/x-ole-storage" => is_office,
        // One container for all of them.
        "video/mp4" | "audio/mp4" | "video/3gpp" => {
            matches!(
                called,
                "video/mp4" | "audio/mp4" | "video/3gpp" | "video/3gp"
            )
        }
        "audio/ogg" => matches!(called, "audio/ogg" | "audio/opus"),
        // Tags stand before other sounds too.
        "audio/mpeg" => matches!(called, "audio/mpeg" | "audio/aac"),
        found => found == called,
    }
}

/// Whether a WebP image has more than one frame.
fn is_animated(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0)
}

/// Of Ogg Meta takes Opus with one channel: its header is the first packet.
fn is_voice(bytes: &[u8]) -> Result<(), String> {
    let start = &bytes[..bytes.len().min(KB)];
    let head = start.windows(8).position(|eight| eight == b"OpusHead");
    let Some(head) = head else {
        return Err("Meta takes Ogg with Opus only, and this has something else in it".to_owned());
    };
    match bytes.get(head + 9) {
        Some(1) => Ok(()),
        Some(channels) => Err(format!(
            "Meta takes Opus with one channel, and this has {channels}: mix it down"
        )),
        None => Err("the file is cut off".to_owned()),
    }
}

/// A size as people read it.
pub fn in_words(bytes: usize) -> String {
    match bytes {
        0..KB => format!("{bytes} bytes"),
        KB..MB => format!("{} KB", bytes.div_ceil(KB)),
        _ if bytes.is_multiple_of(MB) => format!("{} MB", bytes / MB),
        _ => format!("{:.1} MB", bytes as f64 / MB as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

    fn opus(channels: u8) -> Vec<u8> {
        let mut bytes = b"OggS\0\x02".to_vec();
        bytes.resize(28, 0);
        bytes.extend(b"OpusHead\x01");
        bytes.push(channels);
        bytes.resize(60, 0);
        bytes
    }

    fn webp(is_animated: bool, size: usize) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0".to_vec();
        bytes.push(if is_animated { 2 } else { 0 });
        bytes.resize(size, 0);
        bytes
    }

    fn refusal(bytes: &[u8], named: Named<'_>) -> String {
        check(bytes, &named).expect_err("it fits")
    }

    #[test]
    fn a_type_is_known_by_what_is_said_by_the_bytes_and_by_the_name() {
        let of = |bytes: &[u8], mime_type, filename| {
            let named = Named {
                mime_type,
                filename,
                kind: None,
            };
            check(bytes, &named).map(|fit| fit.mime_type)
        };
        assert_eq!(of(PNG, None, None), Ok("image/png"));
        assert_eq!(
            of(b"hello", Some("Text/Plain; charset=utf-8"), None),
            Ok("text/plain")
        );
        assert_eq!(of(b"hello", None, Some("a.TXT")), Ok("text/plain"));
        assert_eq!(
            of(b"\xff\xd8\xff\xe0", Some("image/jpg"), None),
            Ok("image/jpeg")
        );
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(of(b"PK\x03\x04....", None, Some("a.docx")), Ok(docx));
        assert_eq!(
            of(&opus(1), Some("audio/ogg; codecs=opus"), None),
            Ok("audio/ogg")
        );
        let unknown = of(b"hello", None, None).unwrap_err();
        assert!(unknown.contains("say it, or give a name"), "{unknown}");
    }

    #[test]
    fn what_meta_would_refuse_is_refused_with_what_to_do() {
        let typed = |mime_type| Named {
            mime_type: Some(mime_type),
            ..Named::default()
        };
        assert!(refusal(b"GIF89a", Named::default()).contains("video/mp4"));
        assert!(refusal(PNG, typed("image/jpeg")).contains("the file is image/png"));
        assert!(refusal(b"x", typed("application/x-sh")).contains("does not take"));
        assert!(refusal(b"", Named::default()).contains("empty"));
        assert!(refusal(b"hello", typed("image/jpeg")).contains("does not begin as image/jpeg"));
        let large = [PNG, &[0; 5 * MB]].concat();
        assert!(refusal(&large, Named::default()).contains("may have 5 MB"));
        let mut deep = PNG.to_vec();
        deep[24] = 16;
        assert!(refusal(&deep, Named::default()).contains("8 bits"));
    }

    #[test]
    fn stickers_and_voice_have_limits_of_their_own() {
        let ok = |bytes: &[u8]| check(bytes, &Named::default()).map(|fit| fit.kind);
        assert_eq!(ok(&webp(false, 100 * KB)), Ok(Kind::Sticker));
        assert_eq!(ok(&webp(true, 500 * KB)), Ok(Kind::Sticker));
        let still = refusal(&webp(false, 100 * KB + 1), Named::default());
        assert!(
            still.contains("a sticker that does not move may have 100 KB"),
            "{still}"
        );
        assert!(refusal(&webp(true, 500 * KB + 1), Named::default()).contains("500 KB"));
        let as_image = Named {
            kind: Some(Kind::Image),
            ..Named::default()
        };
        assert!(refusal(&webp(true, 30), as_image).contains("image/jpeg, image/png"));
        assert_eq!(ok(&opus(1)), Ok(Kind::Audio));
        assert!(refusal(&opus(2), Named::default()).contains("one channel"));
        assert!(refusal(b"OggS vorbis", Named::default()).contains("Opus only"));
    }

    #[test]
    fn samples_are_of_few_types() {
        assert_eq!(check_sample(PNG, &Named::default()), Ok("image/png"));
        let named = Named {
            mime_type: Some("text/plain"),
            ..Named::default()
        };
        assert!(
            check_sample(b"x", &named)
                .unwrap_err()
                .contains("cannot be a sample")
        );
    }
}
