//! Fits a penalized regression along a path of λ.
//!
//! Without data it fits a problem with a known answer and checks that it is found.

#![allow(unreachable_pub, reason = "nothing is reachable from outside a program")]
#![allow(clippy::indexing_slicing, reason = "columns and rows are counted by their own tables; no firmware runs this")]
#![allow(clippy::cast_possible_truncation, reason = "of pixels and decimals, all small")]
#![allow(clippy::float_cmp, reason = "zero, classes and repeated numbers are meant exactly")]

mod args;
#[path = "../curve_fit/axis.rs"]
mod axis;
mod builtin;
mod draw;
mod fit;
mod observations;
mod report;
mod shape;
mod table;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use crate::args::{Arguments, LossName, PenaltyName, RuleName};
use crate::fit::Outcome;
use crate::observations::Observations;
use crate::report::Report;

const BAD_INPUT: u8 = 2;
/// What a shell reports of a program that was interrupted.
const INTERRUPT: u8 = 130;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(INTERRUPT),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Whether the user ended the path.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let observations = match &arguments.data {
        Some(path) => Observations::read(arguments, path)?,
        None if is_bare(arguments) => builtin::observations(),
        None => {
            return Err("give the DATA; the built-in problem has no columns to choose, and no classes or counts".into());
        }
    };
    if arguments.cv.is_none() && matches!(arguments.choose, Some(RuleName::Best | RuleName::OneSe)) {
        return Err("--choose best and one-se are rules of cross-validation: add --cv".into());
    }
    // A second request ends at once.
    let interrupt = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&interrupt);
    let ask = move || {
        if asked.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPT.into());
        }
    };
    ctrlc::set_handler(ask).map_err(|error| format!("interrupts cannot be awaited: {error}"))?;
    let outcome = fit::fit(&observations, arguments, &interrupt)?;
    if arguments.data.is_none() && !outcome.interrupted {
        found(&outcome, arguments);
    }
    let report = Report { observations: &observations, arguments, outcome: &outcome };
    if let Some(path) = &arguments.svg {
        let picture = draw::draw(&report).map_err(|error| format!("the figure cannot be drawn: {error}"))?;
        fs::write(path, picture).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    if arguments.json {
        report.notes().iter().for_each(|note| eprintln!("note: {note}"));
        print(&report.json())?;
    } else {
        print(&report.to_string())?;
    }
    Ok(outcome.interrupted)
}

/// Whether nothing is asked for that the built-in problem lacks.
fn is_bare(arguments: &Arguments) -> bool {
    let Arguments { target, response, event, weights, offset, format, loss, .. } = arguments;
    let columns = [target, event, weights, offset];
    columns.iter().all(|column| column.is_none())
        && response.is_none()
        && format.is_none()
        && matches!(loss, LossName::Squared | LossName::Huber | LossName::Quantile)
}

/// The answer of the built-in problem: with the usual settings the columns that matter are selected, and no other.
fn found(outcome: &Outcome, arguments: &Arguments) {
    let usual = arguments.gamma.is_none() && arguments.lambda_ratios.is_empty() && arguments.min_ratio.is_none();
    let usual = usual && arguments.loss == LossName::Squared && arguments.penalty() == PenaltyName::Mcp;
    if usual && arguments.choose.is_none() && arguments.lambdas >= 50 {
        let selected = outcome.steps.get(outcome.chosen).map(|step| step.fit.coefficients.indices.as_slice());
        assert_eq!(selected, Some(builtin::TRUTH.map(|(j, _)| j).as_slice()), "the columns that matter and no other");
    }
}

fn print(text: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
