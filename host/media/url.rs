//! Files at an address: fetched as the project's bot might, by the host's egress policy and the project's lists.

use bytes::{Bytes, BytesMut};
use http::{StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty};

use super::kinds::{MOST_BYTES, Named, in_words};
use super::upload::{COMING, Room};
use super::{File, Media, MediaError};
use crate::egress::EgressError;
use crate::projects::ProjectId;

/// Redirects that are followed, each of which the policy judges.
const MOST_HOPS: usize = 5;

/// What a file of unknown length is let in with at first.
const SHORT: usize = 256 << 10;

/// A file that came.
pub(super) struct Fetched {
    bytes: Bytes,
    mime_type: Option<String>,
    /// As its address ends.
    name: Option<String>,
}

impl Fetched {
    /// With what its sender says of it, where nobody else does.
    pub(super) fn file<'a>(&'a self, named: &Named<'a>) -> File<'a> {
        File {
            bytes: self.bytes.clone(),
            named: Named {
                mime_type: named.mime_type.or(self.mime_type.as_deref()),
                filename: named.filename.or(self.name.as_deref()),
                kind: named.kind,
            },
        }
    }
}

impl Media {
    pub(super) async fn fetched(
        &self,
        project_id: ProjectId,
        url: &str,
    ) -> Result<(Fetched, Room), MediaError> {
        let getting = self.get(project_id, url);
        match tokio::time::timeout(COMING, getting).await {
            Ok(fetched) => fetched,
            Err(_) => Err(refused(
                url,
                format!("the file did not come within {COMING:?}"),
            )),
        }
    }

    async fn get(&self, project_id: ProjectId, url: &str) -> Result<(Fetched, Room), MediaError> {
        let project = self.parts.projects.by_id(project_id).await?;
        let (deny, only) = (&project.egress_deny, &project.egress_only);
        let egress = self.parts.egress.of_project(project_id.0, deny, only);
        let no_address = || refused(url, "it is not an http(s) address".to_owned());
        let mut at = ::url::Url::parse(url).map_err(|_| no_address())?;
        for _ in 0..=MOST_HOPS {
            let uri: Uri = at.as_str().parse().map_err(|_| no_address())?;
            let request = http::Request::get(uri)
                .header(header::ACCEPT, "*/*")
                .header(header::ACCEPT_ENCODING, "identity")
                .header(
                    header::USER_AGENT,
                    concat!("roost/", env!("CARGO_PKG_VERSION")),
                )
                .body(Empty::<Bytes>::new())
                .map_err(|_| no_address())?;
            let answer = egress.send(request).await;
            let answer = answer.map_err(|error| refused(url, error.to_string()))?;
            let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
            if answer.status().is_redirection()
                && let Some(next) = header(header::LOCATION)
            {
                at = at.join(&next).map_err(|_| no_address())?;
                continue;
            }
            if answer.status() != StatusCode::OK {
                let status = answer.status().as_u16();
                return Err(refused(url, format!("it answered with status {status}")));
            }
            let length = header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
            let mime_type = header(header::CONTENT_TYPE);
            let name = at.path_segments().and_then(|mut parts| parts.next_back());
            let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
            let (bytes, room) = self
                .read(project_id, url, length, answer.into_body())
                .await?;
            let fetched = Fetched {
                bytes,
                mime_type,
                name,
            };
            return Ok((fetched, room));
        }
        Err(refused(
            url,
            format!("it redirects more than {MOST_HOPS} times"),
        ))
    }

    async fn read(
        &self,
        project_id: ProjectId,
        url: &str,
        length: Option<usize>,
        mut body: crate::egress::StreamingBody,
    ) -> Result<(Bytes, Room), MediaError> {
        let too_long = || {
            let most = in_words(MOST_BYTES);
            MediaError::Unfit(format!(
                "the file has more than {most}, which is the most that Meta takes"
            ))
        };
        let mut admitted = length.unwrap_or(SHORT);
        if admitted > MOST_BYTES {
            return Err(too_long());
        }
        let mut room = self.room(project_id, admitted).await?;
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error: EgressError| refused(url, error.to_string()))?;
            let piece = frame.into_data().unwrap_or_default();
            if bytes.len() + piece.len() > admitted {
                if bytes.len() + piece.len() > MOST_BYTES {
                    return Err(too_long());
                }
                // All of it at once, so that no two wait for what the other has.
                admitted = MOST_BYTES;
                drop(room);
                room = self.room(project_id, admitted).await?;
            }
            bytes.extend_from_slice(&piece);
        }
        room.keep(bytes.len());
        Ok((bytes.freeze(), room))
    }
}

/// The address without what may be a secret in it.
fn refused(url: &str, why: String) -> MediaError {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let plain: String = plain.chars().take(200).collect();
    MediaError::Address(format!("`{plain}` cannot be fetched: {why}"))
}
