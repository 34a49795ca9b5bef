//! A bot's bundle as custom sections of its component: the artifact carries its own source.
//!
//! | section | content |
//! |---|---|
//! | `roost:bundle` | JSON: the manifest, with the code; compressed by zlib |
//! | `roost:sourcemap` | the source map, with the sources; compressed by zlib |
//! | `roost:files` | length of an index (u32, little-endian), the index as JSON, the files |
//!
//! The host makes its own image from these, with the project's environment. Artifacts come from
//! anywhere: everything read here is checked. Those of before are not compressed, and are read too.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReader, BinaryReaderError};

use super::{Bundle, BundledFile, Format, Instance, ROOT, Variable};

const BUNDLE: &str = "roost:bundle";
const SOURCE_MAP: &str = "roost:sourcemap";
const FILES: &str = "roost:files";
const SECTIONS: [&str; 3] = [BUNDLE, SOURCE_MAP, FILES];

/// The first eight bytes of every component: magic, version 13, layer 1.
const HEADER: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];
const CUSTOM_SECTION: u8 = 0;

/// What a section may come to when it is unpacked.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;
/// How hard it is tried: a save is to be live at once.
const COMPRESSION: Compression = Compression::new(4);

/// Why a component's sections cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("this is not a WebAssembly component\n  = build one: roost build")]
    NotAComponent,
    #[error("the component is broken")]
    Broken(#[from] BinaryReaderError),
    #[error("section `{section}` cannot be read\n  = build the component again: roost build")]
    Json {
        section: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("section `{section}` cannot be unpacked\n  = build the component again: roost build")]
    Packed {
        section: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("section `{0}` unpacks to more than {mib} MiB", mib = MAX_UNPACKED_BYTES >> 20)]
    TooMuch(&'static str),
    #[error("section `roost:files` breaks off\n  = build the component again: roost build")]
    FilesBreakOff,
    #[error("section `roost:files` holds `{0}`, which is outside of the bot's folder")]
    FileOutside(String),
    #[error("the files are {0} bytes long; a section holds 4 GiB")]
    TooLong(usize),
}

/// What is said of a bundle beside its code.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Manifest {
    /// Of the SDK whose engine the component has.
    pub sdk_version: String,
    pub format: Format,
    /// The name under which the code is evaluated, such as `/app/app.js`.
    pub file: String,
    /// Relative to the bot's folder.
    pub entry: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Instance>,
    /// What the build had to say of the code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What its code reads of the environment; absent in artifacts of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
}

/// All that a host needs to evaluate a bot again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Artifact {
    pub manifest: Manifest,
    pub code: String,
    pub source_map: Vec<u8>,
    pub files: Vec<BundledFile>,
}

impl Artifact {
    pub fn new(bundle: Bundle, sdk_version: &str) -> Self {
        Self {
            manifest: Manifest {
                sdk_version: sdk_version.to_owned(),
                format: bundle.format,
                file: bundle.file,
                entry: bundle.entry.path,
                webhook_path: bundle.webhook_path,
                instance: bundle.instance,
                warnings: bundle.warnings.iter().map(ToString::to_string).collect(),
                variables: bundle.variables,
            },
            code: bundle.code,
            source_map: bundle.source_map,
            files: bundle.files,
        }
    }
}

#[derive(Deserialize, Serialize)]
struct WithCode {
    #[serde(flatten)]
    manifest: Manifest,
    code: String,
}

#[derive(Deserialize, Serialize)]
struct Indexed {
    path: String,
    bytes: usize,
}

/// Adds the sections to a component, in place of any that it has.
pub fn attach(component: &[u8], artifact: &Artifact) -> Result<Vec<u8>, ArtifactError> {
    let mut with_sections = strip(component)?;
    let bundle = WithCode {
        manifest: artifact.manifest.clone(),
        code: artifact.code.clone(),
    };
    let bundle = serde_json::to_vec(&bundle).map_err(json(BUNDLE))?;
    let files = encode_files(&artifact.files)?;
    let (bundle, source_map) = (
        pack(BUNDLE, &bundle)?,
        pack(SOURCE_MAP, &artifact.source_map)?,
    );
    let contents: [&[u8]; 3] = [&bundle, &source_map, &files];
    for (name, data) in SECTIONS.into_iter().zip(contents) {
        let section = CustomSection {
            name: name.into(),
            data: data.into(),
        };
        section.append_to_component(&mut with_sections);
    }
    Ok(with_sections)
}

/// Reads the sections; `None` for a component that another tool made.
pub fn read(component: &[u8]) -> Result<Option<Artifact>, ArtifactError> {
    let mut found: [Option<&[u8]>; 3] = [None; 3];
    for section in sections(component)? {
        let Some((name, data)) = section.custom else {
            continue;
        };
        if let Some(index) = SECTIONS.iter().position(|known| *known == name) {
            found[index] = Some(data);
        }
    }
    let [bundle, source_map, files] = found;
    let Some(bundle) = bundle else {
        return Ok(None);
    };
    let bundle = unpack(BUNDLE, bundle)?;
    let WithCode { manifest, code } = serde_json::from_slice(&bundle).map_err(json(BUNDLE))?;
    Ok(Some(Artifact {
        manifest,
        code,
        source_map: unpack(SOURCE_MAP, source_map.unwrap_or_default())?,
        files: files.map(decode_files).transpose()?.unwrap_or_default(),
    }))
}

/// The component without the sections: what is left is the same for every build of one image.
pub fn strip(component: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let mut stripped = HEADER.to_vec();
    for section in sections(component)? {
        let is_ours = section
            .custom
            .is_some_and(|(name, _)| SECTIONS.contains(&name));
        if !is_ours {
            stripped.extend_from_slice(section.bytes);
        }
    }
    Ok(stripped)
}

/// One section of the component itself, not of a module or component inside.
struct Section<'a> {
    /// With its number and its length.
    bytes: &'a [u8],
    custom: Option<(&'a str, &'a [u8])>,
}

fn sections(component: &[u8]) -> Result<Vec<Section<'_>>, ArtifactError> {
    if !component.starts_with(&HEADER) {
        return Err(ArtifactError::NotAComponent);
    }
    let mut sections = Vec::new();
    let mut reader = BinaryReader::new(component, 0);
    reader.read_bytes(HEADER.len())?;
    while !reader.eof() {
        let start = reader.original_position();
        let number = reader.read_u8()?;
        let length = reader.read_var_u32()?;
        let content_start = reader.original_position();
        let content = reader.read_bytes(length as usize)?;
        let bytes = &component[start..reader.original_position()];
        let custom = match number {
            CUSTOM_SECTION => {
                let mut content = BinaryReader::new(content, content_start);
                let name = content.read_string()?;
                Some((name, content.read_bytes(content.bytes_remaining())?))
            }
            _ => None,
        };
        sections.push(Section { bytes, custom });
    }
    Ok(sections)
}

fn pack(section: &'static str, data: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let mut packing = ZlibEncoder::new(Vec::new(), COMPRESSION);
    let packed = packing.write_all(data).and_then(|()| packing.finish());
    packed.map_err(|source| ArtifactError::Packed { section, source })
}

/// JSON begins with a brace, and nothing that zlib makes does.
fn unpack(section: &'static str, data: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    if data.first().is_none_or(|first| *first == b'{') {
        return Ok(data.to_vec());
    }
    let mut unpacked = Vec::new();
    ZlibDecoder::new(data)
        .take(MAX_UNPACKED_BYTES + 1)
        .read_to_end(&mut unpacked)
        .map_err(|source| ArtifactError::Packed { section, source })?;
    match unpacked.len() as u64 > MAX_UNPACKED_BYTES {
        true => Err(ArtifactError::TooMuch(section)),
        false => Ok(unpacked),
    }
}

fn encode_files(files: &[BundledFile]) -> Result<Vec<u8>, ArtifactError> {
    let index: Vec<_> = files
        .iter()
        .map(|file| Indexed {
            path: file.path.clone(),
            bytes: file.bytes.len(),
        })
        .collect();
    let index = serde_json::to_vec(&index).map_err(json(FILES))?;
    let length = u32::try_from(index.len()).map_err(|_| ArtifactError::TooLong(index.len()))?;
    let mut encoded = length.to_le_bytes().to_vec();
    encoded.extend(index);
    for file in files {
        encoded.extend_from_slice(&file.bytes);
    }
    Ok(encoded)
}

fn decode_files(encoded: &[u8]) -> Result<Vec<BundledFile>, ArtifactError> {
    let (length, rest) = encoded
        .split_first_chunk()
        .ok_or(ArtifactError::FilesBreakOff)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (index, mut rest) = rest
        .split_at_checked(length)
        .ok_or(ArtifactError::FilesBreakOff)?;
    let index: Vec<Indexed> = serde_json::from_slice(index).map_err(json(FILES))?;
    let mut files = Vec::with_capacity(index.len());
    for Indexed { path, bytes } in index {
        if !is_inside(&path) {
            return Err(ArtifactError::FileOutside(path));
        }
        let (content, after) = rest
            .split_at_checked(bytes)
            .ok_or(ArtifactError::FilesBreakOff)?;
        let bytes = content.to_vec();
        files.push(BundledFile { path, bytes });
        rest = after;
    }
    Ok(files)
}

fn is_inside(path: &str) -> bool {
    let rest = path
        .strip_prefix(ROOT)
        .and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

fn json(section: &'static str) -> impl FnOnce(serde_json::Error) -> ArtifactError {
    move |source| ArtifactError::Json { section, source }
}
