//! A bot's bundle as custom sections of its component: the artifact carries its own source.
//!
//! | section | content |
//! |---|---|
//! | `roost:bundle` | JSON: the manifest, with the code; compressed by zlib |
//! | `roost:sourcemap` | the source map, with the sources; compressed by zlib |
//! | `roost:files` | length of an index (u32, little-endian), the index as JSON, the files |
//!
//! The host makes its own image from these, with the project's environment. Artifacts come from
//! anywhere: everything read here is checked, and what is read takes memory in proportion to what
//! builds make. Those of before are not compressed, and are read too.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{BinaryReader, BinaryReaderError};

use super::few::few;
use super::{Bundle, BundledFile, Format, ROOT, Variable};
use crate::words::Lifetime;

const BUNDLE: &str = "roost:bundle";
const SOURCE_MAP: &str = "roost:sourcemap";
const FILES: &str = "roost:files";
const SECTIONS: [&str; 3] = [BUNDLE, SOURCE_MAP, FILES];

/// The first eight bytes of every component: magic, version 13, layer 1.
const HEADER: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];
const CUSTOM_SECTION: u8 = 0;

/// What a section may come to when it is unpacked. Large bundles have 20 MiB, and their maps twice as much.
const MAX_UNPACKED_BYTES: u64 = 64 << 20;
/// How many sections a component may have: those of other tools have some thousands.
const MAX_SECTIONS: usize = 1 << 16;
/// How many files, what builds say, and variables; a build of a large bot has some hundreds of each.
const MAX_FILES: usize = 20_000;
const MAX_WARNINGS: usize = 5_000;
const MAX_VARIABLES: usize = 10_000;
/// How long a version, a path or name, and one thing that a build says may be.
const MAX_VERSION_BYTES: usize = 64;
const MAX_NAME_BYTES: usize = 1 << 10;
const MAX_WARNING_BYTES: usize = 64 << 10;
/// How long all that it says may be: it is kept beside the version.
const MAX_WARNINGS_BYTES: usize = 1 << 20;
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
    #[error("the component has more than {MAX_SECTIONS} sections")]
    TooManySections,
    #[error(
        "section `roost:bundle` has {what}: {should}\n  = build the component again: roost build"
    )]
    Manifest {
        what: &'static str,
        should: &'static str,
    },
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
    pub instance: Option<Lifetime>,
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

#[derive(Serialize)]
struct WithCode<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    code: &'a str,
}

/// The same as it is read: flattened, what is unknown would be kept until the end.
#[derive(Deserialize)]
struct Written {
    sdk_version: String,
    format: Format,
    file: String,
    entry: String,
    webhook_path: Option<String>,
    instance: Option<Lifetime>,
    #[serde(default, deserialize_with = "few::<_, _, MAX_WARNINGS>")]
    warnings: Vec<String>,
    #[serde(default, deserialize_with = "few::<_, _, MAX_VARIABLES>")]
    variables: Vec<Variable>,
    code: String,
}

impl Written {
    /// With nothing in it that no build writes.
    fn checked(self) -> Result<(Manifest, String), ArtifactError> {
        let manifest = Manifest {
            sdk_version: self.sdk_version,
            format: self.format,
            file: self.file,
            entry: self.entry,
            webhook_path: self.webhook_path,
            instance: self.instance,
            warnings: self.warnings.into_iter().map(shown).collect(),
            variables: self.variables,
        };
        match manifest.flaw() {
            None => Ok((manifest, self.code)),
            Some((what, should)) => Err(ArtifactError::Manifest { what, should }),
        }
    }
}

impl Manifest {
    /// What in it no build writes, and what it should be.
    fn flaw(&self) -> Option<(&'static str, &'static str)> {
        const NAME: &str = "it has to have 1 to 1024 bytes without control characters";
        let names = |variable: &Variable| is_name(&variable.name) && is_name(&variable.file);
        let warnings: usize = self.warnings.iter().map(String::len).sum();
        let version = &self.sdk_version;
        let checks = [
            (
                version.len() <= MAX_VERSION_BYTES && is_name(version),
                ("another `sdk_version`", "it has to be that of an SDK"),
            ),
            (
                is_name(&self.file) && is_inside(&self.file),
                (
                    "another `file`",
                    "it has to be a path below `/app/` of at most 1024 bytes",
                ),
            ),
            (is_name(&self.entry), ("another `entry`", NAME)),
            (
                self.webhook_path.as_deref().is_none_or(is_name),
                ("another `webhook_path`", NAME),
            ),
            (
                self.variables.iter().all(names),
                ("another name or file of a variable", NAME),
            ),
            (
                warnings <= MAX_WARNINGS_BYTES
                    && self
                        .warnings
                        .iter()
                        .all(|one| one.len() <= MAX_WARNING_BYTES),
                (
                    "longer `warnings`",
                    "one may have 64 KiB, and all of them 1 MiB",
                ),
            ),
        ];
        let mut failed = checks.into_iter().filter(|(is_fine, _)| !is_fine);
        failed.next().map(|(_, flaw)| flaw)
    }
}

/// What a path or a name may be.
fn is_name(text: &str) -> bool {
    let is_sane = text.len() <= MAX_NAME_BYTES && !text.chars().any(char::is_control);
    is_sane && !text.is_empty()
}

/// What a build says, without what would move a terminal's cursor.
fn shown(text: String) -> String {
    let moves = |c: char| c.is_control() && c != '\n' && c != '\t';
    match text.contains(moves) {
        true => text.replace(moves, "\u{fffd}"),
        false => text,
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Index {
    #[serde(deserialize_with = "few::<_, _, MAX_FILES>")]
    files: Vec<Indexed>,
}

#[derive(Deserialize, Serialize)]
struct Indexed {
    path: String,
    bytes: usize,
}

/// An artifact by itself: a component with nothing else in it. Whoever evaluates it brings the engine.
pub fn alone(artifact: &Artifact) -> Result<Vec<u8>, ArtifactError> {
    attach(&HEADER, artifact)
}

/// Whether a component has nothing but an artifact in it.
pub fn is_alone(component: &[u8]) -> bool {
    strip(component).is_ok_and(|rest| rest == HEADER)
}

/// Adds the sections to a component, in place of any that it has.
pub fn attach(component: &[u8], artifact: &Artifact) -> Result<Vec<u8>, ArtifactError> {
    let mut with_sections = strip(component)?;
    let bundle = WithCode {
        manifest: &artifact.manifest,
        code: &artifact.code,
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
    let written: Written = serde_json::from_slice(&bundle).map_err(json(BUNDLE))?;
    drop(bundle);
    let (manifest, code) = written.checked()?;
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
        if sections.len() >= MAX_SECTIONS {
            return Err(ArtifactError::TooManySections);
        }
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
        return match data.len() as u64 > MAX_UNPACKED_BYTES {
            true => Err(ArtifactError::TooMuch(section)),
            false => Ok(data.to_vec()),
        };
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
    let Index { files: index } = serde_json::from_slice(index).map_err(json(FILES))?;
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
