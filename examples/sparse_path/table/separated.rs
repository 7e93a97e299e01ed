//! Separated values: one row a line.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ErrorKind, Position, ReaderBuilder, StringRecord, Trim};

use super::{Columns, Table, number};

/// The first separator in the first line that is no comment: semicolon, comma, tab, or else a space.
pub fn separator(head: &[u8]) -> u8 {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    [b';', b',', b'\t'].into_iter().find(|separator| line.contains(separator)).unwrap_or(b' ')
}

/// Reads rows below a header, or without one; empty lines and lines that begin with `#` are skipped.
pub fn read(source: impl BufRead, separator: u8) -> Result<Table, String> {
    let numbers = Rc::default();
    let source = Filled { source, count: 0, numbers: Rc::clone(&numbers), line: Vec::new(), at: 0 };
    let mut reader = ReaderBuilder::new().delimiter(separator).trim(Trim::All).has_headers(false).from_reader(source);
    let line = |position: Option<&Position>| {
        let kept = position.and_then(|position| usize::try_from(position.line()).ok()).unwrap_or(1);
        numbers.borrow().get(kept - 1).copied().unwrap_or(kept)
    };
    let explained = |error: csv::Error| explained(line(error.position()), error);
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
            let place = |what| format!("line {}, column \"{name}\": {what}", line(record.position()));
            column.push(number(cell).map_err(place)?);
        }
    }
    let rows = columns.first().map_or(0, Vec::len);
    Ok(Table { names, rows, columns: Columns::Dense(columns) })
}

/// The lines that are neither empty nor comments.
struct Filled<R> {
    source: R,
    /// Lines read.
    count: usize,
    /// The numbers of those kept.
    numbers: Rc<RefCell<Vec<usize>>>,
    line: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Read for Filled<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.line.len() {
            self.line.clear();
            self.at = 0;
            if self.source.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(0);
            }
            self.count += 1;
            let text = self.line.trim_ascii_start();
            if text.is_empty() || text.starts_with(b"#") {
                self.line.clear();
            } else {
                self.numbers.borrow_mut().push(self.count);
            }
        }
        let length = (&self.line[self.at..]).read(buffer)?;
        self.at += length;
        Ok(length)
    }
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

fn explained(line: usize, error: csv::Error) -> String {
    match error.into_kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line}: {len} fields, but {expected_len} in the first line")
        }
        ErrorKind::Utf8 { .. } => format!("line {line}: not text in UTF-8"),
        ErrorKind::Io(error) => super::unreadable(error),
        _ => format!("line {line}: not a row of separated values"),
    }
}
