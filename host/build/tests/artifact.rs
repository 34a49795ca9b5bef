//! Sections of a component, there and back.

use wasm_encoder::{Component, CustomSection, ModuleSection};

use crate::build::artifact::{
    Artifact, ArtifactError, Manifest, alone, attach, is_alone, read, strip,
};
use crate::build::{BundledFile, Format, UsedAs, Variable};
use crate::words::Lifetime;

/// A component with a section of somebody else's, and a module that has one named like ours.
fn component() -> Vec<u8> {
    let custom = |name: &'static str| CustomSection {
        name: name.into(),
        data: b"theirs".as_slice().into(),
    };
    let mut module = wasm_encoder::Module::new();
    module.section(&custom("roost:bundle"));
    let mut component = Component::new();
    component.section(&custom("producers"));
    component.section(&ModuleSection(&module));
    component.finish()
}

fn artifact() -> Artifact {
    Artifact {
        manifest: Manifest {
            sdk_version: "0.1.0".to_owned(),
            format: Format::CommonJs,
            file: "/app/bin/www".to_owned(),
            entry: "bin/www".to_owned(),
            webhook_path: Some("/hook".to_owned()),
            instance: Some(Lifetime::Resident),
            warnings: vec!["`n` is lost".to_owned()],
            variables: vec![Variable {
                name: "KEY".to_owned(),
                file: "bin/www".to_owned(),
                line: 3,
                needed: true,
                used_as: Some(UsedAs::AppSecret),
            }],
        },
        code: "console.log('\u{1f44b} \\ \" \u{2028}')".to_owned(),
        source_map: br#"{"version":3}"#.to_vec(),
        files: vec![
            file("/app/views/a.html", b"<p>"),
            file("/app/logo.png", &[0, 159, 146, 150]),
            file("/app/empty", b""),
        ],
    }
}

fn file(path: &str, bytes: &[u8]) -> BundledFile {
    BundledFile {
        path: path.to_owned(),
        bytes: bytes.to_vec(),
    }
}

#[test]
fn an_artifact_by_itself_is_told_from_one_in_a_component() {
    let by_itself = alone(&artifact()).unwrap();
    assert_eq!(read(&by_itself).unwrap(), Some(artifact()));
    assert!(is_alone(&by_itself));
    assert!(!is_alone(&attach(&component(), &artifact()).unwrap()));
    assert!(!is_alone(b"no component"));
}

#[test]
fn what_is_attached_is_read_again() {
    let with_sections = attach(&component(), &artifact()).unwrap();
    assert_eq!(read(&with_sections).unwrap(), Some(artifact()));
    wasmparser::Validator::new()
        .validate_all(&with_sections)
        .unwrap();
}

#[test]
fn attaching_again_replaces() {
    let once = attach(&component(), &artifact()).unwrap();
    let mut other = artifact();
    other.code = "listen()".to_owned();
    other.files.clear();
    let twice = attach(&once, &other).unwrap();
    assert_eq!(read(&twice).unwrap(), Some(other));
    assert_eq!(attach(&twice, &artifact()).unwrap(), once);
}

#[test]
fn stripping_gives_the_component_back() {
    let with_sections = attach(&component(), &artifact()).unwrap();
    assert_eq!(strip(&with_sections).unwrap(), component());
    assert_eq!(strip(&component()).unwrap(), component());
}

#[test]
fn a_component_of_another_tool_has_no_bundle() {
    assert_eq!(read(&component()).unwrap(), None);
}

#[test]
fn what_is_no_component_is_refused() {
    let module = wasm_encoder::Module::new().finish();
    for bytes in [&b""[..], b"hello", &module] {
        assert!(matches!(read(bytes), Err(ArtifactError::NotAComponent)));
    }
}

#[test]
fn a_component_that_breaks_off_is_an_error_wherever_it_does() {
    let with_sections = attach(&component(), &artifact()).unwrap();
    // What ends between two sections is whole; everything else is not.
    let whole = (8..with_sections.len())
        .filter(|end| read(&with_sections[..*end]).is_ok())
        .count();
    assert_eq!(whole, 5);
}

#[test]
fn files_that_lie_are_refused() {
    let section = |data: &[u8]| read(&with("roost:files", data));
    let indexed = |index: &str| {
        let mut data = u32::try_from(index.len()).unwrap().to_le_bytes().to_vec();
        data.extend(index.as_bytes());
        data
    };
    for path in [
        "/etc/passwd",
        "/app/../etc",
        "/app//x",
        "/app/",
        "/application/x",
        "app/x",
    ] {
        let data = indexed(&format!(r#"[{{"path":"{path}","bytes":0}}]"#));
        assert!(
            matches!(section(&data), Err(ArtifactError::FileOutside(_))),
            "{path}"
        );
    }
    let too_long = indexed(r#"[{"path":"/app/x","bytes":18446744073709551615}]"#);
    assert!(matches!(
        section(&too_long),
        Err(ArtifactError::FilesBreakOff)
    ));
    assert!(matches!(
        section(&[255, 255, 255, 255, 1]),
        Err(ArtifactError::FilesBreakOff)
    ));
    assert!(matches!(section(&[1]), Err(ArtifactError::FilesBreakOff)));
    assert!(matches!(
        section(&indexed("{")),
        Err(ArtifactError::Json { .. })
    ));
}

/// A component with one section more, in place of one that it has.
fn with(name: &'static str, data: &[u8]) -> Vec<u8> {
    let mut component = attach(&component(), &artifact()).unwrap();
    let section = CustomSection {
        name: name.into(),
        data: data.into(),
    };
    wasm_encoder::ComponentSection::append_to_component(&section, &mut component);
    component
}

#[test]
fn sections_of_before_are_not_packed_and_broken_ones_are_refused() {
    let plain = with("roost:sourcemap", br#"{"version":2}"#);
    let read_again = read(&plain).unwrap().unwrap();
    assert_eq!(read_again.source_map, br#"{"version":2}"#);

    let broken = read(&with("roost:bundle", &[0x78, 0x5e, 1, 2, 3]));
    assert!(
        matches!(broken, Err(ArtifactError::Packed { .. })),
        "{broken:?}"
    );
    let mut packing = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..65 {
        std::io::Write::write_all(&mut packing, &[b' '; 1 << 20]).unwrap();
    }
    let too_much = read(&with("roost:bundle", &packing.finish().unwrap()));
    assert!(
        matches!(too_much, Err(ArtifactError::TooMuch("roost:bundle"))),
        "{too_much:?}"
    );
}

/// A component whose manifest is this, as JSON.
fn with_manifest(change: impl FnOnce(&mut serde_json::Value)) -> Result<Option<Artifact>, String> {
    let mut manifest = serde_json::to_value(artifact().manifest).unwrap();
    manifest["code"] = "listen()".into();
    change(&mut manifest);
    let json = serde_json::to_vec(&manifest).unwrap();
    read(&with("roost:bundle", &json)).map_err(|error| error.to_string())
}

#[test]
fn manifests_that_no_build_writes_are_refused() {
    let long = "e".repeat(1025);
    for (field, value) in [
        ("file", ""),
        ("file", "/app"),
        ("file", "app.js"),
        ("file", "/app/../app.js"),
        ("file", "/app/a\nb.js"),
        ("file", format!("/app/{long}").as_str()),
        ("entry", ""),
        ("entry", long.as_str()),
        ("entry", "\u{1b}[2J"),
        ("webhook_path", ""),
        ("webhook_path", long.as_str()),
        ("sdk_version", ""),
        ("sdk_version", long.as_str()),
    ] {
        let refused = with_manifest(|manifest| manifest[field] = value.into()).unwrap_err();
        assert!(refused.contains(&format!("another `{field}`")), "{refused}");
    }
    let variable = |name: &str, file: &str| serde_json::json!({ "name": name, "file": file, "line": 1, "needed": true });
    for one in [variable("", "a.js"), variable("A", &long)] {
        let refused = with_manifest(|manifest| manifest["variables"] = vec![one].into());
        let refused = refused.unwrap_err();
        assert!(refused.contains("of a variable"), "{refused}");
    }
    let longer = with_manifest(|manifest| manifest["warnings"] = vec!["w".repeat(65 << 10)].into());
    assert!(longer.unwrap_err().contains("longer `warnings`"));
    let many = with_manifest(|manifest| manifest["warnings"] = vec!["w"; 5_001].into());
    assert!(many.unwrap_err().contains("cannot be read"));
}

#[test]
fn what_a_build_says_moves_no_cursor() {
    let said = "\u{1b}[31mred\u{7}\n\tline";
    let read = with_manifest(|manifest| manifest["warnings"] = vec![said].into());
    assert_eq!(
        read.unwrap().unwrap().manifest.warnings,
        ["\u{fffd}[31mred\u{fffd}\n\tline"]
    );
}

#[test]
fn what_is_unknown_is_passed_over() {
    let deep = "[".repeat(100) + &"]".repeat(100);
    let deep: serde_json::Value = serde_json::from_str(&deep).unwrap();
    let read = with_manifest(|manifest| manifest["later"] = deep).unwrap();
    assert_eq!(read.unwrap().manifest, artifact().manifest);
}

#[test]
fn a_component_of_sections_only_is_refused() {
    let mut component = Component::new().finish();
    component.extend([0, 1, 0].repeat((1 << 16) + 1));
    assert!(matches!(
        read(&component),
        Err(ArtifactError::TooManySections)
    ));
}
