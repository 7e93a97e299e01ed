//! Reads a table with named columns: text in, columns of numbers out. No input or output of its own, and no panics.

use csv::{ReaderBuilder, StringRecord, Trim};

/// A table of cells below a header.
#[derive(Clone, Debug)]
pub struct Table {
    header: StringRecord,
    rows: Vec<StringRecord>,
    /// The line of each row in the file.
    lines: Vec<u64>,
}

impl Table {
    /// Reads a table: one row a line, cells separated by semicolons, commas, tabs or spaces, whichever the first line has.
    /// Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// What is wrong, in which line, and what to do about it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let filled = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let (numbers, lines): (Vec<u64>, Vec<&str>) = (1..).zip(text.lines()).filter(|(_, line)| filled(line)).unzip();
        let first = lines.first().map_or("", |line| line.trim());
        let separator = [';', ',', '\t'].into_iter().find(|separator| first.contains(*separator));
        let words = |line: &&str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let table = match separator {
            Some(_) => lines.join("\n"),
            None => lines.iter().map(words).collect::<Vec<_>>().join("\n"),
        };
        let mut reader = ReaderBuilder::new()
            .delimiter(separator.and_then(|s| u8::try_from(s).ok()).unwrap_or(b' '))
            .trim(Trim::All)
            .flexible(true)
            .has_headers(false)
            .from_reader(table.as_bytes());
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| format!("not a table of separated values: {error}"))?;
            let line = record.position().and_then(|p| numbers.get(usize::try_from(p.line()).ok()?.checked_sub(1)?));
            records.push((line.copied().unwrap_or(1), record));
        }
        let mut records = records.into_iter();
        let Some((line, header)) = records.next() else {
            return Err("the table is empty: give a line with the names of the columns, then one line a sample".into());
        };
        if header.iter().any(|cell| cell.parse::<f64>().is_ok()) {
            return Err(format!("line {line}: the first line must name the columns, and a name is not a number"));
        }
        let (lines, rows): (Vec<_>, Vec<_>) = records.filter(|(_, row)| !row.iter().all(str::is_empty)).unzip();
        if rows.is_empty() {
            return Err("the table has a header but no rows".into());
        }
        Ok(Self { header, rows, lines })
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.iter()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The line of row `i` in the file.
    pub fn line(&self, i: usize) -> u64 {
        self.lines.get(i).copied().unwrap_or(0)
    }

    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// No such column, or two; a cell that is missing or no finite number, with its line.
    pub fn column(&self, name: &str) -> Result<Vec<f64>, String> {
        let mut places = self.names().enumerate().filter(|(_, known)| *known == name).map(|(k, _)| k);
        let Some(place) = places.next() else {
            let known: Vec<_> = self.names().map(|name| format!("\"{name}\"")).collect();
            return Err(format!("there is no column \"{name}\"; the header has {}", known.join(", ")));
        };
        if places.next().is_some() {
            return Err(format!("two columns are called \"{name}\""));
        }
        let cell = |(row, line): (&StringRecord, &u64)| match row.get(place) {
            None | Some("") => {
                Err(format!("line {line}: no value in column \"{name}\"; complete the line or remove it"))
            }
            Some(cell) => match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                Ok(_) => Err(format!("line {line}: {cell} in column \"{name}\" is not finite; remove the line")),
                Err(_) => {
                    let start: String = cell.chars().take(24).collect();
                    Err(format!("line {line}: \"{start}\" in column \"{name}\" is not a number like -12.5 or 3e-4"))
                }
            },
        };
        self.rows.iter().zip(&self.lines).map(cell).collect()
    }
}
