//! Meta's limits of templates, looked at before anything goes out.
//!
//! What is refused here Meta would refuse as well, hours later at worst. What Meta decides by reading (whether a text
//! fits its category) is Meta's.

use super::model::{
    Action, Body, Button, Card, Category, Component, Draft, Fault, Footer, Format, Header, Media,
    Otp, OtpButton, Samples, Text, Variable, shown,
};

const NAME: usize = 512;
const HEADER: usize = 60;
const BODY: usize = 1024;
/// With a limited-time offer above it.
const OFFER_BODY: usize = 600;
const CARD_BODY: usize = 160;
const FOOTER: usize = 60;
const BUTTONS: usize = 10;
const BUTTON_TEXT: usize = 25;
const URL: usize = 2000;
const PHONE: usize = 20;
const OFFER_TEXT: usize = 16;
const CARDS: std::ops::RangeInclusive<usize> = 2..=10;
const CARD_BUTTONS: usize = 2;
/// Apps that get one code.
const APPS: usize = 5;
/// Meta's hash of the key that signs an app.
const SIGNATURE: usize = 11;

/// What is wrong with a template; nothing when Meta may take it.
pub fn check(draft: &Draft) -> Vec<Fault> {
    let mut check = Check {
        faults: Vec::new(),
        format: draft.format,
    };
    check.head(draft);
    // From Meta's library a template comes with components.
    if !draft.json.contains_key("library_template_name") {
        check.components(draft);
    }
    check.faults
}

/// Whether a text names templates: what Meta's names look like, in the one spelling that they have.
pub fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=NAME).contains(&text.len()) && text.bytes().all(is_part)
}

/// Whether a text has the form of a language code of Meta's: `en`, `en_US`, `prs_AF`.
pub fn is_language(text: &str) -> bool {
    let (language, region) = match text.split_once('_') {
        Some((language, region)) => (language, Some(region)),
        None => (text, None),
    };
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_region = |region: &str| {
        (2..=3).contains(&region.len())
            && region
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    is_language && region.is_none_or(is_region)
}

struct Check {
    faults: Vec<Fault>,
    format: Format,
}

impl Check {
    fn fault(&mut self, place: &str, why: impl Into<String>) {
        self.faults.push(Fault {
            place: place.to_owned(),
            why: why.into(),
        });
    }

    fn head(&mut self, draft: &Draft) {
        if !is_name(&draft.name) {
            let why = format!(
                "`{}` cannot name a template: use 1 to {NAME} lower-case letters, digits and `_`",
                shown(&draft.name)
            );
            self.fault("the name", why);
        }
        if !is_language(&draft.language) {
            let why = format!(
                "`{}` is no language code of Meta's; they look like `en`, `en_US` or `pt_BR`",
                shown(&draft.language)
            );
            self.fault("the language", why);
        }
        let Some(category) = draft.category else {
            self.fault("the category", "use UTILITY, MARKETING or AUTHENTICATION");
            return;
        };
        let (least, most) = match category {
            Category::Authentication => (30, 900),
            Category::Utility => (30, 43_200),
            Category::Marketing => (43_200, 2_592_000),
        };
        match draft.ttl_seconds {
            Some(-1) | None => {}
            Some(seconds) if (least..=most).contains(&seconds) => {}
            Some(seconds) => self.fault(
                "message_send_ttl_seconds",
                format!(
                    "it is {seconds}; for {category} it may be {least} to {most}, or -1 for 30 days"
                ),
            ),
        }
    }

    fn components(&mut self, draft: &Draft) {
        self.are_there_once(&draft.components);
        if draft.category == Some(Category::Authentication) {
            return self.authentication(draft);
        }
        let has_offer = draft
            .components
            .iter()
            .any(|component| matches!(component, Component::LimitedTimeOffer { .. }));
        let has_cards = draft.cards().is_some();
        let mut has_body = false;
        for component in &draft.components {
            match component {
                Component::Header(_) if has_cards => {
                    self.fault(
                        "the header",
                        "a template with a carousel has none: each card has its own",
                    );
                }
                Component::Header(header) => {
                    self.header("the header", header);
                    let fits = matches!(
                        header,
                        Header::Media {
                            kind: Media::Image | Media::Video,
                            ..
                        }
                    );
                    if has_offer && !fits {
                        self.fault(
                            "the header",
                            "above a limited-time offer it is an image or a video",
                        );
                    }
                }
                Component::Body(Body::Text(text)) => {
                    has_body = true;
                    self.body("the body", text, if has_offer { OFFER_BODY } else { BODY });
                }
                Component::Body(Body::Code) => {
                    has_body = true;
                    self.fault(
                        "the body",
                        "it needs `text`: only Meta's own text of AUTHENTICATION has none",
                    );
                }
                Component::Footer(_) if has_offer || has_cards => {
                    let other = if has_offer {
                        "limited-time offer"
                    } else {
                        "carousel"
                    };
                    self.fault("the footer", format!("a template with a {other} has none"));
                }
                Component::Footer(Footer::Text(text)) => self.footer(text),
                Component::Footer(Footer::Expiry { .. }) => {
                    self.fault(
                        "the footer",
                        "`code_expiration_minutes` is for AUTHENTICATION: say a `text`",
                    );
                }
                Component::Buttons(buttons) => self.buttons("", buttons, BUTTONS, has_offer),
                Component::LimitedTimeOffer { text, expires } => {
                    self.offer(draft, text, *expires);
                }
                Component::Carousel(cards) => self.carousel(cards),
                Component::CallPermissionRequest => {}
                Component::Other(kind) if kind.is_empty() => {}
                Component::Other(kind) => {
                    let why = "it is not known; use HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, \
                               LIMITED_TIME_OFFER or CALL_PERMISSION_REQUEST";
                    self.fault(&format!("component `{kind}`"), why);
                }
            }
        }
        if !has_body {
            self.fault("the body", "there is none, and each template needs one");
        }
    }

    fn are_there_once(&mut self, components: &[Component]) {
        let names: Vec<&str> = components.iter().map(name_of).collect();
        for (n, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..n].contains(name) {
                self.fault(name, "it is there twice: a template has one of each");
            }
        }
    }

    fn header(&mut self, place: &str, header: &Header) {
        match header {
            Header::Text(text) => {
                self.text(place, text, HEADER);
                if text.variables.len() > 1 {
                    self.fault(place, "it has more than one variable: one is the most");
                }
            }
            Header::Media { samples: 1, .. } | Header::Location => {}
            Header::Media { kind, .. } => self.fault(
                place,
                format!(
                    "it needs a sample: upload one, and name it as \
                     {{\"type\": \"HEADER\", \"format\": \"{kind}\", \"example\": {{\"header_handle\": [\"4::…\"]}}}}"
                ),
            ),
            Header::Product => self.fault(place, "PRODUCT is for cards of a carousel"),
            Header::Other(format) => self.fault(
                place,
                format!("its format is `{format}`; use TEXT, IMAGE, VIDEO, DOCUMENT, GIF or LOCATION"),
            ),
        }
    }

    fn body(&mut self, place: &str, text: &Text, most: usize) {
        self.text(place, text, most);
        let trimmed = text.text.trim();
        if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
            self.fault(
                place,
                "a variable must not be at its beginning or end: put words around it",
            );
        }
        let bare: String = text.text.split_whitespace().collect();
        if bare.contains("}}{{") {
            self.fault(
                place,
                "two variables must not follow each other: put words in between",
            );
        }
    }

    /// What all texts with variables have to be.
    fn text(&mut self, place: &str, text: &Text, most: usize) {
        self.length(place, &text.text, most);
        for odd in &text.odd {
            let why = match self.format {
                Format::Positional => {
                    format!("`{odd}` is no variable; they are {{{{1}}}}, {{{{2}}}} and so on")
                }
                Format::Named => format!(
                    "`{odd}` is no variable; one is lower-case letters, digits and `_`, as in {{{{first_name}}}}"
                ),
            };
            self.fault(place, why);
        }
        let distinct = text.distinct();
        let wrong = distinct.iter().find(|variable| match self.format {
            Format::Positional => matches!(variable, Variable::Name(_)),
            Format::Named => matches!(variable, Variable::Position(_)),
        });
        if let Some(wrong) = wrong {
            let why = match self.format {
                Format::Positional => format!(
                    "`{wrong}` is a named variable: say \"parameter_format\": \"NAMED\", or number it"
                ),
                Format::Named => {
                    format!("`{wrong}` is a number, and the variables of this template are named")
                }
            };
            self.fault(place, why);
            return;
        }
        let mut numbers: Vec<u32> = distinct
            .iter()
            .filter_map(|variable| match variable {
                Variable::Position(n) => Some(*n),
                Variable::Name(_) => None,
            })
            .collect();
        numbers.sort_unstable();
        if numbers
            .iter()
            .zip(1..)
            .any(|(found, expected)| *found != expected)
        {
            self.fault(
                place,
                "its variables are not numbered {{1}}, {{2}} and so on without a gap",
            );
        }
        self.samples(place, text);
    }

    fn samples(&mut self, place: &str, text: &Text) {
        let distinct = text.distinct();
        let wanted = distinct.len();
        match (&text.samples, self.format) {
            (_, _) if wanted == 0 => {}
            (Samples::Named(names), Format::Named) => {
                for variable in distinct {
                    if let Variable::Name(name) = variable
                        && !names.contains(name)
                    {
                        self.fault(place, format!("there is no sample for `{variable}`"));
                    }
                }
            }
            (Samples::InOrder(given), Format::Positional) if *given == wanted => {}
            (Samples::InOrder(given), Format::Positional) => self.fault(
                place,
                format!("it has {wanted} variables and {given} samples: give one for each, in order"),
            ),
            (_, Format::Positional) => self.fault(
                place,
                format!(
                    "its {wanted} variables need samples, in `example`: \
                     `body_text` [[…]] of a body, `header_text` […] of a header"
                ),
            ),
            (_, Format::Named) => self.fault(
                place,
                "its variables need samples, in `example`: `body_text_named_params` of a body, \
                 `header_text_named_params` of a header, each [{\"param_name\": …, \"example\": …}]",
            ),
        }
    }

    fn length(&mut self, place: &str, text: &str, most: usize) {
        match text.chars().count() {
            0 => self.fault(place, "it is empty"),
            length if length > most => {
                self.fault(
                    place,
                    format!("it has {length} characters, and may have {most}"),
                );
            }
            _ => {}
        }
    }

    fn footer(&mut self, text: &str) {
        self.length("the footer", text, FOOTER);
        if text.contains("{{") {
            self.fault("the footer", "it takes no variables");
        }
    }

    fn buttons(&mut self, before: &str, buttons: &[Button], most: usize, is_offer: bool) {
        let place = format!("{before}the buttons");
        if buttons.is_empty() || buttons.len() > most {
            let why = format!("there are {}; one to {most} are possible", buttons.len());
            self.fault(&place, why);
        }
        for (n, button) in buttons.iter().enumerate() {
            self.button(&format!("{before}button {}", n + 1), button);
        }
        for (name, most, is_it) in COUNTS {
            let count = buttons
                .iter()
                .filter(|button| is_it(&button.action))
                .count();
            if count > *most {
                self.fault(
                    &place,
                    format!("{count} are of the type {name}, and {most} may be"),
                );
            }
        }
        let is_reply = |button: &Button| matches!(button.action, Action::QuickReply);
        let changes = buttons
            .windows(2)
            .filter(|two| is_reply(&two[0]) != is_reply(&two[1]));
        if changes.count() > 1 {
            self.fault(
                &place,
                "quick replies must stand together, before or after all others",
            );
        }
        let is_alone = |action: &Action| {
            matches!(
                action,
                Action::Catalog | Action::Products | Action::Product | Action::RequestContactInfo
            )
        };
        if buttons.len() > 1
            && let Some(alone) = buttons.iter().find(|button| is_alone(&button.action))
        {
            let why = format!(
                "one of the type {} must be the only one",
                kind_of(&alone.action)
            );
            self.fault(&place, why);
        }
        let copies = buttons
            .iter()
            .position(|button| matches!(button.action, Action::CopyCode { .. }));
        if is_offer && copies.is_some_and(|at| at > 0) {
            self.fault(&place, "with a limited-time offer, COPY_CODE comes first");
        }
    }

    fn button(&mut self, place: &str, button: &Button) {
        match &button.action {
            Action::Otp(_) => {
                return self.fault(place, "OTP is for templates of the category AUTHENTICATION");
            }
            Action::Other(kind) if kind.is_empty() => return,
            Action::Other(kind) => {
                let why = format!(
                    "its type is `{kind}`; use QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW, CATALOG, MPM, SPM, \
                     VOICE_CALL or REQUEST_CONTACT_INFO"
                );
                return self.fault(place, why);
            }
            // Meta writes what is on these.
            Action::CopyCode { samples } => {
                if *samples != 1 {
                    self.fault(place, "it needs `example`: a code that people might copy");
                }
                return;
            }
            Action::RequestContactInfo => return,
            _ => {}
        }
        match &button.text {
            Some(text) => {
                self.length(place, text, BUTTON_TEXT);
                if text.contains("{{") {
                    self.fault(place, "its text takes no variables");
                }
            }
            None => self.fault(place, "it needs `text`"),
        }
        match &button.action {
            Action::Url(url) => self.url(place, url),
            Action::PhoneNumber(number) => {
                let digits = number.strip_prefix('+').unwrap_or(number);
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                if !is_number || number.len() > PHONE {
                    let why = format!(
                        "`phone_number` is digits with country code, at most {PHONE}, as in +15550783881"
                    );
                    self.fault(place, why);
                }
            }
            Action::Flow(flow) => {
                if flow.flows != 1 {
                    self.fault(
                        place,
                        "it needs one of `flow_id`, `flow_name` and `flow_json`",
                    );
                }
                let action = flow.action.as_deref().unwrap_or("navigate");
                if !matches!(action, "navigate" | "data_exchange") {
                    let why = format!(
                        "`flow_action` is `{}`; use navigate or data_exchange",
                        shown(action)
                    );
                    self.fault(place, why);
                }
            }
            _ => {}
        }
    }

    fn url(&mut self, place: &str, url: &Text) {
        self.length(place, &url.text, URL);
        let is_web = url.text.starts_with("https://") || url.text.starts_with("http://");
        if !is_web {
            self.fault(place, "`url` must begin with https:// or http://");
        }
        if !url.odd.is_empty() || url.variables.iter().any(|v| *v != Variable::Position(1)) {
            self.fault(
                place,
                "the variable of `url` is {{1}}, also where others have names",
            );
        }
        match url.variables.len() {
            0 => {}
            1 if url.text.ends_with("}}") => {
                if url.samples != Samples::InOrder(1) {
                    self.fault(
                        place,
                        "it needs `example`: one whole address, with something for {{1}}",
                    );
                }
            }
            _ => self.fault(place, "`url` has one variable at most, at its end"),
        }
    }

    fn offer(&mut self, draft: &Draft, text: &str, expires: bool) {
        let place = "the limited-time offer";
        self.length(place, text, OFFER_TEXT);
        if draft.category != Some(Category::Marketing) {
            self.fault(place, "it is for templates of the category MARKETING");
        }
        let has =
            |is_it: fn(&Action) -> bool| draft.buttons().iter().any(|button| is_it(&button.action));
        if !has(|action| matches!(action, Action::Url(_))) {
            self.fault(place, "it needs a button of the type URL");
        }
        if expires && !has(|action| matches!(action, Action::CopyCode { .. })) {
            self.fault(
                place,
                "with `has_expiration` it needs a button of the type COPY_CODE",
            );
        }
    }

    fn carousel(&mut self, cards: &[Card]) {
        if !CARDS.contains(&cards.len()) {
            let why = format!(
                "it has {} cards, and may have {} to {}",
                cards.len(),
                CARDS.start(),
                CARDS.end()
            );
            self.fault("the carousel", why);
        }
        for (n, card) in cards.iter().enumerate() {
            let place = format!("card {}", n + 1);
            match &card.header {
                Some(Header::Media {
                    kind: Media::Image | Media::Video,
                    ..
                }) => {
                    if let Some(header) = &card.header {
                        self.header(&format!("{place}: the header"), header);
                    }
                }
                Some(Header::Product) => {}
                _ => self.fault(
                    &place,
                    "it needs a header of the format IMAGE, VIDEO or PRODUCT",
                ),
            }
            if let Some(body) = &card.body {
                self.body(&format!("{place}: the body"), body, CARD_BODY);
            }
            self.buttons(&format!("{place}: "), &card.buttons, CARD_BUTTONS, false);
            if n > 0 && shape(card) != shape(&cards[0]) {
                self.fault(
                    &place,
                    "it differs from card 1: all cards have the same kind of header, a body or none, and the same \
                     types of buttons in the same order",
                );
            }
        }
    }

    /// Meta writes its texts.
    fn authentication(&mut self, draft: &Draft) {
        let mut otp = None;
        let mut has_body = false;
        for component in &draft.components {
            match component {
                Component::Body(Body::Code) => has_body = true,
                Component::Body(Body::Text(_)) => {
                    has_body = true;
                    self.fault(
                        "the body",
                        "AUTHENTICATION has Meta's own text: leave `text` out; `add_security_recommendation` adds a line",
                    );
                }
                Component::Footer(Footer::Expiry { minutes }) => {
                    if !minutes.is_some_and(|minutes| (1..=90).contains(&minutes)) {
                        self.fault("the footer", "`code_expiration_minutes` must be 1 to 90");
                    }
                }
                Component::Footer(Footer::Text(_)) => self.fault(
                    "the footer",
                    "AUTHENTICATION has Meta's own text: say `code_expiration_minutes` instead of `text`",
                ),
                Component::Buttons(buttons) => match buttons.as_slice() {
                    [Button { action: Action::Otp(button), text }] => {
                        otp = Some(button);
                        if let Some(text) = text {
                            self.length("button 1", text, BUTTON_TEXT);
                        }
                    }
                    _ => self.fault("the buttons", "AUTHENTICATION has one, of the type OTP"),
                },
                other => self.fault(name_of(other), "AUTHENTICATION has body, footer and one button, and nothing else"),
            }
        }
        if !has_body {
            self.fault("the body", "there is none: write {\"type\": \"BODY\"}");
        }
        match otp {
            Some(button) => self.otp(button),
            None if !draft.components.iter().any(|c| matches!(c, Component::Buttons(_))) => self.fault(
                "the buttons",
                "there are none: write {\"type\": \"BUTTONS\", \"buttons\": [{\"type\": \"OTP\", \"otp_type\": \"COPY_CODE\"}]}",
            ),
            None => {}
        }
    }

    fn otp(&mut self, button: &OtpButton) {
        let place = "button 1";
        let Some(kind) = button.kind else { return };
        if kind == Otp::CopyCode {
            return;
        }
        if button.apps.is_empty() || button.apps.len() > APPS {
            let why = format!("{kind} needs `supported_apps`, one to {APPS}");
            self.fault(place, why);
        }
        for (n, app) in button.apps.iter().enumerate() {
            if !app.package.contains('.') || app.signature.len() != SIGNATURE {
                let why = format!(
                    "app {} needs `package_name`, as com.example.app, and `signature_hash` of {SIGNATURE} characters",
                    n + 1
                );
                self.fault(place, why);
            }
        }
        if kind == Otp::ZeroTap && !button.accepts_terms {
            self.fault(place, "ZERO_TAP needs `zero_tap_terms_accepted`: true");
        }
    }
}

type IsIt = fn(&Action) -> bool;

/// How many buttons may be of a type.
const COUNTS: &[(&str, usize, IsIt)] = &[
    ("URL", 2, |action| matches!(action, Action::Url(_))),
    ("PHONE_NUMBER", 1, |action| {
        matches!(action, Action::PhoneNumber(_))
    }),
    ("COPY_CODE", 1, |action| {
        matches!(action, Action::CopyCode { .. })
    }),
    ("FLOW", 1, |action| matches!(action, Action::Flow(_))),
    ("VOICE_CALL", 1, |action| {
        matches!(action, Action::VoiceCall)
    }),
];

/// As Meta spells it.
pub(super) fn kind_of(action: &Action) -> &str {
    match action {
        Action::QuickReply => "QUICK_REPLY",
        Action::Url(_) => "URL",
        Action::PhoneNumber(_) => "PHONE_NUMBER",
        Action::CopyCode { .. } => "COPY_CODE",
        Action::Flow(_) => "FLOW",
        Action::Otp(_) => "OTP",
        Action::Catalog => "CATALOG",
        Action::Products => "MPM",
        Action::Product => "SPM",
        Action::VoiceCall => "VOICE_CALL",
        Action::RequestContactInfo => "REQUEST_CONTACT_INFO",
        Action::Other(kind) => kind,
    }
}

/// What all cards of a carousel have in common.
fn shape(card: &Card) -> (Option<&'static str>, bool, Vec<&str>) {
    let header = match &card.header {
        Some(Header::Media { kind, .. }) => Some(kind.word()),
        Some(Header::Product) => Some("PRODUCT"),
        _ => None,
    };
    let buttons = card.buttons.iter().map(|button| kind_of(&button.action));
    (header, card.body.is_some(), buttons.collect())
}

fn name_of(component: &Component) -> &str {
    match component {
        Component::Header(_) => "the header",
        Component::Body(_) => "the body",
        Component::Footer(_) => "the footer",
        Component::Buttons(_) => "the buttons",
        Component::LimitedTimeOffer { .. } => "the limited-time offer",
        Component::Carousel(_) => "the carousel",
        Component::CallPermissionRequest => "the call permission request",
        Component::Other(kind) => kind,
    }
}
