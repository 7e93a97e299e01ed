//! The result as text and as JSON.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value, json};
use thalweg::problem::Loss;
use thalweg::{Stall, Status};

use crate::solve::Fit;
use crate::task::Stated;

/// Below this share of its own a parameter is called hardly excited.
const HARDLY: f64 = 1e-3;

pub fn status(fit: &Fit) -> String {
    match fit.status {
        Status::Running => "stopped: budget exhausted".into(),
        Status::Stalled(Stall::NoDescent) if fit.exact => "converged: exact up to rounding".into(),
        status => status.to_string(),
    }
}

fn advice(fit: &Fit) -> &'static str {
    match fit.status {
        _ if fit.converged() => "",
        Status::Converged(_) => "",
        Status::Running => "start nearer, or with parameters of another scale; the best point so far is shown",
        Status::Stalled(Stall::NonFinite) => {
            "the formula or its derivatives are not finite at the start, which is shown: choose another --start"
        }
        Status::Stalled(Stall::NoDescent) => {
            "rounding has the last word: check the scale of the data, and leave out --f32"
        }
        Status::Stalled(Stall::Flat) => {
            "the parameters run away while the fit hardly improves: choose a simpler formula, --bounds or another --start"
        }
        Status::Stalled(_) => "check --bounds and --loss-scale",
    }
}

/// One object; numbers that are not finite are null.
pub fn json(stated: &Stated, fit: &Fit) -> String {
    let named = |values: &[f64]| {
        let names = stated.task.parameters.iter().map(|parameter| parameter.name.clone());
        Value::Object(names.zip(values.iter().map(|value| json!(value))).collect::<Map<_, _>>())
    };
    json!({
        "params": named(&fit.params),
        "standard_errors": named(&fit.errors),
        "correlation": fit.correlation,
        "cost": fit.cost,
        "rss": fit.rss,
        "dof": fit.freedom,
        "residual_sd": fit.deviation,
        "status": status(fit),
        "certificate": fit.certificate,
        "rank": fit.rank,
        "evaluations": fit.evaluations,
        "iterations": fit.iterations,
    })
    .to_string()
}

/// The readable report.
pub struct Report<'a> {
    pub stated: &'a Stated,
    pub fit: &'a Fit,
    /// What the data are called.
    pub title: &'a str,
    /// The line of each row in its file.
    pub line: &'a dyn Fn(usize) -> u64,
    pub single: bool,
    pub figure: Option<&'a Path>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (task, fit) = (&self.stated.task, self.fit);
        let bits = if self.single { "f32" } else { "f64" };
        writeln!(f, "data       {}, {} rows", self.title, task.response.len())?;
        writeln!(f, "model      {} = {}", self.stated.response, self.stated.formula)?;
        let (points, rows) = (fit.iterations, fit.evaluations);
        writeln!(f, "fit        {}, in {bits}: {points} points, {rows} rows evaluated", status(fit))?;
        for note in [advice(fit)].into_iter().chain(self.stated.notes.iter().map(String::as_str)) {
            if !note.is_empty() {
                writeln!(f, "note       {note}")?;
            }
        }
        writeln!(f)?;
        self.parameters(f)?;
        writeln!(f)?;
        self.verdict(f)?;
        if let Some(path) = self.figure {
            writeln!(f, "figure     {}", path.display())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn name(&self, j: usize) -> &str {
        self.stated.task.parameters.get(j).map_or("", |parameter| &parameter.name)
    }

    fn parameters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parameters, fit) = (&self.stated.task.parameters, self.fit);
        let width = parameters.iter().map(|p| p.name.chars().count()).fold(10, usize::max);
        let (value, error) = ("value", "± standard error");
        writeln!(f, "{:<width$} {value:>16}   {error:<16} {:>11} {:>11}", "parameter", "relative", "excitation")?;
        for (j, parameter) in parameters.iter().enumerate() {
            let (value, error) = (fit.params[j], fit.errors[j]);
            write!(f, "{:<width$} {:>16}", parameter.name, significant(value, 8))?;
            match (parameter.fixed, fit.known[j]) {
                (true, _) => writeln!(f, "   fixed")?,
                (false, true) => writeln!(f, "   at its bound")?,
                (false, false) if error.is_finite() => {
                    let (error, relative) = (significant(error, 4), percent(error / value.abs()));
                    writeln!(f, " ± {error:<16} {relative:>11} {:>11}", percent(fit.excitation[j]))?;
                }
                (false, false) => writeln!(f, " ± {:<16} {:>11} {:>11}", "unknown", "", percent(fit.excitation[j]))?,
            }
        }
        Ok(())
    }

    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (task, fit) = (&self.stated.task, self.fit);
        if !fit.cost.is_finite() {
            return writeln!(f, "residual   not finite");
        }
        if fit.deviation.is_finite() {
            let what = match (task.loss, &task.sigma) {
                (Loss::Squared, None) => "",
                (Loss::Squared, Some(_)) => ", in sigmas",
                (_, _) => ", of the robust cost",
            };
            writeln!(f, "residual   SD {}{what}, {} degrees of freedom", significant(fit.deviation, 5), fit.freedom)?;
        } else {
            writeln!(f, "residual   no degrees of freedom")?;
        }
        if fit.rank < fit.free {
            writeln!(f, "rank       DEFICIENT: {} of {} free parameters are determined", fit.rank, fit.free)?;
            writeln!(f, "           the data say nothing about a change by {}", self.combination())?;
        } else {
            writeln!(f, "rank       {} of {} free parameters are determined", fit.rank, fit.free)?;
        }
        if let Some(j) = fit.least_excited {
            let (name, share) = (self.name(j), fit.excitation[j]);
            if share == 0.0 {
                writeln!(f, "excitation {name} is not excited: the other parameters can do all it does")?;
            } else if share < HARDLY {
                let share = percent(share);
                writeln!(f, "excitation {name} is hardly excited: the others can do all but {share} of what it does")?;
            }
        }
        match fit.influence {
            Some((i, distance)) if distance > 1.0 && fit.freedom > 0 => {
                let distance = if distance.is_finite() { significant(distance, 3) } else { "infinite".into() };
                writeln!(f, "influence  line {} sways the fit: Cook's distance {distance}, above 1", (self.line)(i))
            }
            _ => Ok(()),
        }
    }

    /// The weakest direction in names, largest part first.
    fn combination(&self) -> String {
        let mut parts: Vec<(usize, f64)> = self.fit.weakest.iter().copied().enumerate().collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let (sign, most) = parts.first().map_or((1.0, 0.0), |(_, part)| (part.signum(), part.abs()));
        parts.retain(|(_, part)| part.abs() > 1e-3 * most);
        let term = |(k, (j, part)): (usize, &(usize, f64))| {
            let part = sign * part;
            let sign = ["", "- ", "+ "][if k == 0 { 0 } else { 1 + usize::from(part > 0.0) }];
            format!("{sign}{:.3} {}", part.abs(), self.name(*j))
        };
        parts.iter().enumerate().map(term).collect::<Vec<_>>().join(" ")
    }
}

/// A number with so many significant digits.
pub fn significant(value: f64, digits: usize) -> String {
    let exponent = value.abs().log10().floor();
    if value == 0.0 || !value.is_finite() {
        format!("{value}")
    } else if (-4.0..7.0).contains(&exponent) {
        let decimals = (digits as f64 - 1.0 - exponent).max(0.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.0$e}", digits.saturating_sub(1))
    }
}

/// Three figures at least.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if !percent.is_finite() || percent.abs() >= 1e6 {
        return "over 1e6 %".into();
    }
    let digits = percent.abs().max(1e-9).log10().floor();
    let decimals = (2.0 - digits).max(0.0) as usize;
    if percent != 0.0 && digits < -4.0 {
        format!("{percent:.2e} %")
    } else {
        format!("{percent:.0$} %", decimals.min(6))
    }
}
