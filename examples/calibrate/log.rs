//! Reads a log of readings: text in, three columns of numbers out. No input or output of its own, and no panics.

use csv::{ReaderBuilder, StringRecord, Trim};

/// Three columns of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The names of the columns; `column 1` and so on without a header.
    pub names: [String; 3],
    /// The rows, in the order of the log; cells may be infinite or NaN.
    pub rows: Vec<[f64; 3]>,
}

/// What a column of an axis may be called before its letter, most wanted first.
const STEMS: [&str; 8] = ["m", "mag", "magnetometer", "", "a", "acc", "accel", "accelerometer"];
const AXES: [[&str; 3]; 3] = [["x", "y", "z"], ["0", "1", "2"], ["1", "2", "3"]];

/// Reads a log: one row a line, cells separated by semicolons, commas, tabs or spaces, whichever the first line has.
///
/// Empty lines and lines that begin with `#` are skipped. The first row is a header if none of its cells is a number.
/// `columns` are names of the header, or numbers from 1 if there is none. Without `columns`: `mx, my, mz` or the like if
/// the header has them, else the first three.
///
/// # Errors
/// What is wrong, in which line, and what to do about it.
pub fn parse(text: &str, columns: Option<&[String; 3]>) -> Result<Log, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut numbers = Vec::new();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            numbers.push(number);
            lines.push(line);
        }
    }
    let first = lines.first().map_or("", |line| line.trim());
    let separator = [';', ',', '\t'].into_iter().find(|separator| first.contains(*separator));
    let table = match separator {
        Some(_) => lines.join("\n"),
        None => {
            let words = |line: &&str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            lines.iter().map(words).collect::<Vec<_>>().join("\n")
        }
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator.and_then(|s| u8::try_from(s).ok()).unwrap_or(b' '))
        .trim(Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(table.as_bytes());

    let mut picked = None;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("not a table of comma-separated values: {error}"))?;
        // The reader counts lines of the table without its comments and empty lines.
        let line = record.position().and_then(|p| numbers.get(usize::try_from(p.line()).ok()?.checked_sub(1)?));
        let line = line.copied().unwrap_or(1);
        if record.iter().all(str::is_empty) {
            continue;
        }
        if let Some((indices, _)) = &picked {
            rows.push(row(&record, indices, line)?);
        } else if is_header(&record) {
            picked = Some(by_name(&record, columns).map_err(|what| format!("line {line}: {what}"))?);
        } else {
            let (indices, names) = by_number(columns)?;
            rows.push(row(&record, &indices, line)?);
            picked = Some((indices, names));
        }
    }
    match picked {
        None => Err("the log is empty: give a row of three numbers for each reading".into()),
        Some(_) if rows.is_empty() => Err("the log has a header but no readings".into()),
        Some((_, names)) => Ok(Log { names, rows }),
    }
}

fn is_header(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.parse::<f64>().is_err())
}

/// The columns to read, as indices, and their names.
type Picked = ([usize; 3], [String; 3]);

fn by_name(header: &StringRecord, columns: Option<&[String; 3]>) -> Result<Picked, String> {
    let known = || header.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let indices = if let Some(columns) = columns {
        let find = |wanted: &String| {
            let exact = header.iter().position(|name| name == wanted);
            let index = exact.or_else(|| header.iter().position(|name| name.eq_ignore_ascii_case(wanted)));
            index.ok_or_else(|| format!("no column \"{wanted}\"; the header has {}", known()))
        };
        let [a, b, c] = columns;
        distinct([find(a)?, find(b)?, find(c)?])?
    } else if header.len() < 3 {
        return Err(format!(
            "the header has {} of the three columns needed: {}; separate them by comma, semicolon, tab or space",
            header.len(),
            known()
        ));
    } else {
        usual(header).unwrap_or([0, 1, 2])
    };
    Ok((indices, indices.map(|index| header.get(index).unwrap_or_default().to_owned())))
}

/// The first of the usual names: `mx, my, mz`, `mag_x [uT], …`, `x, y, z`, `ax, ay, az` and the like.
fn usual(header: &StringRecord) -> Option<[usize; 3]> {
    let plain = |name: &str| -> String {
        let name = name.split(['(', '[']).next().unwrap_or_default();
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let names: Vec<String> = header.iter().map(plain).collect();
    let find = |stem: &str, axis: &str| names.iter().position(|name| name.strip_prefix(stem) == Some(axis));
    STEMS
        .into_iter()
        .find_map(|stem| AXES.into_iter().find_map(|[x, y, z]| Some([find(stem, x)?, find(stem, y)?, find(stem, z)?])))
}

fn by_number(columns: Option<&[String; 3]>) -> Result<Picked, String> {
    let Some(columns) = columns else {
        return Ok(([0, 1, 2], [1, 2, 3].map(|number| format!("column {number}"))));
    };
    let find = |wanted: &String| match wanted.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number - 1),
        _ => Err(format!("the log has no header to look for \"{wanted}\" in: give the columns by number, from 1")),
    };
    let [a, b, c] = columns;
    let indices = distinct([find(a)?, find(b)?, find(c)?])?;
    Ok((indices, columns.clone().map(|number| format!("column {number}"))))
}

fn distinct(indices: [usize; 3]) -> Result<[usize; 3], String> {
    let [a, b, c] = indices;
    if a == b || b == c || a == c {
        return Err("the three columns must be different ones".into());
    }
    Ok(indices)
}

fn row(record: &StringRecord, indices: &[usize; 3], line: u64) -> Result<[f64; 3], String> {
    let cell = |index: usize| {
        let Some(cell) = record.get(index) else {
            let count = record.len();
            let plural = if count == 1 { "cell" } else { "cells" };
            return Err(format!(
                "line {line}: {count} {plural}, but column {} is wanted; complete the line or remove it",
                index + 1
            ));
        };
        cell.parse::<f64>().map_err(|_| {
            let start: String = cell.chars().take_while(|c| *c != '\n').take(24).collect();
            match cell {
                "" => format!("line {line}, column {}: empty; write nan for a missing reading", index + 1),
                _ => format!("line {line}, column {}: \"{start}\" is not a number like -12.5 or 3e-4", index + 1),
            }
        })
    };
    let [a, b, c] = *indices;
    Ok([cell(a)?, cell(b)?, cell(c)?])
}
