//! Values that the host knows of a project, and the many names that bots read them by.
//!
//! A *link* is a setting of a project: under this name the bot finds that value. It says which
//! value, not what it is, so it goes on through changes of number, token and account.
//!
//! [`recognize`] goes by the words of a name, all of which have to be of WhatsApp's world: it knows
//! `META_APP_SECRET` and `WA_CLOUD_API_ACCESS_TOKEN`, and leaves `STRIPE_WEBHOOK_SECRET` and
//! `JWT_ACCESS_TOKEN_SECRET` alone. It is a guess, so it is offered, and taken by who says so.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::words::words;

/// The links of a project, by the names that its bot reads.
pub type Links = BTreeMap<String, HostValue>;

words! {
    /// A value that the host knows of a project.
    #[derive(PartialOrd, Ord)]
    pub enum HostValue: "value that the host knows of a project" {
        /// What the bot's handshake asks for.
        VerifyToken = "verify-token",
        /// What signs the bot's webhooks.
        AppSecret = "app-secret",
        /// The placeholder that becomes Meta's token on its way out.
        AccessToken = "access-token",
        /// Meta's id of the project's number.
        PhoneNumberId = "phone-number-id",
        /// Meta's id of the number's business account.
        AccountId = "account-id",
        /// The number as people dial it.
        PhoneNumber = "phone-number",
        /// The version of the Graph API that the host speaks, such as `v25.0`.
        GraphVersion = "graph-version",
    }
}

impl HostValue {
    /// Whether nobody needs to hide it: it opens nothing by itself.
    pub fn is_public(self) -> bool {
        !matches!(self, Self::AppSecret)
    }

    /// Whether it is the number's own: what another environment says of it leads nowhere here.
    pub fn is_of_number(self) -> bool {
        matches!(self, Self::PhoneNumberId | Self::AccountId)
    }
}

/// What the host sets under names of its own.
pub fn set_by_host(name: &str) -> Option<HostValue> {
    Some(match name {
        "VERIFY_TOKEN" => HostValue::VerifyToken,
        "APP_SECRET" => HostValue::AppSecret,
        "WHATSAPP_TOKEN" => HostValue::AccessToken,
        "PHONE_NUMBER_ID" => HostValue::PhoneNumberId,
        "WABA_ID" => HostValue::AccountId,
        _ => return None,
    })
}

/// Words that say whose a value is, and not which.
const OWNER: [&str; 19] = [
    "whatsapp",
    "wa",
    "wapp",
    "wsp",
    "wpp",
    "whats",
    "meta",
    "fb",
    "facebook",
    "cloud",
    "cloudapi",
    "graph",
    "graphapi",
    "api",
    "business",
    "bot",
    "my",
    "m4d",
    "messenger",
];

/// WhatsApp itself.
const WHATSAPP: [&str; 6] = ["whatsapp", "wa", "wapp", "wsp", "wpp", "whats"];

/// Others that give numbers ids, and others whose numbers they are.
const OTHERS: [&str; 10] = [
    "twilio",
    "vonage",
    "nexmo",
    "plivo",
    "telnyx",
    "vapi",
    "retell",
    "sms",
    "recipient",
    "customer",
];

/// Names that say too little by themselves, and mean this in a bot that calls the Graph API.
const SHORT: [(&str, HostValue); 7] = [
    ("TOKEN", HostValue::AccessToken),
    ("API_TOKEN", HostValue::AccessToken),
    ("MYTOKEN", HostValue::VerifyToken),
    ("MY_TOKEN", HostValue::VerifyToken),
    ("VERSION", HostValue::GraphVersion),
    ("API_VERSION", HostValue::GraphVersion),
    ("WEBHOOK_SECRET", HostValue::AppSecret),
];

/// What a name means in the code of a WhatsApp bot; `None`: nothing that the host knows.
pub fn recognize(name: &str) -> Option<HostValue> {
    if let Some((_, value)) = SHORT.iter().find(|(short, _)| *short == name) {
        return Some(*value);
    }
    let words = words(name);
    let has = |word: &str| words.iter().any(|have| have == word);
    let any = |of: &[&str]| of.iter().any(|word| has(word));
    // Every word is the owner's, or one of these.
    let only = |of: &[&str]| {
        words
            .iter()
            .all(|word| OWNER.contains(&word.as_str()) || of.contains(&word.as_str()))
    };
    let of_whatsapp = words.iter().any(|word| {
        OWNER.contains(&word.as_str())
            && !["api", "my", "bot", "business", "cloud", "graph"].contains(&word.as_str())
    });
    let verify = [
        "verify",
        "verification",
        "verifytoken",
        "verificacion",
        "validation",
        "wh",
    ];
    if any(&verify[..5])
        && only(
            &[
                &verify[..],
                &[
                    "webhook", "hub", "token", "string", "key", "secret", "code", "app",
                ],
            ]
            .concat(),
        )
    {
        return Some(HostValue::VerifyToken);
    }
    if has("webhook") && has("token") && only(&["webhook", "token"]) {
        return Some(HostValue::VerifyToken);
    }
    if any(&["secret", "appsecret"])
        && (any(&["app", "appsecret", "webhook", "signature"]) || of_whatsapp)
        && only(&[
            "app",
            "appsecret",
            "secret",
            "key",
            "webhook",
            "hub",
            "signature",
        ])
    {
        return Some(HostValue::AppSecret);
    }
    let account = ["waba", "account", "acct", "bussiness"];
    let number = [
        "phone",
        "number",
        "phonenumber",
        "phoneid",
        "numberid",
        "num",
        "sender",
        "from",
    ];
    let is_id = any(&["id", "phoneid", "numberid", "phonenumberid", "wabaid"]);
    if any(&[
        "phone",
        "phonenumber",
        "phoneid",
        "phonenumberid",
        "number",
        "numberid",
        "sender",
    ]) && is_id
        && only(&[&number[..], &["phonenumberid", "id", "app"]].concat())
    {
        return Some(HostValue::PhoneNumberId);
    }
    // Of a bot with several names for its number: `BERLIN_PHONE_NUMBER_ID`. Or of one that is short: `WA_ID`.
    let is_long = words.len() > 3 && words.ends_with(&["phone", "number", "id"].map(str::to_owned));
    let is_short =
        matches!(&words[..], [owner, id] if id == "id" && WHATSAPP.contains(&owner.as_str()));
    if (is_long && !any(&OTHERS)) || is_short {
        return Some(HostValue::PhoneNumberId);
    }
    if (any(&["waba", "wabaid", "account", "acct"]) && (is_id || has("waba")))
        && !any(&["token", "secret", "key"])
        && (of_whatsapp || any(&["waba", "wabaid", "business"]))
        && only(&[&account[..], &["id", "wabaid"]].concat())
    {
        return Some(HostValue::AccountId);
    }
    if of_whatsapp
        && any(&["number", "phone", "phonenumber"])
        && only(&["number", "phone", "phonenumber", "display"])
    {
        return Some(HostValue::PhoneNumber);
    }
    if has("version")
        && any(&[
            "graph", "graphapi", "meta", "fb", "facebook", "whatsapp", "wa", "cloud", "cloudapi",
        ])
        && only(&["version"])
    {
        return Some(HostValue::GraphVersion);
    }
    let token = ["token", "accesstoken", "bearer"];
    let kinds = [
        "access",
        "permanent",
        "system",
        "user",
        "auth",
        "waba",
        "temporary",
        "temp",
        "page",
        "key",
        "app",
    ];
    if any(&token)
        && only(&[&token[..], &kinds[..]].concat())
        && (of_whatsapp
            || any(&["graph", "cloud", "waba", "permanent"])
            || name == "ACCESS_TOKEN"
            || name == "USER_ACCESS_TOKEN"
            || name == "SYSTEM_USER_TOKEN"
            || name == "SYSTEM_USER_ACCESS_TOKEN"
            || name == "BEARER_TOKEN")
    {
        return Some(HostValue::AccessToken);
    }
    if of_whatsapp && has("key") && only(&["key", "access"]) {
        return Some(HostValue::AccessToken);
    }
    None
}

/// `WA_PhoneNumberId` → `wa`, `phone`, `number`, `id`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        let begins = c.is_ascii_uppercase() && before.is_ascii_lowercase();
        match c {
            '_' | '-' | '.' => {}
            c if before == '_' || begins || words.is_empty() => {
                words.push(c.to_ascii_lowercase().to_string());
            }
            c => {
                if let Some(last) = words.last_mut() {
                    last.push(c.to_ascii_lowercase());
                }
            }
        }
        before = match c {
            '-' | '.' => '_',
            c => c,
        };
    }
    words
}
