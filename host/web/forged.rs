//! Whether an unsigned body says that it is a webhook of Meta's, while it streams by.
//!
//! A bot may look for its webhook in other ways than by its path, or not look at all. So no unsigned body that
//! names Meta's object reaches a bot, whatever its path. The name is looked for in what a body parser would
//! make of the body: unpacked, as UTF-8, UTF-16 or UTF-32, as JSON, as a form or as parts.

use super::refusal::Refusal;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header::{self, HeaderMap};
use std::collections::VecDeque;
use std::io::{self, Write};

/// What Meta's webhooks for WhatsApp have as their `object`. Its first letter is in it once.
const OBJECT: &[u8] = b"whatsapp_business_account";

/// What a compressed body may unpack to.
const MOST_UNPACKED: usize = 64 << 20;

/// Encodings in which ASCII is not written as ASCII.
const STRANGE: [&str; 4] = ["utf-7", "utf7", "base64", "hex"];

/// Looks through a body. Once it found the name it goes on finding it.
pub(super) struct Watch(Layer);

enum Layer {
    Plain(Finder),
    Gzip(Box<MultiGzDecoder<Finder>>),
    /// `deflate` is with a zlib header or without: the first byte tells.
    Deflate(Finder),
    Zlib(Box<ZlibDecoder<Finder>>),
    Raw(Box<DeflateDecoder<Finder>>),
    Brotli(Box<brotli::DecompressorWriter<Finder>>),
    /// What cannot be unpacked on is no body for a parser.
    Broken(Finder),
}

impl Watch {
    /// For a body with these headers. Fails for one that cannot be looked into.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let all = |name| {
            let values = headers.get_all(name).iter();
            values
                .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
                .collect::<Vec<_>>()
                .join(",")
        };
        let kind = all(header::CONTENT_TYPE);
        if let Some((_, charset)) = kind.split_once("charset")
            && STRANGE.iter().any(|strange| charset.contains(strange))
        {
            return Err(Refusal::Encoding);
        }
        let codings = all(header::CONTENT_ENCODING);
        let mut codings = codings
            .split(',')
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && *coding != "identity");
        let layer = match (codings.next(), codings.next()) {
            // Several layers are not what parsers take off.
            (Some(_), Some(_)) => return Err(Refusal::Encoding),
            (Some("gzip" | "x-gzip"), None) => {
                Layer::Gzip(Box::new(MultiGzDecoder::new(Finder::default())))
            }
            (Some("deflate"), None) => Layer::Deflate(Finder::default()),
            (Some("br"), None) => Layer::Brotli(Box::new(brotli::DecompressorWriter::new(
                Finder::default(),
                64 << 10,
            ))),
            (Some("zstd"), None) => return Err(Refusal::Encoding),
            _ => Layer::Plain(Finder::default()),
        };
        Ok(Self(layer))
    }

    /// Fails when the body says that it is Meta's, or unpacks to more than is looked through.
    pub(super) fn see(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        if let Layer::Deflate(finder) = &mut self.0
            && let Some(first) = piece.first()
        {
            let finder = std::mem::take(finder);
            // Eight is the method that a zlib header names.
            self.0 = match first & 15 {
                8 => Layer::Zlib(Box::new(ZlibDecoder::new(finder))),
                _ => Layer::Raw(Box::new(DeflateDecoder::new(finder))),
            };
        }
        let unpacked = match &mut self.0 {
            Layer::Plain(finder) => {
                finder.look(piece);
                Ok(())
            }
            Layer::Gzip(decoder) => unpack(decoder, piece),
            Layer::Zlib(decoder) => unpack(decoder, piece),
            Layer::Raw(decoder) => unpack(decoder, piece),
            Layer::Brotli(decoder) => unpack(decoder, piece),
            Layer::Deflate(_) | Layer::Broken(_) => Ok(()),
        };
        let finder = self.finder();
        if finder.is_found {
            return Err(Refusal::UnsignedWebhook);
        }
        if finder.unpacked > MOST_UNPACKED {
            return Err(Refusal::TooLarge(MOST_UNPACKED));
        }
        if unpacked.is_err() {
            self.0 = Layer::Broken(Finder::default());
        }
        Ok(())
    }

    fn finder(&self) -> &Finder {
        match &self.0 {
            Layer::Plain(finder) | Layer::Deflate(finder) | Layer::Broken(finder) => finder,
            Layer::Gzip(decoder) => decoder.get_ref(),
            Layer::Zlib(decoder) => decoder.get_ref(),
            Layer::Raw(decoder) => decoder.get_ref(),
            Layer::Brotli(decoder) => decoder.get_ref(),
        }
    }
}

/// What is unpacked is seen with each piece, not when the decoder's buffer is full.
fn unpack(decoder: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    decoder.write_all(piece)?;
    decoder.flush()
}

/// The same for a body that is here: fails when it says that it is Meta's.
pub(super) fn look_through(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    Watch::of(headers)?.see(body)
}

/// Finds the name in bytes from which zeros are left out, and in which `%XX` and `\uXXXX` are read.
#[derive(Default)]
struct Finder {
    /// What may become an escape.
    pending: VecDeque<u8>,
    matched: usize,
    is_found: bool,
    unpacked: usize,
}

impl Finder {
    fn look(&mut self, piece: &[u8]) {
        // In UTF-16 and UTF-32 letters of ASCII have zeros around them.
        for byte in piece.iter().filter(|byte| **byte != 0) {
            if self.is_found {
                return;
            }
            if self.pending.is_empty() && !matches!(byte, b'%' | b'\\') {
                self.take(*byte);
                continue;
            }
            self.pending.push_back(*byte);
            self.settle();
        }
    }

    /// Takes what is pending until it is empty, or the beginning of an escape.
    fn settle(&mut self) {
        while let Some(first) = self.pending.front().copied() {
            match escape(self.pending.make_contiguous()) {
                Escape::Begun => return,
                Escape::Whole(byte) => {
                    self.pending.clear();
                    self.take(byte);
                }
                Escape::None => {
                    self.pending.pop_front();
                    self.take(first);
                }
            }
        }
    }

    fn take(&mut self, byte: u8) {
        self.matched = match OBJECT.get(self.matched) {
            Some(wanted) if *wanted == byte => self.matched + 1,
            _ => usize::from(byte == OBJECT[0]),
        };
        self.is_found |= self.matched == OBJECT.len();
    }
}

impl Write for Finder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unpacked = self.unpacked.saturating_add(bytes.len());
        if self.unpacked > MOST_UNPACKED {
            return Err(io::Error::other("it unpacks to too much"));
        }
        self.look(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Escape {
    None,
    Begun,
    /// Of an ASCII character; another one has a byte that is not in the name.
    Whole(u8),
}

fn escape(bytes: &[u8]) -> Escape {
    let (length, digits) = match bytes {
        [b'%' | b'\\'] => return Escape::Begun,
        [b'%', digits @ ..] => (2, digits),
        [b'\\', b'u', digits @ ..] => (4, digits),
        _ => return Escape::None,
    };
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Escape::None;
    }
    if digits.len() < length {
        return Escape::Begun;
    }
    let number = std::str::from_utf8(digits).ok();
    let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    Escape::Whole(
        number
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    const ENVELOPE: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;

    fn is_refused(
        headers: &[(header::HeaderName, &'static str)],
        body: &[u8],
        size: usize,
    ) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        let Ok(mut watch) = Watch::of(&map) else {
            return true;
        };
        body.chunks(size).any(|piece| watch.see(piece).is_err())
    }

    fn refused_in_all_pieces(headers: &[(header::HeaderName, &'static str)], body: &[u8]) -> bool {
        [1, 7, usize::MAX]
            .iter()
            .all(|size| is_refused(headers, body, *size))
    }

    #[test]
    fn metas_object_is_found_however_it_is_written() {
        let wide = |step: usize, is_big: bool| -> Vec<u8> {
            let bytes = ENVELOPE.bytes();
            bytes
                .flat_map(|byte| {
                    let mut unit = vec![0; step];
                    unit[if is_big { step - 1 } else { 0 }] = byte;
                    unit
                })
                .collect()
        };
        for body in [
            ENVELOPE.as_bytes().to_vec(),
            format!("\u{feff} {ENVELOPE}").into_bytes(),
            ENVELOPE
                .replace('w', "\\u0077")
                .replace('_', "\\u005F")
                .into_bytes(),
            br#"{"object":"x","object":"whatsapp_business_account"}"#.to_vec(),
            b"object=whatsapp_business_account&entry[0][id]=1".to_vec(),
            b"object=%77hatsapp%5Fbusiness_account&a=%7".to_vec(),
            b"--b\r\ncontent-disposition: form-data; name=object\r\n\r\nwhatsapp_business_account"
                .to_vec(),
            b"\"%wwhatsapp_business_account\"".to_vec(),
            wide(2, false),
            wide(2, true),
            wide(4, true),
        ] {
            assert!(
                refused_in_all_pieces(&[], &body),
                "{}",
                String::from_utf8_lossy(&body)
            );
        }
    }

    #[test]
    fn it_is_found_in_what_is_unpacked() {
        let level = Compression::default();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        gzip.write_all(ENVELOPE.as_bytes()).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(ENVELOPE.as_bytes()).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), level);
        raw.write_all(ENVELOPE.as_bytes()).unwrap();
        let mut br = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut br, 4096, 5, 20);
        writer.write_all(ENVELOPE.as_bytes()).unwrap();
        drop(writer);
        for (coding, body) in [
            ("GZip", gzip.finish().unwrap()),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("identity, br", br),
        ] {
            let headers = [(header::CONTENT_ENCODING, coding)];
            assert!(refused_in_all_pieces(&headers, &body), "{coding}");
        }
        for coding in ["gzip, br", "zstd"] {
            assert!(is_refused(&[(header::CONTENT_ENCODING, coding)], b"x", 1));
        }
        let strange = [(header::CONTENT_TYPE, "application/json; charset=UTF-7")];
        assert!(is_refused(&strange, b"{}", 1));
    }

    #[test]
    fn other_bodies_pass() {
        for body in [
            "",
            "{}",
            "item=red+soup&to=100%",
            r#"{"object":"page","entry":[]}"#,
            r#"{"object":"whatsapp_business","account":"\u00e9\\"}"#,
        ] {
            assert!(!is_refused(&[], body.as_bytes(), usize::MAX), "{body}");
        }
        let gzip = [(header::CONTENT_ENCODING, "gzip")];
        assert!(!is_refused(&gzip, b"this is no gzip", 3));
    }
}
