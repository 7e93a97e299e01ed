//! Separated values: one row a line.

use std::collections::HashMap;
use std::io::Read;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::{Columns, Table, number};

/// The first separator in the first line that is no comment: semicolon, comma, tab, or else a space.
pub fn separator(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    let has = |separator: &u8| line.unwrap_or_default().trim_ascii().contains(separator);
    [b';', b',', b'\t'].into_iter().find(has).unwrap_or(b' ')
}

/// Reads rows below a header, or without one; empty lines and lines that begin with `#` are skipped.
pub fn read(source: impl Read, separator: u8) -> Result<Table, String> {
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .has_headers(false)
        .from_reader(source);
    let mut records = reader.records();
    let first = match records.next() {
        Some(record) => record.map_err(explained)?,
        None => return Err("the table is empty".into()),
    };
    let headed = first.iter().any(|cell| !is_missing(cell) && cell.parse::<f64>().is_err());
    let names = if headed { header(&first)? } else { (1..=first.len()).map(|k| k.to_string()).collect() };
    let mut columns = vec![Vec::new(); names.len()];
    for record in (!headed).then_some(Ok(first)).into_iter().chain(records) {
        let record = record.map_err(explained)?;
        for ((cell, column), name) in record.iter().zip(&mut columns).zip(&names) {
            let line = record.position().map_or(0, |position| position.line());
            column.push(number(cell).map_err(|what| format!("line {line}, column \"{name}\": {what}"))?);
        }
    }
    let rows = columns.first().map_or(0, Vec::len);
    Ok(Table { names, rows, columns: Columns::Dense(columns) })
}

/// Whether a cell stands for no number, which makes no header of a row.
fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "NULL" | "null" | "?" | "." | "-")
}

fn header(first: &StringRecord) -> Result<Vec<String>, String> {
    let named = |(k, name): (usize, &str)| if name.is_empty() { format!("column {}", k + 1) } else { name.to_owned() };
    let names: Vec<String> = first.iter().enumerate().map(named).collect();
    let mut places = HashMap::new();
    for (k, name) in (1..).zip(&names) {
        if let Some(earlier) = places.insert(name, k) {
            return Err(format!("columns {earlier} and {k} are both called \"{name}\"; give each its own name"));
        }
    }
    Ok(names)
}

fn explained(error: csv::Error) -> String {
    let line = error.position().map_or(0, |position| position.line());
    match error.into_kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line}: {len} fields, but {expected_len} in the first line")
        }
        ErrorKind::Utf8 { .. } => format!("line {line}: not text in UTF-8"),
        ErrorKind::Io(error) => super::unreadable(error),
        _ => format!("line {line}: not a row of separated values"),
    }
}
