//! The images of QR codes, as SVG and as PNG.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::platform::Platform;

/// White modules around the code.
const MARGIN: i32 = 4;
/// Pixels of a module.
const SCALE: i32 = 8;

/// The image of a number's code, at its public URL: `CODE.svg` or `CODE.png`.
pub(crate) fn image(platform: &Arc<Platform>, file: &str) -> Response {
    let Some((code, format)) = file.split_once('.') else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_known = {
        let world = platform.world();
        let mut numbers = world.numbers.values();
        numbers.any(|number| number.qr_codes.contains_key(code))
    };
    let link = format!("https://wa.me/message/{code}");
    let drawn = QrCode::encode_text(&link, QrCodeEcc::Medium).ok();
    match (drawn.filter(|_| is_known), format) {
        (Some(code), "svg") => {
            ([(header::CONTENT_TYPE, "image/svg+xml")], svg(&code)).into_response()
        }
        (Some(code), "png") => ([(header::CONTENT_TYPE, "image/png")], png(&code)).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn svg(code: &QrCode) -> String {
    let size = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN));
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\"><rect \
         width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\"/></svg>"
    )
}

/// A PNG of one bit a pixel, not compressed.
fn png(code: &QrCode) -> Vec<u8> {
    let size = (code.size() + 2 * MARGIN) * SCALE;
    let mut pixels = Vec::new();
    for y in 0..size {
        pixels.push(0);
        for start in (0..size).step_by(8) {
            let is_white = |x: i32| {
                let (x, y) = (x / SCALE - MARGIN, y / SCALE - MARGIN);
                !code.get_module(x, y)
            };
            let byte = (0..8).fold(0_u8, |byte, bit| {
                byte << 1 | u8::from(is_white(start + bit))
            });
            pixels.push(byte);
        }
    }
    let edge = u32::try_from(size).unwrap_or_default().to_be_bytes();
    let head = [&edge[..], &edge, &[1, 0, 0, 0, 0]].concat();
    let mut packed = vec![0x78, 0x01];
    let mut blocks = pixels.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    packed.extend(adler(&pixels).to_be_bytes());
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &head),
        &chunk(b"IDAT", &packed),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or_default();
    let named = [&kind[..], content].concat();
    let crc = crc(&named).to_be_bytes();
    [&length.to_be_bytes()[..], &named, &crc].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(!0, step)
}

fn adler(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_formats() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }
}
