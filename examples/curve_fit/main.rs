//! Fits a formula to the columns of a table.
//!
//! Without a table it fits a reference problem of NIST and checks the certified answer.

#![allow(unreachable_pub, reason = "nothing is reachable from outside a program")]
#![allow(
    clippy::indexing_slicing,
    reason = "parameters and rows are counted by their own tables; no firmware runs this"
)]
#![allow(clippy::cast_possible_truncation, reason = "of pixels, decimals and exponents, all small")]
#![allow(clippy::float_cmp, reason = "zero, whole numbers and bounds are meant exactly")]

mod axis;
mod figure;
mod formula;
mod models;
mod report;
mod solve;
mod table;
mod task;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use thalweg::problem::Loss;

use crate::report::Report;
use crate::solve::Fit;
use crate::table::Table;
use crate::task::Wishes;

const EXAMPLE: &str = "\
Example: curve_fit log.csv --response volt --expr \"c+a*exp(-t/tau)\" --start a=3,tau=2,c=0 --svg fit.svg";

/// Fits a formula to the columns of a table by nonlinear least squares, in double or single precision.
///
/// Formulas know + - * / ^ (right-associative, tighter than minus), exp ln log sqrt sin cos tan atan arctan abs (ln and log
/// are the natural logarithm), pi, and names: columns of the table are data, all other names parameters. A column whose
/// name is no word is written in braces.
///
/// Ends with 0 if the fit converged, 2 if it did not (the best point is printed all the same), 1 on bad input. Without
/// DATA, fits NIST's Misra1a and checks the certified answer.
#[derive(Debug, Parser)]
#[command(name = "curve_fit", after_help = EXAMPLE)]
struct Arguments {
    /// The table, as text in UTF-8: a line with the names of the columns, then one line a sample.
    ///
    /// Cells are separated by semicolons, commas, tabs or spaces. Empty lines and lines that begin with # are skipped.
    data: Option<PathBuf>,
    /// The formula, as "b1*(1-exp(-b2*x))".
    #[arg(long, value_name = "FORMULA", allow_hyphen_values = true)]
    expr: Option<String>,
    /// A formula by name, in the place of --expr; starts are then found from the data where possible.
    ///
    /// Its x is the column x, or else the first column that is not the response.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Show the named formulas.
    #[arg(long)]
    list_models: bool,
    /// Where the parameters start, as b1=500,b2=1e-4; they are reported in this order.
    #[arg(long, value_name = "NAME=VALUE,…")]
    start: Option<String>,
    /// The response: a column, or a formula of columns as "log(y)" [default: y, or the first column].
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    response: Option<String>,
    /// The column of standard deviations, by which residuals are divided.
    ///
    /// They count as relative: standard errors still scale with the residual variance. Where the deviations are known
    /// exactly, divide the standard errors by the residual SD.
    #[arg(long, value_name = "COLUMN")]
    sigma: Option<String>,
    /// Bounds, as b1=0:1000,b2=0: with either end left out; a start outside is moved to the bound, with a note.
    #[arg(long, value_name = "NAME=LOWER:UPPER,…")]
    bounds: Option<String>,
    /// Parameters held at their start, as b2,b3.
    #[arg(long, value_name = "NAME,…")]
    fix: Option<String>,
    /// How residuals count; all but squared give outliers less weight.
    #[arg(long, value_enum, default_value = "squared")]
    loss: LossName,
    /// From which residual on outliers are distrusted, in units of the response, or of --sigma if given.
    #[arg(long, value_name = "SIZE", default_value = "1", allow_negative_numbers = true)]
    loss_scale: String,
    /// Draw the figure: data, curve and 95 % confidence band over the residuals.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON object instead of the report; notes go to the standard error.
    #[arg(long)]
    json: bool,
    /// Compute in single precision, as a small device does.
    #[arg(long = "f32")]
    single: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LossName {
    Squared,
    Huber,
    SoftL1,
    Cauchy,
    Tukey,
    GemanMcclure,
}

/// Misra1a, NIST Statistical Reference Datasets: stored pressure over volume, public domain.
const MISRA1A: &str = "\
y x
10.07 77.6
14.73 114.9
17.94 141.1
23.93 190.8
29.61 239.9
35.18 289.0
40.02 332.8
44.82 378.4
50.76 434.8
55.05 477.3
61.01 536.8
66.40 593.1
75.47 689.1
81.78 760.0
";
const CERTIFIED: [(f64, f64); 2] = [(238.942_129_18, 2.707_007_524_1), (5.501_564_318_1e-4, 7.266_868_843_6e-6)];

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // There is nowhere left to report that the message could not be printed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

/// Whether the fit converged.
fn run(arguments: &Arguments) -> Result<bool, String> {
    if arguments.list_models {
        return print(&models::list()).map(|()| true);
    }
    let scale = match arguments.loss_scale.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale.is_finite() => scale,
        _ => return Err(format!("--loss-scale: {} is not a positive number", arguments.loss_scale)),
    };
    let mut wishes = wishes(arguments);
    let (title, text) = match &arguments.data {
        Some(path) => (name(path), read(path)?),
        None => {
            let given = [wishes.expression, wishes.model, wishes.start, wishes.bounds, wishes.fix, wishes.sigma];
            if given.iter().any(Option::is_some) || wishes.response.is_some() {
                return Err("give the DATA to fit; only without any formula, NIST's Misra1a is fitted".into());
            }
            wishes.expression = Some("b1*(1-exp(-b2*x))");
            wishes.start = Some("b1=500,b2=1e-4");
            ("NIST's Misra1a, built in".into(), MISRA1A.into())
        }
    };
    let table = Table::parse(&text).map_err(|what| format!("{title}: {what}"))?;
    let stated = task::state(&wishes, &table, loss(arguments.loss), scale)?;
    let grid = figure::grid(&stated);
    let fit = if arguments.single { solve::fit::<f32> } else { solve::fit::<f64> }(&stated.task, &grid)?;
    if arguments.data.is_none() && matches!(arguments.loss, LossName::Squared) {
        certified(&fit, arguments.single);
    }

    if let Some(path) = &arguments.svg {
        let picture =
            figure::draw(&stated, &fit, &title).map_err(|error| format!("the figure cannot be drawn: {error}"))?;
        fs::write(path, picture).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    if arguments.json {
        stated.notes.iter().for_each(|note| eprintln!("note: {note}"));
        print(&report::json(&stated, &fit))?;
    } else {
        let line = |i: usize| table.line(i);
        let (single, figure) = (arguments.single, arguments.svg.as_deref());
        print(&Report { stated: &stated, fit: &fit, title: &title, line: &line, single, figure }.to_string())?;
    }
    Ok(fit.converged())
}

fn wishes(arguments: &Arguments) -> Wishes<'_> {
    Wishes {
        expression: arguments.expr.as_deref(),
        model: arguments.model.as_deref(),
        start: arguments.start.as_deref(),
        bounds: arguments.bounds.as_deref(),
        fix: arguments.fix.as_deref(),
        response: arguments.response.as_deref(),
        sigma: arguments.sigma.as_deref(),
    }
}

const fn loss(name: LossName) -> Loss {
    match name {
        LossName::Squared => Loss::Squared,
        LossName::Huber => Loss::Huber,
        LossName::SoftL1 => Loss::SoftL1,
        LossName::Cauchy => Loss::Cauchy,
        LossName::Tukey => Loss::Tukey,
        LossName::GemanMcclure => Loss::GemanMcClure,
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + valid.filter(|byte| **byte == b'\n').count();
        format!("{}: line {line} is not UTF-8 text; save the table as UTF-8", path.display())
    })
}

fn print(text: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// The answer of the built-in problem.
fn certified(fit: &Fit, single: bool) {
    let tolerance = if single { 2e-3 } else { 1e-6 };
    for (found, certified) in fit.params.iter().zip(&fit.errors).zip(CERTIFIED) {
        for (found, certified) in [(found.0, certified.0), (found.1, certified.1)] {
            assert!((found / certified - 1.0).abs() < tolerance, "{found} is not the certified {certified}");
        }
    }
}
