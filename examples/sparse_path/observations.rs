//! The target as its loss needs it, and what is odd about the data.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::args::{Arguments, LossName};
use crate::table::{Matrix, Table};

/// Columns that a note lists by name.
const LISTED: usize = 8;

/// A design with its observations.
pub struct Observations {
    /// What the data are called.
    pub title: String,
    /// Of the columns.
    pub names: Vec<String>,
    /// The number of observations.
    pub rows: usize,
    pub matrix: Matrix,
    pub target: Target,
    pub weights: Option<Vec<f64>>,
    pub offset: Option<Vec<f64>>,
    pub notes: Vec<String>,
}

/// What is explained.
pub enum Target {
    /// A number, or 0 and 1 for two classes.
    Numbers(Vec<f64>),
    /// The class of each observation, and the labels of the classes.
    Classes(Vec<usize>, Vec<String>),
    /// Times, and whether each ends with an event.
    Times(Vec<f64>, Vec<bool>),
}

impl Observations {
    /// Reads what the arguments name.
    ///
    /// # Errors
    /// What is wrong with the table, the target, or what is left for the design.
    pub fn read(arguments: &Arguments, path: &Path) -> Result<Self, String> {
        let mut table = table(path, arguments)?;
        let numbers = match &arguments.response {
            Some(path) => response(path, table.rows())?,
            None => {
                let named = table.names().iter().find(|name| *name == "y").or(table.names().first()).cloned();
                table.take(arguments.target.as_deref().or(named.as_deref()).unwrap_or("y"))?
            }
        };
        let mut side = |column: &Option<String>| column.as_deref().map(|column| table.take(column)).transpose();
        let (event, weights, offset) = (side(&arguments.event)?, side(&arguments.weights)?, side(&arguments.offset)?);
        if table.names().is_empty() {
            return Err("there is no column beside the target: nothing can explain it".into());
        }
        if table.rows() < 2 {
            return Err("there is one observation; two are needed at least".into());
        }
        if let Some(i) = weights.iter().flatten().position(|weight| *weight < 0.0) {
            return Err(format!("--weights: the weight of observation {} is negative", i + 1));
        }
        let mut notes = Vec::new();
        let target = target(arguments.loss, numbers, event, &mut notes)?;
        oddities(&table, arguments, &mut notes);
        let name = if path.as_os_str() == "-" { OsStr::new("standard input") } else { path.as_os_str() };
        let title = Path::new(name).file_name().unwrap_or(name).to_string_lossy().into_owned();
        let rows = table.rows();
        let (names, matrix) = table.into_matrix();
        Ok(Self { title, names, rows, matrix, target, weights, offset, notes })
    }
}

fn table(path: &Path, arguments: &Arguments) -> Result<Table, String> {
    if path.as_os_str() == "-" {
        return Table::read(io::stdin().lock(), arguments.format).map_err(|what| format!("standard input: {what}"));
    }
    let file = File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Table::read(file, arguments.format).map_err(|what| format!("{}: {what}", path.display()))
}

fn response(path: &Path, rows: usize) -> Result<Vec<f64>, String> {
    let named = |what: String| format!("{}: {what}", path.display());
    let file = File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let mut table = Table::read(file, None).map_err(named)?;
    if table.names().len() != 1 || table.rows() != rows {
        let found = format!("{} rows of {} columns", table.rows(), table.names().len());
        return Err(named(format!("one column of {rows} rows expected, {found} found")));
    }
    table.take("1").map_err(named)
}

/// The target as its loss needs it.
fn target(
    loss: LossName,
    numbers: Vec<f64>,
    event: Option<Vec<f64>>,
    notes: &mut Vec<String>,
) -> Result<Target, String> {
    if event.is_some() != (loss == LossName::Cox) {
        return Err("--event belongs to --loss cox, and that to --event".into());
    }
    if let Some(event) = event {
        if let Some(i) = event.iter().position(|event| *event != 0.0 && *event != 1.0) {
            return Err(format!("--event: {} of observation {} is neither 0 nor 1", event[i], i + 1));
        }
        if event.iter().all(|event| *event == 0.0) {
            return Err("--event: no observation has an event: nothing is to be explained".into());
        }
        return Ok(Target::Times(numbers, event.iter().map(|event| *event == 1.0).collect()));
    }
    let mut values = numbers.clone();
    values.sort_by(f64::total_cmp);
    values.dedup();
    if let [only] = values.as_slice() {
        return Err(format!("the target is {only} everywhere: nothing is to be explained"));
    }
    match (loss, values.as_slice()) {
        (LossName::Logistic | LossName::Hinge, [low, high]) => {
            if (*low, *high) != (0.0, 1.0) {
                notes.push(format!("the target {high} counts as 1, {low} as 0"));
            }
            Ok(Target::Numbers(numbers.iter().map(|y| f64::from(u8::from(y == high))).collect()))
        }
        (LossName::Logistic | LossName::Hinge, [a, b, c, ..]) => {
            let more = if values.len() > 3 { ", …" } else { "" };
            Err(format!("the target must be of two classes, as 0 and 1, but has {a}, {b}, {c}{more}"))
        }
        (LossName::Multinomial, labels) => {
            if let Some(i) = numbers.iter().position(|y| y.fract() != 0.0) {
                return Err(format!("the target {} of observation {} is no class: number them", numbers[i], i + 1));
            }
            let class = |y: &f64| labels.partition_point(|label| label < y);
            let classes = numbers.iter().map(class).collect();
            Ok(Target::Classes(classes, labels.iter().map(f64::to_string).collect()))
        }
        (LossName::Poisson, _) => match numbers.iter().position(|y| *y < 0.0) {
            Some(i) => Err(format!("the target {} of observation {} is negative: no count", numbers[i], i + 1)),
            None => Ok(Target::Numbers(numbers)),
        },
        _ => Ok(Target::Numbers(numbers)),
    }
}

fn oddities(table: &Table, arguments: &Arguments, notes: &mut Vec<String>) {
    let odd = table.oddities();
    let list = |names: Vec<String>| {
        let more = if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
        format!("{}{more}", names.into_iter().take(LISTED).collect::<Vec<_>>().join(", "))
    };
    let name = |j: usize| table.names()[j].clone();
    if !odd.constant.is_empty() {
        let centred = !(arguments.no_standardize && arguments.no_intercept);
        let what = if centred { "constant columns, which get the coefficient 0" } else { "constant columns" };
        notes.push(format!("{what}: {}", list(odd.constant.iter().map(|j| name(*j)).collect())));
    }
    if !odd.duplicates.is_empty() {
        let pairs = odd.duplicates.iter().map(|(first, again)| format!("{} = {}", name(*again), name(*first)));
        let pairs = list(pairs.collect());
        notes.push(format!("repeated columns, of which any one may stand for the other: {pairs}"));
    }
}
