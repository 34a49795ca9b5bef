//! A Flow's data request, opened, and its answer, sealed: RSA-OAEP with SHA-256, then AES-128-GCM, the answer with the
//! bits of the IV inverted.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::keys::{AesGcm, EncryptionPadding, Key, decrypt};
use crate::projects::Secret;

const AES_KEY: usize = 16;
const TAG: usize = 16;
/// Meta's has 16 bytes.
const LONGEST_IV: usize = 64;

/// The longest body of a data request, and of an answer.
pub const MOST_BYTES: usize = 2 << 20;

/// Why a request was not opened. Nothing of what it holds is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    #[error("the body is none of a Flow's data requests")]
    Malformed,
    #[error("no key of the project opens it")]
    WrongKey,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    encrypted_flow_data: &'a str,
    encrypted_aes_key: &'a str,
    initial_vector: &'a str,
}

/// What a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whether the endpoint is there.
    Ping,
    /// Nothing: it tells that an answer was of no use, with Meta's word for it.
    Complaint(String),
    /// An answer of the bot's.
    Data,
}

/// A request that was opened. It is not printed.
pub struct Opened {
    key: [u8; AES_KEY],
    iv: Vec<u8>,
    /// Its text, which is JSON.
    text: String,
    json: Value,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opened(***)")
    }
}

/// The parts of a body, before there is a key.
pub(super) struct Sealed {
    data: Vec<u8>,
    aes_key: Vec<u8>,
    iv: Vec<u8>,
}

impl Sealed {
    pub(super) fn read(body: &[u8]) -> Result<Self, NotOpened> {
        let envelope: Envelope<'_> =
            serde_json::from_slice(body).map_err(|_| NotOpened::Malformed)?;
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| NotOpened::Malformed);
        let sealed = Self {
            data: bytes(envelope.encrypted_flow_data)?,
            aes_key: bytes(envelope.encrypted_aes_key)?,
            iv: bytes(envelope.initial_vector)?,
        };
        let fits = sealed.data.len() >= TAG && (1..=LONGEST_IV).contains(&sealed.iv.len());
        fits.then_some(sealed).ok_or(NotOpened::Malformed)
    }

    pub(super) fn open(&self, key: &Key) -> Result<Opened, NotOpened> {
        let padding = EncryptionPadding::Oaep {
            digest: "sha256".to_owned(),
            mask: None,
            label: Vec::new(),
        };
        let aes_key = decrypt(key, &self.aes_key, &padding).map_err(|_| NotOpened::WrongKey)?;
        let aes_key: [u8; AES_KEY] = aes_key.try_into().map_err(|_| NotOpened::WrongKey)?;
        let (data, tag) = self.data.split_at(self.data.len() - TAG);
        let mut text = data.to_vec();
        let opened = AesGcm::new(&aes_key, &self.iv, false).and_then(|mut gcm| {
            gcm.update(&mut text)?;
            gcm.check(tag)
        });
        opened.map_err(|_| NotOpened::WrongKey)?;
        let text = String::from_utf8(text).map_err(|_| NotOpened::Malformed)?;
        let json: Value = serde_json::from_str(&text).map_err(|_| NotOpened::Malformed)?;
        if !json.is_object() {
            return Err(NotOpened::Malformed);
        }
        Ok(Opened {
            key: aes_key,
            iv: self.iv.clone(),
            text,
            json,
        })
    }
}

impl Opened {
    /// The request as Meta wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn asked(&self) -> Asked {
        if self.json["action"] == "ping" {
            return Asked::Ping;
        }
        match self.json["data"]["error"].as_str() {
            Some(error) if self.json["data"]["error_message"].is_string() => {
                Asked::Complaint(word(error))
            }
            _ => Asked::Data,
        }
    }

    /// What ties it to a message, if anything does.
    pub fn token(&self) -> Option<&str> {
        self.json["flow_token"].as_str()
    }

    /// Whether Meta's own signature of the token, where there is one, was made with one of these.
    pub fn is_token_signed(&self, app_secrets: &[Secret]) -> bool {
        match self.json["flow_token_signature"].as_str() {
            None => true,
            Some(jwt) => self
                .token()
                .is_some_and(|token| is_jwt_of(jwt, token, app_secrets)),
        }
    }

    /// Every text and number of what people entered and what the bot told before: none of it belongs in a log.
    pub fn plaintexts(&self) -> Vec<String> {
        let mut found: Vec<String> = self.token().map(str::to_owned).into_iter().collect();
        collect(&self.json["data"], &mut found);
        found.extend(
            self.json["flow_token_signature"]
                .as_str()
                .map(str::to_owned),
        );
        found
    }

    /// An answer for whoever asked.
    ///
    /// Fails when the library does, which has no reason to.
    pub fn seal(&self, answer: &[u8]) -> Result<String, NotOpened> {
        let iv: Vec<u8> = self.iv.iter().map(|byte| !byte).collect();
        let mut data = answer.to_vec();
        let tag = AesGcm::new(&self.key, &iv, true).and_then(|mut gcm| {
            gcm.update(&mut data)?;
            gcm.tag()
        });
        data.extend_from_slice(&tag.map_err(|_| NotOpened::WrongKey)?);
        Ok(STANDARD.encode(data))
    }
}

/// What the host answers by itself.
pub fn own_answer(asked: &Asked) -> Option<Value> {
    match asked {
        Asked::Ping => Some(json!({ "data": { "status": "active" } })),
        Asked::Complaint(_) => Some(json!({ "data": { "acknowledged": true } })),
        Asked::Data => None,
    }
}

/// A word of Meta's; what is none may be somebody's data.
fn word(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match text.len() <= 60 && text.chars().all(is_word) {
        true => text.to_owned(),
        false => "unknown".to_owned(),
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn is_jwt_of(jwt: &str, token: &str, app_secrets: &[Secret]) -> bool {
    let Some((signed, signature)) = jwt.rsplit_once('.') else {
        return false;
    };
    let Some((head, payload)) = signed.split_once('.') else {
        return false;
    };
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
    };
    let (Some(head), Some(payload), Ok(signature)) = (
        read(head),
        read(payload),
        URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')),
    ) else {
        return false;
    };
    let is_made_by = |secret: &Secret| {
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).is_ok_and(|mac| {
            mac.chain_update(signed.as_bytes())
                .verify_slice(&signature)
                .is_ok()
        })
    };
    head["alg"] == "HS256" && payload["flow_token"] == token && app_secrets.iter().any(is_made_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Request, RsaRequest, encrypt, generate};

    fn key() -> Key {
        let rsa = RsaRequest {
            bits: 2048,
            exponent: 65_537,
        };
        generate(&Request::Rsa(rsa), &|_| true).unwrap()
    }

    /// As a phone does it.
    fn sealed(key: &Key, aes: &[u8; 16], iv: &[u8], text: &str) -> Vec<u8> {
        let padding = EncryptionPadding::Oaep {
            digest: "sha256".to_owned(),
            mask: None,
            label: Vec::new(),
        };
        let mut data = text.as_bytes().to_vec();
        let mut gcm = AesGcm::new(aes, iv, true).unwrap();
        gcm.update(&mut data).unwrap();
        data.extend_from_slice(&gcm.tag().unwrap());
        json!({
            "encrypted_flow_data": STANDARD.encode(data),
            "encrypted_aes_key": STANDARD.encode(encrypt(key, aes, &padding).unwrap()),
            "initial_vector": STANDARD.encode(iv),
        })
        .to_string()
        .into_bytes()
    }

    fn opened(key: &Key, body: &[u8]) -> Result<Opened, NotOpened> {
        Sealed::read(body)?.open(key)
    }

    const AES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const IV: [u8; 16] = [
        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    ];

    #[test]
    fn what_others_encrypted_opens_and_what_is_sealed_they_can_open() {
        // Made by another implementation, as the answer below was read by it.
        let padding = EncryptionPadding::Oaep {
            digest: "sha256".to_owned(),
            mask: None,
            label: Vec::new(),
        };
        let key = key();
        let body = json!({
            "encrypted_flow_data": "vryB0w/BTee4OvmgkgEf9dnfQfwZb8iWi7yl5iotFMJeuQl749lOptdzv/L1T2V2PA==",
            "encrypted_aes_key": STANDARD.encode(encrypt(&key, &AES, &padding).unwrap()),
            "initial_vector": STANDARD.encode(IV),
        });
        let opened = opened(&key, body.to_string().as_bytes()).unwrap();
        assert_eq!(opened.text(), r#"{"version":"3.0","action":"ping"}"#);
        assert_eq!(opened.asked(), Asked::Ping);
        let answer = own_answer(&Asked::Ping).unwrap().to_string();
        assert_eq!(
            opened.seal(answer.as_bytes()).unwrap(),
            "IHgL0mWXHJ6FDPLH6+aygF5BfT+mPzwvzktiKvlmYpg8eFKqJX/07YVStaI="
        );
    }

    #[test]
    fn what_does_not_open_says_why() {
        let (key, other) = (key(), key());
        let good = sealed(&key, &AES, &IV, r#"{"action":"INIT"}"#);
        assert!(opened(&key, &good).is_ok());
        assert_eq!(opened(&other, &good).unwrap_err(), NotOpened::WrongKey);
        let mut changed: Value = serde_json::from_slice(&good).unwrap();
        let text = changed["encrypted_flow_data"].as_str().unwrap();
        let mut data = STANDARD.decode(text).unwrap();
        data[0] ^= 1;
        changed["encrypted_flow_data"] = STANDARD.encode(data).into();
        assert_eq!(
            opened(&key, changed.to_string().as_bytes()).unwrap_err(),
            NotOpened::WrongKey
        );
        for odd in [
            "",
            "{}",
            "[]",
            r#"{"encrypted_flow_data":"","encrypted_aes_key":"","initial_vector":""}"#,
        ] {
            assert_eq!(
                opened(&key, odd.as_bytes()).unwrap_err(),
                NotOpened::Malformed,
                "{odd}"
            );
        }
        let list = sealed(&key, &AES, &IV, "[1]");
        assert_eq!(opened(&key, &list).unwrap_err(), NotOpened::Malformed);
        // Nothing of it is printed.
        assert_eq!(format!("{:?}", opened(&key, &good).unwrap()), "Opened(***)");
    }

    #[test]
    fn complaints_are_known_by_their_fields_and_only_words_are_kept() {
        let key = key();
        let of = |text: &str| opened(&key, &sealed(&key, &AES, &IV, text)).unwrap();
        let complaint = r#"{"version":"3.0","action":"data_exchange","flow_token":"t",
            "data":{"error":"invalid-screen-transition","error_message":"Ana went elsewhere"}}"#;
        let asked = of(complaint).asked();
        assert_eq!(
            asked,
            Asked::Complaint("invalid-screen-transition".to_owned())
        );
        assert_eq!(
            own_answer(&asked).unwrap(),
            json!({ "data": { "acknowledged": true } })
        );
        let odd = r#"{"data":{"error":"Ana's data, see","error_message":"x"}}"#;
        assert_eq!(of(odd).asked(), Asked::Complaint("unknown".to_owned()));
        // What a bot's own screen calls so.
        let data = r#"{"action":"data_exchange","screen":"A","data":{"error":"none"}}"#;
        assert_eq!(of(data).asked(), Asked::Data);
        let texts =
            of(r#"{"flow_token":"tok","data":{"who":"Ana","ages":[7,{"x":"y"}],"ok":true}}"#)
                .plaintexts();
        assert_eq!(texts, ["tok", "Ana", "7", "y"]);
    }

    #[test]
    fn a_signature_of_the_token_is_looked_at_where_there_is_one() {
        let key = key();
        let secret = Secret::new("app secret");
        let jwt = |alg: &str, token: &str, secret: &Secret| {
            let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
            let signed = format!(
                "{}.{}",
                part(json!({ "alg": alg })),
                part(json!({ "flow_token": token }))
            );
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap();
            let mac = mac.chain_update(signed.as_bytes()).finalize().into_bytes();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
        };
        let of = |signature: Option<String>| {
            let mut request = json!({ "action": "INIT", "flow_token": "tok" });
            if let Some(signature) = signature {
                request["flow_token_signature"] = signature.into();
            }
            let body = sealed(&key, &AES, &IV, &request.to_string());
            let secrets = [Secret::new("before"), secret.clone()];
            opened(&key, &body).unwrap().is_token_signed(&secrets)
        };
        assert!(of(None));
        assert!(of(Some(jwt("HS256", "tok", &secret))));
        assert!(!of(Some(jwt("HS256", "other", &secret))));
        assert!(!of(Some(jwt("none", "tok", &secret))));
        assert!(!of(Some(jwt("HS256", "tok", &Secret::new("another")))));
        assert!(!of(Some("x.y".to_owned())));
    }
}
