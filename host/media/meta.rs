//! Calls to Meta about media, with a project's number and token.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::{File, MediaError};
use crate::whatsapp::{
    AccessToken, GraphClient, GraphError, GraphRequest, GraphResponse, GraphStream, Outcome,
};

/// How long an upload may take.
const UPLOADING: Duration = Duration::from_secs(180);

/// How often an upload in pieces is gone on with.
const TRIES: u32 = 4;

/// A number, as its token reaches it.
pub(super) struct Meta<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) number: String,
    pub(super) token: AccessToken,
}

/// What Meta says of a medium.
pub(super) struct Described {
    pub(super) url: String,
    pub(super) mime_type: String,
    /// In hexadecimal.
    pub(super) sha256: Option<String>,
    pub(super) size: Option<u64>,
}

impl Meta<'_> {
    /// What Meta has by this id of this number: Meta itself looks whose it is.
    pub(super) async fn describe(&self, id: &str) -> Result<Described, MediaError> {
        let path = format!("{id}?phone_number_id={}", self.number);
        let answer = self.ask(Method::GET, &path, Some(id)).await?;
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        // Whatever else has an id has no such address.
        let (Some(url), true) = (text("url"), answer["id"] == id) else {
            return Err(MediaError::NotFound(id.to_owned()));
        };
        let size = &answer["file_size"];
        let size = size.as_u64().or_else(|| size.as_str()?.parse().ok());
        let is_hex =
            |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        Ok(Described {
            url,
            mime_type: text("mime_type").unwrap_or_else(|| "application/octet-stream".to_owned()),
            sha256: text("sha256")
                .map(|text| text.to_ascii_lowercase())
                .filter(is_hex),
            size,
        })
    }

    /// The bytes of what was described.
    pub(super) async fn stream(
        &self,
        described: &Described,
        most: usize,
    ) -> Result<GraphStream, MediaError> {
        let stream = self
            .client
            .media_at(&self.token, &described.url, most)
            .await;
        match stream {
            Ok(stream) if stream.status.is_success() => Ok(stream),
            Ok(stream) => Err(MediaError::Later(format!(
                "Meta's media host answered with status {}",
                stream.status.as_u16()
            ))),
            Err(outcome) => Err(unreachable(outcome)),
        }
    }

    /// Uploads a file, and gives Meta's id of it.
    pub(super) async fn upload(
        &self,
        mime_type: &str,
        file: &File<'_>,
    ) -> Result<String, MediaError> {
        let (content_type, body) = form(mime_type, file);
        let path = format!("{}/media", self.number);
        let request = request(Method::POST, path, Some(content_type), body);
        let answer = self.client.call_lasting(&self.token, &request, UPLOADING);
        let answer = read(answer.await, None)?;
        match answer["id"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(MediaError::Later("Meta's answer names no media".to_owned())),
        }
    }

    /// Deletes it at Meta.
    pub(super) async fn delete(&self, id: &str) -> Result<(), MediaError> {
        let path = format!("{id}?phone_number_id={}", self.number);
        self.ask(Method::DELETE, &path, Some(id)).await.map(drop)
    }

    /// Uploads a file for a template's header or a profile's photo, in pieces, and gives Meta's handle of it.
    pub(super) async fn upload_sample(
        &self,
        mime_type: &str,
        file: &File<'_>,
    ) -> Result<String, MediaError> {
        let app = self.ask(Method::GET, "app?fields=id", None).await?;
        let app = app["id"].as_str().unwrap_or("app").to_owned();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("file_name", &file.name())
            .append_pair("file_length", &file.bytes.len().to_string())
            .append_pair("file_type", mime_type)
            .finish();
        let session = self
            .ask(Method::POST, &format!("{app}/uploads?{query}"), None)
            .await?;
        let Some(session) = session["id"]
            .as_str()
            .filter(|id| id.starts_with("upload:"))
        else {
            return Err(MediaError::Later(
                "Meta's answer names no upload".to_owned(),
            ));
        };
        let mut offset = 0;
        let mut tries = 1;
        loop {
            let rest = file.bytes.slice(offset..);
            let kind = HeaderValue::from_static("application/octet-stream");
            let mut piece = request(Method::POST, session.to_owned(), Some(kind), rest);
            piece.headers.insert(
                HeaderName::from_static("file_offset"),
                HeaderValue::from(offset as u64),
            );
            let answer = self.client.call_lasting(&self.token, &piece, UPLOADING);
            let answer = read(answer.await, None);
            match answer {
                Ok(answer) if answer["h"].is_string() => {
                    return Ok(answer["h"].as_str().unwrap_or_default().to_owned());
                }
                Ok(_) | Err(MediaError::Later(_)) if tries < TRIES => tries += 1,
                Ok(_) => return Err(MediaError::Later("Meta's answer has no handle".to_owned())),
                Err(error) => return Err(error),
            }
            // How far it came: from there it goes on.
            let there = self.ask(Method::GET, session, None).await?;
            let there = there["file_offset"].as_u64().unwrap_or_default();
            offset = usize::try_from(there)
                .unwrap_or_default()
                .min(file.bytes.len());
        }
    }

    async fn ask(&self, method: Method, path: &str, id: Option<&str>) -> Result<Value, MediaError> {
        let request = request(method, path.to_owned(), None, Bytes::new());
        read(self.client.call(&self.token, &request).await, id)
    }
}

fn request(
    method: Method,
    path: String,
    content_type: Option<HeaderValue>,
    body: Bytes,
) -> GraphRequest {
    let content_type = content_type.map(|value| (header::CONTENT_TYPE, value));
    GraphRequest {
        method,
        version: None,
        path,
        headers: HeaderMap::from_iter(content_type),
        body,
    }
}

/// The body of an upload, and its type.
fn form(mime_type: &str, file: &File<'_>) -> (HeaderValue, Bytes) {
    // Nobody who wrote the file could know it.
    let boundary = format!("roost-{}", hex::encode(rand::random::<[u8; 16]>()));
    let mut body = BytesMut::with_capacity(file.bytes.len() + 1024);
    for (name, value) in [("messaging_product", "whatsapp"), ("type", mime_type)] {
        let part = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.put_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         content-type: {mime_type}\r\n\r\n",
        file.name()
    );
    body.put_slice(head.as_bytes());
    body.put_slice(&file.bytes);
    body.put_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
    let kind = kind.unwrap_or_else(|_| HeaderValue::from_static("multipart/form-data"));
    (kind, body.freeze())
}

fn unreachable(outcome: Outcome) -> MediaError {
    match outcome {
        Outcome::NotSent(why) => MediaError::Later(format!("Meta cannot be reached: {why}")),
        Outcome::Unknown(why) => MediaError::Later(format!("Meta's answer was lost: {why}")),
        Outcome::Answered(answer) => refusal(&answer, None),
    }
}

fn read(outcome: Outcome, id: Option<&str>) -> Result<Value, MediaError> {
    let answer = match outcome {
        Outcome::Answered(answer) => answer,
        other => return Err(unreachable(other)),
    };
    if !answer.status.is_success() || GraphError::read(&answer).is_some() {
        return Err(refusal(&answer, id));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| MediaError::Later("Meta's answer cannot be read".to_owned()))
}

/// Meta's codes for what passes.
const LATER: [i32; 8] = [1, 2, 4, 80007, 80008, 130_429, 131_000, 131_016];

fn refusal(answer: &GraphResponse, id: Option<&str>) -> MediaError {
    let error = GraphError::of(answer);
    // Of what is not there, and of what is another number's.
    let is_no_such = (error.code == 100 && matches!(error.subcode, None | Some(33)))
        || error.code == 131_009
        || answer.status == StatusCode::NOT_FOUND;
    if let Some(id) = id.filter(|_| is_no_such) {
        return MediaError::NotFound(id.to_owned());
    }
    let said = match &error.details {
        Some(details) if *details != error.message => format!("{}: {details}", error.message),
        _ => error.message.clone(),
    };
    let said = said.trim_end_matches('.');
    let quoted = format!("Meta said “{said}” (code {})", error.code);
    if LATER.contains(&error.code) || error.is_transient || answer.status.is_server_error() {
        return MediaError::Later(format!("{quoted}; try again later"));
    }
    match error.code {
        0 | 102 | 104 | 190 => MediaError::Token(format!(
            "{quoted}. What to do: connect the number again with a token that is valid"
        )),
        3 | 10 | 200..=299 => MediaError::Token(format!(
            "{quoted}. What to do: connect the number again with a token that has the permission \
             whatsapp_business_messaging"
        )),
        _ => MediaError::Refused(quoted),
    }
}
