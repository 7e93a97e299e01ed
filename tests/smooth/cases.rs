//! The small problems of CUTEst and those of Moré, Garbow & Hillstrom, how a run on one ends, and the table of all runs.

use std::fmt::Write;

use crate::reference::{self, folder_of, number, numbers};
use crate::tape::Tape;

/// Oracle calls of a run.
pub const BUDGET: u64 = 5_000;

/// A problem with what is known of it.
pub struct Case {
    pub name: String,
    pub tape: Tape,
    pub start: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// The lowest known value.
    pub least: f64,
}

impl Case {
    pub fn is_bounded(&self) -> bool {
        self.lower.iter().chain(&self.upper).any(|bound| bound.is_finite())
    }
}

pub fn cases() -> Vec<Case> {
    let small = reference::sets("cutest-small").into_iter().map(|set| {
        let meta = reference::meta(&set);
        let start = numbers(&meta, "problem", "x0");
        let bound = |key, none| {
            let known = meta["problem"].get(key).and_then(toml::Value::as_array);
            known.map_or(vec![none; start.len()], |bounds| bounds.iter().map(number).collect())
        };
        let (lower, upper) = (bound("lower", f64::NEG_INFINITY), bound("upper", f64::INFINITY));
        let least = number(&meta["reference"]["best_f"]);
        Case { name: folder_of(&set), tape: Tape::load(&set), start, lower, upper, least }
    });
    let classical = reference::sets("mgh").into_iter().map(|set| {
        let meta = reference::meta(&set);
        let minima = (1..).map_while(|k| meta.get(&format!("minimum{k}"))).map(|minimum| number(&minimum["sse"]));
        let start = numbers(&meta, "start", "x0");
        let (lower, upper) = (vec![f64::NEG_INFINITY; start.len()], vec![f64::INFINITY; start.len()]);
        let least = minima.fold(f64::INFINITY, f64::min);
        Case { name: folder_of(&set), tape: Tape::load(&set), start, lower, upper, least }
    });
    small.chain(classical).collect()
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// At the lowest known value.
    Best,
    /// Where the gradient vanishes, at a higher value.
    Other,
    /// The method gave up.
    Stalled,
    /// The method ended by its own measure, away from both.
    Early,
    Budget,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "",
            Self::Other => "other minimum",
            Self::Stalled => "stalled",
            Self::Early => "ended early",
            Self::Budget => "budget",
        }
    }
}

/// One run.
pub struct Run {
    pub method: &'static str,
    pub case: usize,
    pub outcome: Outcome,
    /// Oracle calls until the outcome, for `Best` and `Other` until its inequality held first.
    pub evaluations: u64,
    /// What else is counted, as `summary` is told.
    pub effort: u64,
}

impl Run {
    pub fn succeeded(&self) -> bool {
        self.outcome <= Outcome::Other
    }
}

/// Methods in the order of their first run.
pub fn methods(runs: &[Run]) -> Vec<&'static str> {
    let mut names: Vec<_> = Vec::new();
    for run in runs {
        if !names.contains(&run.method) {
            names.push(run.method);
        }
    }
    names
}

fn median(mut counts: Vec<u64>) -> String {
    counts.sort_unstable();
    counts.get(counts.len() / 2).map_or("–".into(), u64::to_string)
}

/// Per method: outcomes, and the medians over its successes.
pub fn summary(runs: &[Run], effort: &str) -> String {
    let mut text = format!(
        "| method | problems | best | other minimum | stalled | ended early | budget | evaluations | {effort} |\n",
    );
    text += "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for method in methods(runs) {
        let mine: Vec<_> = runs.iter().filter(|run| run.method == method).collect();
        let count = |outcome| mine.iter().filter(|run| run.outcome == outcome).count();
        let of = |f: fn(&Run) -> u64| median(mine.iter().filter(|run| run.succeeded()).map(|run| f(run)).collect());
        let [best, other, stalled, early, budget] =
            [Outcome::Best, Outcome::Other, Outcome::Stalled, Outcome::Early, Outcome::Budget].map(count);
        let (evaluations, effort) = (of(|run| run.evaluations), of(|run| run.effort));
        let problems = mine.len();
        writeln!(
            text,
            "| {method} | {problems} | {best} | {other} | {stalled} | {early} | {budget} | {evaluations} | {effort} |"
        )
        .unwrap();
    }
    text
}
