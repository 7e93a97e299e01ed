//! MatrixMarket (Boisvert, Pozo & Remington 1996): `coordinate` or `array`, `real`, `integer` or `pattern`, `general`.

use std::io::BufRead;

use super::{Columns, MOST, Table, lines, number, unreadable};

/// Reads a matrix; the columns are called by their numbers.
pub fn read(mut source: impl BufRead) -> Result<Table, String> {
    let mut banner = String::new();
    source.read_line(&mut banner).map_err(unreadable)?;
    let words: Vec<String> = banner.split_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (coordinate, pattern) = match words.as_slice() {
        ["%%matrixmarket", "matrix", "coordinate", field @ ("real" | "integer" | "pattern"), "general"] => {
            (true, *field == "pattern")
        }
        ["%%matrixmarket", "matrix", "array", "real" | "integer", "general"] => (false, false),
        ["%%matrixmarket", ..] => {
            return Err("line 1: only real, integer or pattern matrices without symmetry can be read".into());
        }
        _ => return Err("line 1: not the beginning of a MatrixMarket file".into()),
    };
    // The banner is the first line.
    let mut lines = lines(source, '%').map(|entry| entry.map(|(line, text)| (line + 1, text)));
    let (line, text) = lines.next().ok_or("the sizes of the matrix are missing")??;
    let sizes = text.split_whitespace().map(|word| word.parse().ok()).collect::<Option<Vec<usize>>>();
    let (n, p, count) = match sizes.as_deref() {
        Some(&[n, p, count]) if coordinate && n.max(p) <= MOST => (n, p, count),
        Some(&[n, p]) if !coordinate && n.max(p) <= MOST => (n, p, n * p),
        _ => {
            let expected = if coordinate { "rows, columns and number of entries" } else { "rows and columns" };
            return Err(format!("line {line}: {expected} expected, up to {MOST}"));
        }
    };
    let columns = if coordinate { entries(lines, [n, p, count], pattern)? } else { array(lines, n, count)? };
    let names = (1..=p).map(|j| j.to_string()).collect();
    Ok(Table { names, rows: n, columns })
}

/// Lines `row column value`, or `row column` if every value is one.
fn entries(
    lines: impl Iterator<Item = Result<(usize, String), String>>,
    [n, p, count]: [usize; 3],
    pattern: bool,
) -> Result<Columns, String> {
    let mut columns: Vec<Vec<(usize, f64)>> = vec![Vec::new(); p];
    let mut found = 0;
    for entry in lines {
        let (line, text) = entry?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let (row, column, value) = match words.as_slice() {
            [row, column] if pattern => (row, column, "1"),
            [row, column, value] if !pattern => (row, column, *value),
            _ => return Err(format!("line {line}: row, column{} expected", if pattern { "" } else { " and value" })),
        };
        let place = |word: &str, most: usize| word.parse().ok().filter(|k| (1..=most).contains(k)).map(|k| k - 1);
        let place = place(row, n).zip(place(column, p));
        let (i, j) = place.ok_or_else(|| format!("line {line}: ({row}, {column}) is outside the {n} by {p} matrix"))?;
        let value = number(value).map_err(|what| format!("line {line}: {what}"))?;
        columns[j].push((i, value));
        found += 1;
    }
    if found != count {
        return Err(format!("{count} entries expected, {found} found"));
    }
    for (j, column) in columns.iter_mut().enumerate() {
        column.sort_by_key(|&(i, _)| i);
        if let Some(twice) = column.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("entry ({}, {}) is given twice", twice[0].0 + 1, j + 1));
        }
        column.retain(|&(_, value)| value != 0.0);
    }
    Ok(Columns::Sparse(columns.into_iter().map(|column| column.into_iter().unzip()).collect()))
}

/// Numbers, column after column.
fn array(
    lines: impl Iterator<Item = Result<(usize, String), String>>,
    n: usize,
    count: usize,
) -> Result<Columns, String> {
    let mut values = Vec::new();
    for entry in lines {
        let (line, text) = entry?;
        for word in text.split_whitespace() {
            values.push(number(word).map_err(|what| format!("line {line}: {what}"))?);
        }
    }
    if values.len() != count {
        return Err(format!("{count} entries expected, {} found", values.len()));
    }
    Ok(Columns::Dense(values.chunks(n.max(1)).map(<[f64]>::to_vec).collect()))
}
