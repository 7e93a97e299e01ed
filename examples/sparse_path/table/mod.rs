//! Reads a table of numbers: CSV, svmlight or MatrixMarket text, plain or compressed by gzip, in; named columns out. No panics.

mod mtx;
mod separated;
mod svm;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Cursor, Read};

use clap::ValueEnum;
use faer::sparse::{SparseColMat, SymbolicSparseColMat};
use flate2::read::MultiGzDecoder;

/// More rows or columns than this are a mistake in a file.
const MOST: usize = 100_000_000;
/// The part of a file by which its format is recognised.
const HEAD: u64 = 1 << 16;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Separated values: one row a line.
    Csv,
    /// svmlight, libsvm: `target index:value index:value …`.
    Svm,
    /// MatrixMarket: coordinate or array.
    Mtx,
}

/// Columns of equal length with names.
#[derive(Clone, Debug)]
pub struct Table {
    names: Vec<String>,
    rows: usize,
    columns: Columns,
}

/// Numbers, column after column.
#[derive(Clone, Debug)]
enum Columns {
    Dense(Vec<Vec<f64>>),
    /// Increasing rows and their values.
    Sparse(Vec<(Vec<usize>, Vec<f64>)>),
}

/// A table as the engine takes it.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// Column after column.
    Dense(Vec<f64>),
    Sparse(SparseColMat<usize, f64>),
}

/// Columns that deserve a note.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oddities {
    /// Columns that are the same number everywhere.
    pub constant: Vec<usize>,
    /// Columns that equal an earlier one: the earlier, the later.
    pub duplicates: Vec<(usize, usize)>,
}

impl Table {
    /// Reads a table; the format is recognised by the content if it is not given.
    ///
    /// # Errors
    /// What is wrong, in which line.
    pub fn read(source: impl Read, format: Option<Format>) -> Result<Self, String> {
        let mut source = plain(source)?;
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let format = format.unwrap_or_else(|| recognised(&head));
        let separator = separated::separator(&head);
        let source = BufReader::new(Cursor::new(head).chain(source));
        let table = match format {
            Format::Csv => separated::read(source, separator)?,
            Format::Svm => svm::read(source)?,
            Format::Mtx => mtx::read(source)?,
        };
        match table.rows {
            0 => Err("the table has no rows".into()),
            _ => Ok(table),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a column by its name, or else by its number from 1.
    ///
    /// # Errors
    /// No such column.
    pub fn find(&self, column: &str) -> Result<usize, String> {
        let number = || column.parse().ok().and_then(|k: usize| k.checked_sub(1)).filter(|k| *k < self.names.len());
        self.names.iter().position(|name| name == column).or_else(number).ok_or_else(|| {
            let some: Vec<String> = self.names.iter().take(8).map(|name| format!("\"{name}\"")).collect();
            let more = if self.names.len() > 8 { ", …" } else { "" };
            format!("there is no column \"{column}\"; the table has {}{more}", some.join(", "))
        })
    }

    /// Takes a column out of the table.
    ///
    /// # Errors
    /// No such column.
    pub fn take(&mut self, column: &str) -> Result<Vec<f64>, String> {
        let place = self.find(column)?;
        self.names.remove(place);
        Ok(match &mut self.columns {
            Columns::Dense(columns) => columns.remove(place),
            Columns::Sparse(columns) => {
                let (rows, values) = columns.remove(place);
                let mut column = vec![0.0; self.rows];
                for (i, value) in rows.into_iter().zip(values) {
                    column[i] = value;
                }
                column
            }
        })
    }

    /// Constant and repeated columns.
    pub fn oddities(&self) -> Oddities {
        let mut oddities = Oddities::default();
        let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
        for j in 0..self.names.len() {
            if self.columns.is_constant(j, self.rows) {
                oddities.constant.push(j);
                continue;
            }
            let like = seen.entry(self.columns.digest(j)).or_default();
            match like.iter().find(|&&earlier| self.columns.equal(earlier, j)) {
                Some(&earlier) => oddities.duplicates.push((earlier, j)),
                None => like.push(j),
            }
        }
        oddities
    }

    /// The names of the columns and the matrix; a sparse table with most of its entries becomes dense.
    pub fn into_matrix(self) -> (Vec<String>, Matrix) {
        let (n, p) = (self.rows, self.names.len());
        let matrix = match self.columns {
            Columns::Dense(columns) => Matrix::Dense(columns.into_iter().flatten().collect()),
            Columns::Sparse(columns) if 2 * columns.iter().map(|(rows, _)| rows.len()).sum::<usize>() > n * p => {
                let mut entries = vec![0.0; n * p];
                for ((rows, values), column) in columns.into_iter().zip(entries.chunks_exact_mut(n)) {
                    rows.into_iter().zip(values).for_each(|(i, value)| column[i] = value);
                }
                Matrix::Dense(entries)
            }
            Columns::Sparse(columns) => {
                let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
                for column in columns {
                    rows.extend(column.0);
                    values.extend(column.1);
                    starts.push(rows.len());
                }
                Matrix::Sparse(SparseColMat::new(SymbolicSparseColMat::new_checked(n, p, starts, None, rows), values))
            }
        };
        (self.names, matrix)
    }
}

impl Columns {
    fn is_constant(&self, j: usize, n: usize) -> bool {
        let (stored, first) = match self {
            Self::Dense(columns) => (&columns[j], columns[j].first()),
            Self::Sparse(columns) => (&columns[j].1, columns[j].1.first()),
        };
        stored.is_empty() || stored.len() == n && stored.iter().all(|value| Some(value) == first)
    }

    fn digest(&self, j: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        let values = match self {
            Self::Dense(columns) => &columns[j],
            Self::Sparse(columns) => {
                columns[j].0.hash(&mut hasher);
                &columns[j].1
            }
        };
        // No negative zero.
        values.iter().for_each(|value| (value + 0.0).to_bits().hash(&mut hasher));
        hasher.finish()
    }

    fn equal(&self, j: usize, k: usize) -> bool {
        match self {
            Self::Dense(columns) => columns[j] == columns[k],
            Self::Sparse(columns) => columns[j] == columns[k],
        }
    }
}

/// The source, decompressed if it is compressed.
fn plain<'a>(mut source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, String> {
    let mut magic = Vec::new();
    source.by_ref().take(2).read_to_end(&mut magic).map_err(unreadable)?;
    let compressed = magic == [0x1f, 0x8b];
    let source = Cursor::new(magic).chain(source);
    Ok(if compressed { Box::new(MultiGzDecoder::new(BufReader::new(source))) } else { Box::new(source) })
}

fn recognised(head: &[u8]) -> Format {
    let head = String::from_utf8_lossy(head);
    if head.starts_with("%%MatrixMarket") {
        return Format::Mtx;
    }
    let line = head.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).unwrap_or("");
    let is_pair =
        |word: &str| word.split_once(':').is_some_and(|(index, _)| index == "qid" || index.parse::<u64>().is_ok());
    let mut words = line.split_whitespace();
    let target = words.next().is_some_and(|word| word.parse::<f64>().is_ok());
    if target && words.next().is_some_and(is_pair) { Format::Svm } else { Format::Csv }
}

fn unreadable(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "not text in UTF-8".into(),
        io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => format!("not a whole gzip file: {error}"),
        _ => error.to_string(),
    }
}

/// Lines with their numbers; empty ones are left out, and comments after `comment`.
fn lines(source: impl BufRead, comment: char) -> impl Iterator<Item = Result<(usize, String), String>> {
    (1..).zip(source.lines()).filter_map(move |(number, line)| match line {
        Ok(mut line) => {
            line.truncate(line.find(comment).unwrap_or(line.len()));
            (!line.trim().is_empty()).then_some(Ok((number, line)))
        }
        Err(error) => Some(Err(format!("line {number}: {}", unreadable(error)))),
    })
}

/// A finite number, or what is wrong with it.
fn number(cell: &str) -> Result<f64, String> {
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(format!("{cell} is not finite; remove the row")),
        Err(_) if cell.is_empty() => Err("a value is missing; complete the row or remove it".into()),
        Err(_) => {
            let start: String = cell.chars().take(24).collect();
            Err(format!("\"{start}\" is not a number like -12.5 or 3e-4"))
        }
    }
}
