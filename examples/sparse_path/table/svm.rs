//! svmlight and libsvm: `target index:value index:value … # comment`. A pair `qid:…` is ignored.

use std::io::BufRead;

use super::{Columns, MOST, Table, lines, number};

/// Reads rows; the column `y` is the target, the others are called by their indices, which count from 1, or from 0 if any
/// index is 0.
pub fn read(source: impl BufRead) -> Result<Table, String> {
    let mut target = Vec::new();
    let mut features: Vec<(Vec<usize>, Vec<f64>)> = Vec::new();
    for entry in lines(source, '#') {
        let (line, text) = entry?;
        let row = target.len();
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        target.push(number(first).map_err(|what| format!("line {line}, target: {what}"))?);
        for word in words {
            let pair = word.split_once(':');
            let (index, value) = pair.ok_or_else(|| format!("line {line}: \"{word}\" is not index:value"))?;
            if index == "qid" {
                continue;
            }
            let j = index.parse::<usize>().ok().filter(|j| *j <= MOST);
            let j = j.ok_or_else(|| format!("line {line}: \"{index}\" is not an index of a feature"))?;
            let value = number(value).map_err(|what| format!("line {line}, feature {j}: {what}"))?;
            if features.len() <= j {
                features.resize_with(j + 1, Default::default);
            }
            let (rows, values) = &mut features[j];
            if rows.last() == Some(&row) {
                return Err(format!("line {line}: feature {j} is given twice"));
            }
            rows.push(row);
            values.push(value);
        }
    }
    let rows = target.len();
    // The first feature is there, if only for its name, where the indices count from 1.
    let first = usize::from(features.first().is_none_or(|(rows, _)| rows.is_empty()));
    let features: Vec<_> = features.into_iter().skip(first).collect();
    let names = ["y".to_owned()].into_iter().chain((first..).take(features.len()).map(|j| j.to_string())).collect();
    let target = ((0..rows).collect(), target);
    let stored = |(rows, values): (Vec<usize>, Vec<f64>)| {
        rows.into_iter().zip(values).filter(|(_, value)| *value != 0.0).unzip()
    };
    let columns = [target].into_iter().chain(features).map(stored).collect();
    Ok(Table { names, rows, columns: Columns::Sparse(columns) })
}
