//! What a host and the process that bundles an upload say to each other, over one socket.
//!
//! The host sends its request with the descriptors that lead to registries, then the upload. The process answers
//! with what it does, and last with an artifact or with what is wrong. Every length is looked at before it is read.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::words::LogLevel;

/// Connections to registries that a build is given. npm runs twice at most.
pub(super) const DESCRIPTORS: usize = 24;
/// How many of them one run of npm has, and how many it uses at once: one that broke is not used again.
pub(super) const DESCRIPTORS_OF_A_RUN: usize = DESCRIPTORS / 2;
pub(super) const SOCKETS_AT_ONCE: usize = 8;

/// What of the artifact there may be.
const MAX_ARTIFACT_BYTES: usize = 128 << 20;
const MAX_SAID_BYTES: usize = 1 << 20;
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// What a host wants bundled, and with what.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Request {
    /// The host's own: the process is the same program.
    pub version: String,
    /// Where it may write.
    pub folder: PathBuf,
    pub esbuild: PathBuf,
    pub npm: Option<Npm>,
    /// Node's modules that the runtime has.
    pub builtins: Vec<String>,
    /// Registries that an upload may name; `None` allows all.
    pub registries: Option<Vec<String>>,
    /// The one that packages come from when an upload names none.
    pub registry: Option<String>,
    pub leaves_network: bool,
    /// Whether it is only tried what the machine can do: no upload follows.
    pub is_trial: bool,
}

/// npm and what it runs on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Npm {
    pub program: PathBuf,
    /// What npm's script runs on; `None` for an npm that is a program by itself.
    pub node: Option<PathBuf>,
    /// What they read.
    pub reads: Vec<PathBuf>,
}

/// What the process says.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum Said {
    /// It is confined: what follows is done under the rules.
    Confined,
    Line(LogLevel, String),
    /// It waits for registries, and gives the processor to others.
    Fetches,
    /// It has its packages, and waits to be told that it may go on.
    Fetched,
    Failed(Fault, String),
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Fault {
    Author,
    Host,
}

/// One thing that came from the process.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    Said(Said),
    Artifact(Vec<u8>),
}

const SAID: u8 = 0;
const ARTIFACT: u8 = 1;
/// That it may go on.
pub(super) const GO: u8 = b'g';

impl Frame {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, content) = match self {
            Self::Said(said) => (SAID, serde_json::to_vec(said)?),
            Self::Artifact(bytes) => (ARTIFACT, bytes.clone()),
        };
        to.write_all(&[kind])?;
        write_bytes(to, &content)
    }

    /// The next one, unless it is longer than it may be, or none.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let kind = from.read_u8().await?;
        let length = from.read_u32_le().await? as usize;
        let most = match kind {
            SAID => MAX_SAID_BYTES,
            ARTIFACT => MAX_ARTIFACT_BYTES,
            _ => 0,
        };
        if length > most {
            return Err(too_long());
        }
        let mut content = vec![0; length];
        from.read_exact(&mut content).await?;
        match kind {
            ARTIFACT => Ok(Self::Artifact(content)),
            _ => Ok(Self::Said(serde_json::from_slice(&content)?)),
        }
    }
}

pub(super) fn write_json(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write_bytes(to, &serde_json::to_vec(value)?)
}

pub(super) fn read_json<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    Ok(serde_json::from_slice(&read_bytes(
        from,
        MAX_REQUEST_BYTES,
    )?)?)
}

pub(super) fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(bytes)
}

pub(super) fn read_bytes(from: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most {
        return Err(too_long());
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "what came is longer than it may be",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_too_long_or_unknown_is_not_read() {
        let mut sent = Vec::new();
        let said = || Frame::Said(Said::Line(LogLevel::Warn, "x".to_owned()));
        said().write(&mut sent).unwrap();
        Frame::Artifact(vec![1, 2]).write(&mut sent).unwrap();
        let mut from = sent.as_slice();
        assert_eq!(Frame::read(&mut from).await.unwrap(), said());
        assert_eq!(
            Frame::read(&mut from).await.unwrap(),
            Frame::Artifact(vec![1, 2])
        );
        for bad in [
            &[SAID, 0xff, 0xff, 0xff, 0x7f][..],
            &[ARTIFACT, 0xff, 0xff, 0xff, 0xff],
            &[7, 1, 0, 0, 0, 0],
            &[SAID, 2, 0, 0, 0, b'{', b'}'],
            &[ARTIFACT, 2, 0, 0, 0, 1],
            &[],
        ] {
            let mut bad = bad;
            assert!(Frame::read(&mut bad).await.is_err(), "{bad:?}");
        }
    }
}
