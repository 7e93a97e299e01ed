//! Reference data beside the project: read when it is there, demanded when `CI` is set.

use std::path::{Path, PathBuf};

/// The folder of a reference set, or `None` with a note if the data are not beside the project.
pub fn folder(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    if let Some(path) = above.map(|above| above.join("shared/data").join(name)).find(|path| path.is_dir()) {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "the reference data {name} are missing in CI");
    eprintln!("skipped: no reference data {name}");
    None
}

/// The subfolders of a topic, each a data set.
pub fn sets(topic: &str) -> Vec<PathBuf> {
    let Some(folder) = folder(topic) else { return Vec::new() };
    let mut sets: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("meta.toml").is_file())
        .collect();
    sets.sort();
    assert!(!sets.is_empty(), "no sets in {topic}");
    sets
}

/// The name of a set.
pub fn folder_of(set: &Path) -> String {
    set.file_name().unwrap().to_str().unwrap().to_owned()
}

pub fn meta(set: &Path) -> toml::Table {
    std::fs::read_to_string(set.join("meta.toml")).unwrap().parse().unwrap()
}

/// A list of numbers at `section.key`, or at the top level if the section is empty.
pub fn numbers(meta: &toml::Table, section: &str, key: &str) -> Vec<f64> {
    let table = if section.is_empty() { meta } else { meta[section].as_table().unwrap() };
    table[key].as_array().unwrap().iter().map(number).collect()
}

pub fn number(value: &toml::Value) -> f64 {
    value.as_float().unwrap_or_else(|| value.as_integer().unwrap() as f64)
}

/// A CSV file as its header and rows of numbers.
pub fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(|cell| cell.parse().unwrap()).collect()).collect();
    (header, rows)
}

/// Compares a generated table with the committed file `tests/name`, or writes it if `THALWEG_BLESS` is set.
pub fn same_as_committed(name: &str, table: &str) {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("THALWEG_BLESS").is_some() {
        std::fs::write(&committed, table).unwrap();
    }
    let before = std::fs::read_to_string(&committed).unwrap_or_default();
    assert!(before == table, "tests/{name} is out of date: rewrite it with THALWEG_BLESS=1");
}
