//! What a line means: a text, a number or a command.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Characters of one text message.
pub(super) const LONGEST_TEXT: usize = 4096;

/// Digits of a phone number with its country's calling code.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// The furthest that `/forward` goes at once: ten years.
const MOST_HOURS: f64 = 24.0 * 3660.0;

/// What the commands are, for `/help`.
pub(super) const HELP: &[&str] = &[
    "Write as the customer. A number answers with that button or row of the latest choices.",
    "/as PHONE [NAME]    become another customer, for example /as 34600000002 Ana",
    "/image [PATH]       send a picture: a PNG or JPEG file, or a tiny one without PATH",
    "/file PATH          send a file: a video, recording, sticker or document, by the end of its name",
    "/location LAT LON   send a location, for example /location 40.4168 -3.7038",
    "/contact PHONE NAME send a contact, for example /contact 34600000003 Leo",
    "/react [EMOJI]      react to the bot's last message; without EMOJI take that back",
    "/quote TEXT         answer the bot's last message by quoting it",
    "/edit TEXT          change your last message; /revoke deletes it",
    "/order SKU [COUNT]  order a product of the catalog that the bot showed",
    "/address KEY=VALUE  answer an address message; more pairs with commas",
    "/allow [always]     let the bot call you, when it asks; /deny does not",
    "/flow               open the bot's last Flow; on its screens /back and /close",
    "/templates          the templates of the account, and whether they can be sent",
    "/approve NAME       have Meta approve a template; /reject NAME [REASON]",
    "/marketing on|off   want marketing messages, or not",
    "/day                let 24 hours pass, after which only templates go out",
    "/forward HOURS      move WhatsApp's clock, for example past the 24-hour window",
    "/sent               how many of the bot's messages to you were sent, delivered, read",
    "/say TEXT           send TEXT as it is, even a number; so does // before a slash",
    "/quit               wait for what is outstanding and leave",
];

/// One line, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Empty,
    Text(String),
    /// Digits and nothing else, as they were written.
    Number(String),
    Command(Command),
    /// Why it means nothing.
    Mistake(String),
}

/// What a line with a slash asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Help,
    As {
        phone: String,
        name: Option<String>,
    },
    Image(Option<PathBuf>),
    File(PathBuf),
    Location {
        latitude: f64,
        longitude: f64,
    },
    Contact {
        phone: String,
        name: String,
    },
    React(Option<String>),
    Quote(String),
    Edit(String),
    Revoke,
    Order {
        sku: String,
        count: u32,
    },
    Address(Vec<(String, String)>),
    Permit {
        accepts: bool,
        is_permanent: bool,
    },
    Flow,
    Back,
    Close,
    Templates,
    Approve(String),
    Reject {
        name: String,
        reason: Option<String>,
    },
    Marketing(bool),
    Forward(Duration),
    Sent,
    Quit,
}

impl Line {
    pub(super) fn parse(line: &str) -> Self {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return Self::Empty;
        }
        if let Some(rest) = line.strip_prefix('/') {
            if rest.starts_with('/') {
                return Self::Text(rest.to_owned());
            }
            return parse_command(rest);
        }
        if trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Number(trimmed.to_owned());
        }
        Self::Text(line.to_owned())
    }
}

fn parse_command(line: &str) -> Line {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let command = match word {
        "help" => Ok(Command::Help),
        "as" => parse_as(rest),
        "image" => Ok(Command::Image(
            (!rest.is_empty()).then(|| PathBuf::from(rest)),
        )),
        "location" => parse_location(rest),
        "file" => needs(rest, "/file needs a path, for example /file menu.pdf")
            .map(|path| Command::File(PathBuf::from(path))),
        "contact" => parse_contact(rest),
        "react" => Ok(Command::React((!rest.is_empty()).then(|| rest.to_owned()))),
        "quote" => {
            needs(rest, "/quote needs a text, for example /quote this one").map(Command::Quote)
        }
        "edit" => needs(rest, "/edit needs a text, for example /edit at seven").map(Command::Edit),
        "revoke" => Ok(Command::Revoke),
        "order" => parse_order(rest),
        "address" => parse_address(rest),
        "allow" => Ok(Command::Permit {
            accepts: true,
            is_permanent: rest == "always",
        }),
        "deny" => Ok(Command::Permit {
            accepts: false,
            is_permanent: false,
        }),
        "flow" => Ok(Command::Flow),
        "back" => Ok(Command::Back),
        "close" => Ok(Command::Close),
        "templates" => Ok(Command::Templates),
        "approve" => needs(
            rest,
            "/approve needs a template's name: /templates lists them",
        )
        .map(Command::Approve),
        "reject" => needs(
            rest,
            "/reject needs a template's name: /templates lists them",
        )
        .map(|rest| {
            let (name, reason) = rest.split_once(' ').unwrap_or((&rest, ""));
            Command::Reject {
                name: name.to_owned(),
                reason: (!reason.is_empty()).then(|| reason.trim().to_uppercase()),
            }
        }),
        "marketing" => match rest {
            "on" => Ok(Command::Marketing(true)),
            "off" => Ok(Command::Marketing(false)),
            _ => Err("write /marketing on or /marketing off".to_owned()),
        },
        "day" => Ok(Command::Forward(Duration::from_secs(24 * 3600))),
        "forward" => parse_forward(rest),
        "sent" => Ok(Command::Sent),
        "quit" => Ok(Command::Quit),
        "say" if rest.is_empty() => Err("/say needs a text, for example /say 42".to_owned()),
        "say" => return Line::Text(rest.to_owned()),
        _ => Err(format!(
            "there is no command /{word}: /help lists them, and //{word} sends it as text"
        )),
    };
    command.map_or_else(Line::Mistake, Line::Command)
}

fn needs(rest: &str, otherwise: &str) -> Result<String, String> {
    match rest.is_empty() {
        true => Err(otherwise.to_owned()),
        false => Ok(rest.to_owned()),
    }
}

fn parse_contact(rest: &str) -> Result<Command, String> {
    let (phone, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (phone, name) = (parse_phone(phone), name.trim());
    match (phone, name.is_empty()) {
        (Some(phone), false) => Ok(Command::Contact {
            phone,
            name: name.to_owned(),
        }),
        _ => Err("a contact has a phone and a name: /contact 34600000003 Leo".to_owned()),
    }
}

fn parse_order(rest: &str) -> Result<Command, String> {
    let (sku, count) = rest.split_once(char::is_whitespace).unwrap_or((rest, "1"));
    match count.trim().parse::<u32>() {
        Ok(count) if count > 0 && !sku.is_empty() => Ok(Command::Order {
            sku: sku.to_owned(),
            count,
        }),
        _ => Err("an order has a product and how many of it: /order plant-7 2".to_owned()),
    }
}

fn parse_address(rest: &str) -> Result<Command, String> {
    let pairs: Option<Vec<(String, String)>> = rest
        .split(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (key.trim(), value.trim());
            (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
        })
        .collect();
    pairs.map(Command::Address).ok_or_else(|| {
        "an address has keys and values: /address name=Ana, city=Mumbai, in_pin_code=400063"
            .to_owned()
    })
}

fn parse_as(rest: &str) -> Result<Command, String> {
    let (phone, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let phone = parse_phone(phone).ok_or_else(|| {
        format!(
            "`{phone}` is not a phone number: write its digits with the country's calling code, \
             for example /as 34600000002 Ana"
        )
    })?;
    let name = name.trim();
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Command::As { phone, name })
}

/// The digits of a phone number that may have been written with `+`, hyphens and the like.
fn parse_phone(phone: &str) -> Option<String> {
    let is_tolerated = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    (phone.chars().all(is_tolerated) && PHONE_DIGITS.contains(&digits.len())).then_some(digits)
}

fn parse_location(rest: &str) -> Result<Command, String> {
    let degrees: Vec<Option<f64>> = rest
        .split([' ', '\t', ','])
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().ok())
        .collect();
    match degrees[..] {
        [Some(latitude), Some(longitude)]
            if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) =>
        {
            Ok(Command::Location {
                latitude,
                longitude,
            })
        }
        _ => Err(format!(
            "`{rest}` is not a latitude and a longitude in degrees: write for example \
             /location 40.4168 -3.7038"
        )),
    }
}

fn parse_forward(rest: &str) -> Result<Command, String> {
    match rest.parse::<f64>() {
        Ok(hours) if hours > 0.0 && hours <= MOST_HOURS => Ok(Command::Forward(
            Duration::from_secs_f64((hours * 3600.0).round()),
        )),
        _ => Err(format!(
            "`{rest}` is not a number of hours to go forward: write for example /forward 25"
        )),
    }
}

/// A text in pieces that each fit into a message. Nothing is left out.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(LONGEST_TEXT) {
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Lines of an input, without their ends. Bytes that are not UTF-8 are replaced.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    /// What was read of a line whose end has not come yet.
    partial: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            partial: Vec::new(),
        }
    }

    /// The next line, or none at the end of the input.
    ///
    /// Cancel safety: what was read stays for the next call.
    pub(super) async fn next(&mut self) -> std::io::Result<Option<String>> {
        self.input.read_until(b'\n', &mut self.partial).await?;
        if self.partial.is_empty() {
            return Ok(None);
        }
        let bytes = std::mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(&bytes);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }
}
