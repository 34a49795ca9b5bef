//! The endpoint of a Flow, as a business has one: it decrypts, answers as it is told, and encrypts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::aes::Aes128;
use aes_gcm::{AesGcm, Nonce};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use num_bigint::BigUint;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A key that is for tests alone.
pub(crate) const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnixPSSIwAsDIzkCq2rwQ
b6LJuRMP2SjDWNNiobFRqpdKUqKZXD7hcAM2bczlb0dsFULWAe8wCeckiqF2D5L8
Eh4KsuF0zLc92md1OyePMpwUEpr5EhnWw1n1DgUkksQJmzjezuHhZe3QAqA6jKOT
npaa9TDwXyDg3YMkDqiWlI86pNg+cmxTpUnKJlrTUQSVzA9KY4M5qiVIwPxvuVy5
+mJ67xX/jDHA9lhsRoMu9qOLmaY7orjrXxeoegPvCgqMtp5nE3wucar28Juu05sV
c7m7gUlbNF4piOvkd4OomhnT7h/6l2q0z/yh+YV9NsCA97KBy/lKaCPnlF4RisDM
awIDAQAB
-----END PUBLIC KEY-----
";
const MODULUS: &str = "\
9e2c4f49223002c0c8ce40aadabc106fa2c9b9130fd928c358d362a1b151aa974a52a2995c3ee17003366dcce56f476c\
1542d601ef3009e7248aa1760f92fc121e0ab2e174ccb73dda67753b278f329c14129af91219d6c359f50e052492c409\
9b38decee1e165edd002a03a8ca3939e969af530f05f20e0dd83240ea896948f3aa4d83e726c53a549ca265ad3510495\
cc0f4a638339aa2548c0fc6fb95cb9fa627aef15ff8c31c0f6586c46832ef6a38b99a63ba2b8eb5f17a87a03ef0a0a8c\
b69e67137c2e71aaf6f09baed39b1573b9bb81495b345e2988ebe47783a89a19d3ee1ffa976ab4cffca1f9857d36c080\
f7b281cbf94a6823e7945e118ac0cc6b";
const PRIVATE_EXPONENT: &str = "\
391e72314c4dbf28c43b2b4227c44341352d988e882a191cd62e5bcf5d3bcb196047101dc6a09483813d7e1040885b67\
ee139939d098edf2911118f68bf03de40302450fc2c08ca9a2fdba6976c330f9090ca0f731f0afcc12e7ba3ce434b5e3\
6c30f0d10fe3f80d9590e530cf89e0aca3e1688ad83ada222a0c0a10db13a9a8b0245322ccfb62b0116fa7dd8b45a2be\
5b724d8ae8e4ee47969b4bdd08b5720a40411a696b912e6a884ce00558a94f973bcd244c9089db8f54f4139efd884721\
f2c1e4fc6df702919d9855db009ff033bb5b380bbb32ab9f41999e83fed0794b9373bac4cc42460da6e12912027fd8b6\
015ef71f2d908914a278716d14d64649";

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Encrypted.
    Says(Value),
    /// In the clear, with a status.
    Plain(u16, Value),
    /// Something that no key decrypts.
    Nonsense,
}

#[derive(Default)]
struct Desk {
    secret: Mutex<String>,
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Value>>,
}

/// A web server on a free port.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    desk: Arc<Desk>,
}

impl Endpoint {
    pub(crate) async fn start(secret: &str) -> Self {
        let desk = Arc::new(Desk::default());
        *desk.secret.lock().unwrap() = secret.to_owned();
        let service = Router::new()
            .route("/flow", post(answer))
            .with_state(desk.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/flow", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { url, desk }
    }

    /// Answers the next requests so; pings and notices of errors are answered by themselves.
    pub(crate) fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.desk.replies.lock().unwrap().extend(replies);
    }

    /// What was asked so far, decrypted.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.desk.seen.lock().unwrap().clone()
    }
}

async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let secret = desk.secret.lock().unwrap().clone();
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&body);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    if headers["x-hub-signature-256"] != expected.as_str() {
        return StatusCode::from_u16(432).unwrap().into_response();
    }
    let sealed: Value = serde_json::from_slice(&body).unwrap();
    let part = |name: &str| STANDARD.decode(sealed[name].as_str().unwrap()).unwrap();
    let key: [u8; 16] = decrypt_key(&part("encrypted_aes_key")).try_into().unwrap();
    let iv: [u8; 16] = part("initial_vector").try_into().unwrap();
    let cipher = AesGcm::<Aes128, U16>::new(&key.into());
    let plain = cipher
        .decrypt(&Nonce::<U16>::from(iv), &part("encrypted_flow_data")[..])
        .unwrap();
    let request: Value = serde_json::from_slice(&plain).unwrap();
    let reply = match (&request["action"], &request["data"]["error"]) {
        (action, _) if action == "ping" && desk.replies.lock().unwrap().is_empty() => {
            Reply::Says(json!({"data": {"status": "active"}}))
        }
        (_, Value::String(_)) => Reply::Says(json!({"data": {"acknowledged": true}})),
        _ => {
            let next = desk.replies.lock().unwrap().pop_front();
            next.unwrap_or(Reply::Plain(500, Value::Null))
        }
    };
    desk.seen.lock().unwrap().push(request);
    match reply {
        Reply::Says(value) => {
            let nonce = Nonce::<U16>::from(iv.map(|byte| !byte));
            let sealed = cipher
                .encrypt(&nonce, value.to_string().as_bytes())
                .unwrap();
            STANDARD.encode(sealed).into_response()
        }
        Reply::Plain(status, value) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, axum::Json(value)).into_response()
        }
        Reply::Nonsense => STANDARD.encode([7; 64]).into_response(),
    }
}

/// RSA-OAEP with SHA-256, read backwards.
fn decrypt_key(sealed: &[u8]) -> Vec<u8> {
    let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).unwrap();
    let opened = BigUint::from_bytes_be(sealed).modpow(&number(PRIVATE_EXPONENT), &number(MODULUS));
    let bytes = opened.to_bytes_be();
    let padded = [vec![0; 256 - bytes.len()], bytes].concat();
    let (masked_seed, masked_block) = padded[1..].split_at(32);
    let xor = |a: &[u8], b: Vec<u8>| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    let seed = xor(masked_seed, mask(masked_block, 32));
    let block = xor(masked_block, mask(&seed, 223));
    assert_eq!(block[..32], Sha256::digest(b"")[..]);
    let start = block[32..].iter().position(|byte| *byte == 1).unwrap();
    block[32 + start + 1..].to_vec()
}

fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    let rounds = (0_u32..).map(|round| Sha256::digest([seed, &round.to_be_bytes()].concat()));
    rounds.flatten().take(length).collect()
}
