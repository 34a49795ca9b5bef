//! Other names in certificates, as Node prints them: what could be taken for several names stands in quotes.

use crate::keys::{der, lc};

/// A list of names, one after the other.
pub(super) fn alternatives(extension: &[u8]) -> Option<String> {
    let mut all = der::Reader::of_sequence(extension)?;
    let mut names = Vec::new();
    while !all.is_empty() {
        let (tag, contents) = all.any()?;
        names.push(name(tag, contents)?);
    }
    Some(names.join(", "))
}

/// Where to ask about the issuer, a line for each.
pub(super) fn access(extension: &[u8]) -> Option<String> {
    let mut all = der::Reader::of_sequence(extension)?;
    let mut lines = Vec::new();
    while !all.is_empty() {
        let mut one = all.sequence()?;
        let method = der::dotted(one.take(der::OID)?)?;
        let (tag, contents) = one.any()?;
        let method = match method.as_str() {
            "1.3.6.1.5.5.7.48.1" => "OCSP",
            "1.3.6.1.5.5.7.48.2" => "CA Issuers",
            "1.3.6.1.5.5.7.48.3" => "AD Time Stamping",
            "1.3.6.1.5.5.7.48.4" => "ad dvcs",
            "1.3.6.1.5.5.7.48.5" => "CA Repository",
            other => other,
        };
        lines.push(format!("{method} - {}", name(tag, contents)?));
    }
    Some(lines.join("\n"))
}

fn name(tag: u8, contents: &[u8]) -> Option<String> {
    Some(match tag & 0x1f {
        0 => other_name(contents),
        1 => format!("email:{}", latin1(contents)),
        2 => format!("DNS:{}", latin1(contents)),
        3 => "X400Name:<unsupported>".to_owned(),
        4 => format!("DirName:{}", quoted(&lc::name_line(contents).ok()?, true)),
        5 => "EdiPartyName:<unsupported>".to_owned(),
        6 => format!("URI:{}", latin1(contents)),
        7 => format!("IP Address:{}", address(contents)),
        8 => format!("Registered ID:{}", der::dotted(contents)?),
        _ => return None,
    })
}

/// Names of a kind of their own: those that are text and that Node knows.
fn other_name(contents: &[u8]) -> String {
    let read = || {
        let mut parts = der::Reader::new(contents);
        let oid = der::dotted(parts.take(der::OID)?)?;
        let (tag, text) = der::Reader::new(parts.take(0xa0)?).any()?;
        let (kind, wanted) = match oid.as_str() {
            "1.3.6.1.5.5.7.8.9" => ("SmtpUTF8Mailbox", 0x0c),
            "1.3.6.1.5.5.7.8.5" => ("XmppAddr", 0x0c),
            "1.3.6.1.5.5.7.8.7" => ("SRVName", 0x16),
            "1.3.6.1.4.1.311.20.2.3" => ("UPN", 0x0c),
            "1.3.6.1.5.5.7.8.8" => ("NAIRealm", 0x0c),
            _ => return None,
        };
        if tag != wanted {
            return None;
        }
        let text = match wanted {
            0x16 => latin1(text),
            _ => quoted(std::str::from_utf8(text).ok()?, true),
        };
        Some(format!("othername:{kind}:{text}"))
    };
    read().unwrap_or_else(|| "othername:<unsupported>".to_owned())
}

fn address(contents: &[u8]) -> String {
    match contents.len() {
        4 => contents
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join("."),
        16 => {
            let groups = contents
                .chunks_exact(2)
                .map(|pair| format!("{:X}", u16::from(pair[0]) << 8 | u16::from(pair[1])));
            groups.collect::<Vec<_>>().join(":")
        }
        length => format!("<invalid length={length}>"),
    }
}

fn latin1(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    quoted(&text, false)
}

/// Text that is one name for whoever reads it: as it is, or in quotes like a string of JSON.
fn quoted(text: &str, may_be_unicode: bool) -> String {
    let is_plain = |letter: char| match letter {
        '"' | '\\' | ',' | '\'' => false,
        ' '..='~' => true,
        '\u{80}'.. => may_be_unicode,
        _ => false,
    };
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut written = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => written.extend(['\\', letter]),
            ' '..='~' if letter != ',' => written.push(letter),
            '\u{80}'.. if may_be_unicode => written.push(letter),
            other => written.push_str(&format!("\\u{:04x}", u32::from(other))),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_taken_for_several_names_is_quoted() {
        let dns = der::value(0x82, &[b"good.example.com"]);
        let evil = der::value(0x82, &[b"a, DNS:evil\\\"\x01\xe4"]);
        let ip = der::value(0x87, &[&[127, 0, 0, 1]]);
        let mut six = [0; 16];
        six[15] = 1;
        let six = der::value(0x87, &[&six]);
        let other = der::value(0xa0, &[b"x"]);
        let all = der::sequence(&[&dns, &evil, &ip, &six, &other]);
        assert_eq!(
            alternatives(&all).unwrap(),
            "DNS:good.example.com, DNS:\"a\\u002c DNS:evil\\\\\\\"\\u0001\\u00e4\", IP Address:127.0.0.1, \
             IP Address:0:0:0:0:0:0:0:1, othername:<unsupported>"
        );
    }

    #[test]
    fn a_place_to_ask_is_a_line() {
        let ocsp = der::sequence(&[
            &der::oid(&[0x2b, 6, 1, 5, 5, 7, 48, 1]),
            &der::value(0x86, &[b"http://ocsp.example.com/"]),
        ]);
        let all = der::sequence(&[&ocsp, &ocsp]);
        let line = "OCSP - URI:http://ocsp.example.com/";
        assert_eq!(access(&all).unwrap(), format!("{line}\n{line}"));
        assert_eq!(access(&[0x30, 1]), None);
    }
}
