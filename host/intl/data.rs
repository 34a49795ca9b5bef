//! CLDR's data: the file `locales.bin`, which `sdk/cldr/pack.js` writes and describes.
//!
//! A section of a locale is read when it is first asked for, merged with what its parents have, and
//! kept for a while.

use super::Value;
use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a file begins, of whatever version.
const MARK: &[u8] = b"roost locales ";

/// How a file of this version begins.
const FIRST_LINE: &[u8] = b"roost locales 3\n";

/// The sections that a host asks for.
const SECTIONS: [&str; 26] = [
    "any-calendar",
    "calendar-buddhist",
    "calendar-chinese",
    "calendar-coptic",
    "calendar-dangi",
    "calendar-ethiopic",
    "calendar-hebrew",
    "calendar-indian",
    "calendar-islamic",
    "calendar-japanese",
    "calendar-persian",
    "calendar-roc",
    "calendars",
    "cities",
    "currencies",
    "dates",
    "fields",
    "languages",
    "lists",
    "names",
    "numbers",
    "plain",
    "regions",
    "units",
    "zone-names",
    "zones",
];

/// What an index takes at most, deflated and plain.
const INDEX: (u32, u32) = (4 << 20, 16 << 20);

/// What an entry takes at most, plain.
const ENTRY: u32 = 4 << 20;

/// How much of the file is read at once by who reads all of it.
const PIECE: usize = 256 << 10;

/// How long the name of a locale is at most.
const LOCALE: usize = 255;

/// How many sections of a locale's parents are merged at most.
const PARENTS: usize = 8;

/// How much text the sections have that are kept: in memory they take a few times as much.
const KEPT: usize = 6 << 20;

/// The locale from which all inherit.
const ROOT: &str = "und";

/// Why there is no data.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read.
    #[error("the data of locales, `{file}`, cannot be read: install the package again, or in a checkout run `cargo xtask setup`", file = .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is not what `pack.js` writes.
    #[error("the data of locales, `{file}`, is damaged ({what}): install the package again, or in a checkout run `cargo xtask setup`", file = .0.display(), what = .1)]
    Damaged(PathBuf, String),
    /// It is another version's.
    #[error("the data of locales, `{file}`, is of another version than this program: install the package again, or in a checkout run `cargo xtask setup`", file = .0.display())]
    AnotherVersion(PathBuf),
    /// It lacks what this host asks for.
    #[error("the data of locales, `{file}`, has no section `{name}`: it is of another version than this program; install the package again, or in a checkout run `cargo xtask setup`", file = .0.display(), name = .1)]
    NoSection(PathBuf, String),
}

/// The file's index, as it is written.
#[derive(Deserialize)]
struct Index {
    version: String,
    parents: HashMap<String, String>,
    aliases: HashMap<String, String>,
    sections: HashMap<String, HashMap<String, Entry>>,
}

/// Where an entry starts, how long it is, and how long when inflated.
type Entry = (u64, u32, u32);

/// A section of a locale, by their places in the lists.
type Key = (usize, usize);

/// The data of all locales.
pub struct Data {
    path: PathBuf,
    file: File,
    /// Where the first entry is.
    start: u64,
    version: String,
    /// Each locale's parent.
    parents: Vec<Option<usize>>,
    /// Locales by name, also by names that stand for others.
    locales: HashMap<String, usize>,
    sections: HashMap<String, usize>,
    entries: HashMap<Key, Entry>,
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Data")
            .field("path", &self.path)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Data {
    /// Opens the file, if all that a host asks for is in it. What lies behind its index is not read.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let data = Self::indexed(path)?;
        match SECTIONS
            .iter()
            .find(|name| !data.sections.contains_key(**name))
        {
            Some(missing) => Err(DataError::NoSection(path.to_owned(), (*missing).to_owned())),
            None => Ok(data),
        }
    }

    /// Opens a file with whatever sections.
    fn indexed(path: &Path) -> Result<Self, DataError> {
        let unreadable = |error| DataError::Unreadable(path.to_owned(), error);
        let file = File::open(path).map_err(unreadable)?;
        let mut line = [0; FIRST_LINE.len()];
        file.read_exact_at(&mut line, 0).map_err(unreadable)?;
        let damaged = |what: &str| DataError::Damaged(path.to_owned(), what.to_owned());
        if !line.starts_with(MARK) {
            return Err(damaged("it begins as no such file does"));
        }
        if line != *FIRST_LINE {
            return Err(DataError::AnotherVersion(path.to_owned()));
        }
        let mut lengths = [0; 8];
        let after = line.len() as u64;
        file.read_exact_at(&mut lengths, after)
            .map_err(unreadable)?;
        let place = after + lengths.len() as u64;
        let lengths = lengths.as_chunks().0.iter().copied();
        let lengths: Vec<u32> = lengths.map(u32::from_le_bytes).collect();
        let (length, plain) = match lengths[..] {
            [length, plain] if length <= INDEX.0 && plain <= INDEX.1 => (length, plain),
            _ => return Err(damaged("its index is too long")),
        };
        let text = inflated(&file, place, length, plain)
            .map_err(|error| damaged(&format!("its index: {error}")))?;
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| damaged(&format!("its index: {error}")))?;
        Self::of(path, file, place + u64::from(length), index)
    }

    fn of(path: &Path, file: File, start: u64, index: Index) -> Result<Self, DataError> {
        let mut locales = HashMap::from([(ROOT.to_owned(), 0)]);
        for locale in index.parents.keys() {
            let place = locales.len();
            locales.entry(locale.clone()).or_insert(place);
        }
        let damaged = |what: String| DataError::Damaged(path.to_owned(), what);
        let size = file
            .metadata()
            .map_err(|error| DataError::Unreadable(path.to_owned(), error))?
            .len();
        let place = |name: &String| {
            let place = locales.get(name).copied();
            place.ok_or_else(|| damaged(format!("it names `{name}`, which it does not have")))
        };
        let mut parents = vec![None; locales.len()];
        for (locale, parent) in &index.parents {
            let own = place(locale)?;
            if let Some(parents) = parents.get_mut(own).filter(|_| own != 0) {
                *parents = Some(place(parent)?);
            }
        }
        let mut entries = HashMap::new();
        let mut sections = HashMap::new();
        for (section, of) in &index.sections {
            let number = sections.len();
            sections.insert(section.clone(), number);
            for (locale, entry) in of {
                let end = start.saturating_add(entry.0).saturating_add(entry.1.into());
                if end > size {
                    return Err(damaged("a part at its end is missing".to_owned()));
                }
                entries.insert((place(locale)?, number), *entry);
            }
        }
        let mut named = Vec::new();
        for (alias, locale) in &index.aliases {
            named.push((alias.clone(), place(locale)?));
        }
        for (alias, place) in named {
            locales.entry(alias).or_insert(place);
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            start,
            version: index.version,
            parents,
            locales,
            sections,
            entries,
            kept: Mutex::default(),
        })
    }

    /// The version of CLDR.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A section of a locale, with all that it inherits. A locale that is not there is as the nearest
    /// of its parents: `en-US` as `en`, `tlh` as the root.
    pub fn section(&self, locale: &str, name: &str) -> Result<Arc<Value>, DataError> {
        let Some(&section) = self.sections.get(name) else {
            return Err(DataError::NoSection(self.path.clone(), name.to_owned()));
        };
        let merged = self.merged((self.nearest(locale), section), PARENTS)?;
        Ok(merged.value)
    }

    /// Reads the sections of the root, from which all inherit and which are kept for good: the first call
    /// of a locale then reads only what is its own. The rest of the file is read once, so that the system
    /// has it in memory and no call waits for a disk.
    pub fn warm(&self) -> Result<(), DataError> {
        for name in self.sections.keys() {
            self.section(ROOT, name)?;
        }
        let mut piece = vec![0; PIECE];
        let mut place = 0;
        loop {
            match self.file.read_at(&mut piece, place) {
                Ok(0) => return Ok(()),
                Ok(length) => place += length as u64,
                Err(error) => return Err(DataError::Unreadable(self.path.clone(), error)),
            }
        }
    }

    /// Reads every entry, as nobody needs to who only asks for what it needs.
    pub fn verify(&self) -> Result<(), DataError> {
        self.entries
            .values()
            .try_for_each(|entry| self.read(*entry).map(drop))
    }

    /// Whether a locale is one of those that have data of their own.
    pub fn has(&self, locale: &str) -> bool {
        self.locales.contains_key(locale)
    }

    /// The nearest locale that there is.
    fn nearest(&self, locale: &str) -> usize {
        if locale.len() > LOCALE {
            return 0;
        }
        let mut name = without_extensions(locale);
        loop {
            if let Some(&place) = self.locales.get(name) {
                return place;
            }
            match name.rfind('-') {
                Some(cut) => name = &name[..cut],
                None => return 0,
            }
        }
    }

    fn merged(&self, key: Key, parents: usize) -> Result<Merged, DataError> {
        if let Some(found) = self.kept().get(key) {
            return Ok(found);
        }
        let entry = self.entries.get(&key);
        let parent = self.parents.get(key.0).copied().flatten();
        let merged = match (entry, parent) {
            (_, Some(_)) if parents == 0 => {
                return Err(self.damaged("a locale has too many parents"));
            }
            (None, None) => Merged {
                value: Arc::new(Value::of([])),
                size: 0,
            },
            // As the parent's, and kept as that.
            (None, Some(parent)) => return self.merged((parent, key.1), parents - 1),
            (Some(entry), None) => self.read(*entry)?,
            (Some(entry), Some(parent)) => {
                let whole = self.merged((parent, key.1), parents - 1)?;
                let own = self.read(*entry)?;
                let value = whole
                    .value
                    .changed(&own.value, |change| *change == Value::Null);
                Merged {
                    value: Arc::new(value),
                    size: whole.size + own.size,
                }
            }
        };
        self.kept().put(key, merged.clone());
        Ok(merged)
    }

    fn read(&self, (start, length, plain): Entry) -> Result<Merged, DataError> {
        if length > ENTRY || plain > ENTRY {
            return Err(self.damaged("an entry is too long"));
        }
        let place = self.start.checked_add(start);
        let place = place.ok_or_else(|| self.damaged("an entry is nowhere"))?;
        let damaged = |error: &dyn std::error::Error| self.damaged(&format!("an entry: {error}"));
        let text = inflated(&self.file, place, length, plain).map_err(|error| damaged(&error))?;
        let text = str::from_utf8(&text).map_err(|error| damaged(&error))?;
        let value = Value::read(text).map_err(|error| damaged(&error))?;
        Ok(Merged {
            value: Arc::new(value),
            size: text.len(),
        })
    }

    fn damaged(&self, what: &str) -> DataError {
        DataError::Damaged(self.path.clone(), what.to_owned())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `de-DE-u-nu-latn` is `de-DE` here.
fn without_extensions(locale: &str) -> &str {
    let bytes = locale.as_bytes();
    let cut = bytes
        .windows(3)
        .position(|three| three[0] == b'-' && three[2] == b'-');
    match cut {
        Some(cut) => &locale[..cut],
        None => locale,
    }
}

/// Reads what is deflated at a place, if it is no longer than that when inflated.
fn inflated(file: &File, place: u64, length: u32, most: u32) -> std::io::Result<Vec<u8>> {
    let mut packed = vec![0; length as usize];
    file.read_exact_at(&mut packed, place)?;
    // Where there is room for all, it is written at once and where it stays.
    let mut plain = Vec::with_capacity(most as usize);
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress_vec(&packed, &mut plain, FlushDecompress::Finish)?;
    if status != Status::StreamEnd {
        return Err(std::io::Error::other(
            "it is cut off, or longer than it says",
        ));
    }
    Ok(plain)
}

/// A section, with the length of the texts it was made of.
#[derive(Clone)]
struct Merged {
    value: Arc<Value>,
    size: usize,
}

/// The sections that were used last.
#[derive(Default)]
struct Kept {
    sections: HashMap<Key, (Merged, u64)>,
    size: usize,
    uses: u64,
}

impl Kept {
    fn get(&mut self, key: Key) -> Option<Merged> {
        self.uses += 1;
        let (merged, used) = self.sections.get_mut(&key)?;
        *used = self.uses;
        Some(merged.clone())
    }

    fn put(&mut self, key: Key, merged: Merged) {
        self.uses += 1;
        self.size += merged.size;
        if let Some((old, _)) = self.sections.insert(key, (merged, self.uses)) {
            self.size -= old.size;
        }
        while self.size > KEPT {
            // The root's stay, which are few, and what was put there just now.
            let may_go = |other: &Key| other.0 != 0 && *other != key;
            let others = self.sections.iter().filter(|(other, _)| may_go(other));
            let oldest = others.min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(oldest, _)| *oldest) else {
                return;
            };
            if let Some((gone, _)) = self.sections.remove(&oldest) {
                self.size -= gone.size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use serde_json::{Map, Value as Json, json};
    use std::io::Write as _;

    fn deflated(value: &Json) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(value.to_string().as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// A file with three locales, each of which has an entry.
    fn sample(parents: &Json) -> Vec<u8> {
        let changes = [
            ("und", json!({"a": {"x": 1, "y": 2}, "b": [1, 2]})),
            ("de", json!({"a": {"x": 3, "z": 4}, "c": "C"})),
            ("de-AT", json!({"a": {"y": null}, "b": [5]})),
        ];
        let mut bodies = Vec::new();
        let mut entries = Map::new();
        for (locale, change) in &changes {
            let packed = deflated(change);
            let plain = change.to_string().len();
            entries.insert(
                (*locale).to_owned(),
                json!([bodies.len(), packed.len(), plain]),
            );
            bodies.extend(packed);
        }
        let index = json!({
            "version": "48",
            "parents": parents,
            "aliases": {"xx-YY": "de"},
            "sections": {"numbers": entries},
        });
        let plain = index.to_string().len();
        let index = deflated(&index);
        let lengths = [index.len(), plain].map(|n| u32::try_from(n).unwrap().to_le_bytes());
        [FIRST_LINE, &lengths.concat(), &index, &bodies].concat()
    }

    fn opened(bytes: &[u8]) -> Result<Data, DataError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Data::indexed(file.path())
    }

    fn parents() -> Json {
        json!({"de": "und", "de-AT": "de"})
    }

    #[test]
    fn a_locale_has_what_its_parents_have() {
        let data = opened(&sample(&parents())).unwrap();
        let of = |locale| (*data.section(locale, "numbers").unwrap()).clone();
        let json = |json: &Json| Value::read(&json.to_string()).unwrap();
        assert_eq!(
            of("de-AT"),
            json(&json!({"a": {"x": 3, "z": 4}, "b": [5], "c": "C"}))
        );
        assert_eq!(
            of("de-DE-u-nu-latn"),
            json(&json!({"a": {"x": 3, "y": 2, "z": 4}, "b": [1, 2], "c": "C"}))
        );
        assert_eq!(of("xx-YY"), of("de"));
        assert_eq!(
            of("tlh"),
            json(&json!({"a": {"x": 1, "y": 2}, "b": [1, 2]}))
        );
        assert_eq!(of("x"), of("und"));
    }

    #[test]
    fn a_section_that_is_not_there_is_told() {
        let data = opened(&sample(&parents())).unwrap();
        let error = data.section("de", "dates").unwrap_err().to_string();
        assert!(error.contains("no section `dates`"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_this_versions_or_is_cut_off_is_told_when_it_is_opened() {
        let whole = sample(&parents());
        let told = |bytes: &[u8]| match opened(bytes) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let older = [b"roost locales 1\n", &whole[FIRST_LINE.len()..]].concat();
        assert!(told(&older).contains("another version"), "{}", told(&older));
        let cut = told(&whole[..whole.len() - 1]);
        assert!(cut.contains("a part at its end is missing"), "{cut}");
        assert!(told(b"{}").contains("cannot be read"), "{}", told(b"{}"));
        assert!(told(&[b' '; 100]).contains("damaged"));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&whole).unwrap();
        let error = Data::open(file.path()).err().unwrap().to_string();
        assert!(error.contains("no section `any-calendar`"), "{error}");
    }

    #[test]
    fn what_is_damaged_behind_the_index_is_found_by_who_reads_all() {
        let whole = sample(&parents());
        assert!(opened(&whole).unwrap().verify().is_ok());
        let last = whole.len() - 5;
        let damaged = [&whole[..last], &[0xff; 5]].concat();
        let error = opened(&damaged).unwrap().verify().unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
    }

    #[test]
    fn sections_of_the_root_stay_whatever_else_is_read() {
        let data = opened(&sample(&parents())).unwrap();
        data.warm().unwrap();
        let of = || Merged {
            value: Arc::new(Value::of([])),
            size: KEPT,
        };
        for locale in 1..5 {
            data.kept().put((locale, 0), of());
        }
        let kept = data.kept();
        assert!(kept.sections.contains_key(&(0, 0)));
        assert_eq!(kept.sections.len(), 2);
    }

    #[test]
    fn a_damaged_file_is_an_error_wherever_it_is_damaged() {
        let whole = sample(&parents());
        for cut in 0..whole.len() {
            if let Ok(data) = opened(&whole[..cut]) {
                assert!(data.section("de-AT", "numbers").is_err(), "cut at {cut}");
            }
            let mut changed = whole.clone();
            changed[cut] ^= 0x55;
            if let Ok(data) = opened(&changed) {
                let _ = data.section("de-AT", "numbers");
            }
        }
    }

    #[test]
    fn parents_in_a_circle_are_an_error() {
        let data = opened(&sample(&json!({"de": "de-AT", "de-AT": "de"}))).unwrap();
        let error = data.section("de", "numbers").unwrap_err().to_string();
        assert!(error.contains("too many parents"), "{error}");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut kept = Kept::default();
        for place in 1..=10 {
            kept.put(
                (place, 0),
                Merged {
                    value: Arc::new(Value::Null),
                    size: KEPT / 3,
                },
            );
        }
        assert_eq!(kept.sections.len(), 3);
        assert!(kept.get((10, 0)).is_some() && kept.get((1, 0)).is_none());
    }
}
