//! Archives of bots' folders.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{inspect, unpack};

/// Unpacks an archive: packed here when the first byte is even, else as it is. What is on the disk then
/// is what was listed, below the folder and nowhere else.
pub(crate) fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    let archive = match kind % 2 {
        0 => packed(rest),
        _ => rest.to_vec(),
    };
    let listed = inspect(&archive).ok().and_then(|upload| upload.files);
    let around = tempfile::tempdir().expect("a folder can be made");
    let folder = around.path().join("bot");
    let unpacked = unpack(&archive, &folder).ok();
    let mut found = BTreeSet::new();
    if folder.exists() {
        collect(&folder, &folder, &mut found);
    }
    let beside = std::fs::read_dir(around.path()).expect("the folder is there");
    assert!(beside.count() <= 1, "something lies beside the folder");
    match (listed, unpacked) {
        (Some(listed), Some(source)) => {
            assert_eq!(listed, source.files);
            let listed: BTreeSet<String> = listed.into_keys().collect();
            assert_eq!(listed, found);
        }
        (None, None) => assert!(found.is_empty(), "a refused archive left {found:?}"),
        // The disk refuses what is a name elsewhere.
        (Some(_), None) => {}
        (None, Some(_)) => panic!("what was refused can be unpacked"),
    }
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(tar).expect("memory can be written");
    packing.finish().expect("memory can be written")
}

fn collect(folder: &Path, below: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(below).expect("a folder of ours can be read") {
        let path = entry.expect("a folder of ours can be read").path();
        let kind = path.symlink_metadata().expect("it is there").file_type();
        if kind.is_dir() {
            collect(folder, &path, found);
        } else {
            assert!(kind.is_file(), "{} is no file", path.display());
            let name = path.strip_prefix(folder).expect("it is below");
            found.insert(name.to_string_lossy().into_owned());
        }
    }
}
