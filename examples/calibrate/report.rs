//! The result as text and as JSON.

use std::fmt;
use std::path::Path;

use nalgebra::{Matrix3, Vector3};
use serde_json::json;
use thalweg::calibration::{Calibration, REGIONS, Rung, Verdict};
use thalweg::{Stall, Status};

use crate::{Fit, PERIOD, Source, simulate};

pub fn model(rung: Rung) -> &'static str {
    match rung {
        Rung::Sphere => "sphere",
        Rung::Axes => "axes",
        Rung::Ellipsoid => "ellipsoid",
    }
}

const fn parameters(rung: Rung) -> usize {
    match rung {
        Rung::Sphere => 4,
        Rung::Axes => 6,
        Rung::Ellipsoid => 9,
    }
}

fn status(status: Status) -> String {
    match status {
        Status::Running => "stopped: budget exhausted".into(),
        Status::Stalled(Stall::NoData) => "not fitted".into(),
        status => status.to_string(),
    }
}

pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Config(_) => "settings out of range",
        Verdict::TooFewSamples => "too few samples",
        Verdict::NoVariation => "no variation",
        Verdict::NonFinite => "not finite",
        Verdict::Saturated => "saturated",
        Verdict::NotConverged => "not converged",
        Verdict::Undetermined => "undetermined",
        Verdict::PoorCoverage => "poor coverage",
        Verdict::Imprecise => "imprecise",
        Verdict::PoorFit => "poor fit",
    }
}

/// What to do next.
fn advice(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "corrected = U (reading - offset)",
        Verdict::Config(_) => "check --field and --prior",
        Verdict::TooFewSamples => {
            "a sphere needs 5 samples that differ, axes 7, an ellipsoid 10: record a longer log and turn the sensor"
        }
        Verdict::NoVariation => {
            "the samples are the same up to rounding: turn the sensor and check its wiring; for a small field beside a huge \
             offset, leave out --f32"
        }
        Verdict::NonFinite => {
            "the readings or the result are too large for the scalar: rescale them, or leave out --f32"
        }
        Verdict::Saturated => {
            "many readings sit exactly at the end of an axis: choose a larger range, or keep away from magnets"
        }
        Verdict::NotConverged => {
            "the directions seen do not pin the model down: turn the sensor through all directions, choose a simpler \
             --model, or give the known --field and a --prior such as 1e-4"
        }
        Verdict::Undetermined => {
            "turn the sensor about other axes (samples on a plane or a cone are not enough), choose a simpler --model, \
             or give the known --field and a --prior such as 1e-4"
        }
        Verdict::PoorCoverage => {
            "turn the sensor through more directions, or give the known --field and a --prior such as 1e-4"
        }
        Verdict::Imprecise => "record more samples in more directions, or with less noise, or choose a simpler --model",
        Verdict::PoorFit => {
            "the field was not constant, or there are outliers: keep away from iron and currents, try a richer --model \
             or --loss cauchy"
        }
    }
}

/// Whether there was a fit with numbers to show: else offset and matrix change nothing, and the rest means nothing.
pub fn fitted(result: &Calibration<f64>) -> bool {
    result.status != Status::Stalled(Stall::NoData) && result.verdict != Verdict::NonFinite
}

/// One object; what was not computed, and what is not finite, is null.
pub fn json(source: &Source, fit: &Fit) -> String {
    let c = &fit.result;
    let known = |value: f64| fitted(c).then_some(value);
    let vector = |v: &Vector3<f64>| json!(v.as_slice());
    let matrix =
        |m: &Matrix3<f64>| json!(m.row_iter().map(|row| row.iter().copied().collect()).collect::<Vec<Vec<_>>>());
    let errors = |m: serde_json::Value| if fitted(c) { m } else { serde_json::Value::Null };
    json!({
        "model": model(c.model),
        "status": status(c.status),
        "verdict": verdict(c.verdict),
        "samples": source.rows.len(),
        "used": c.used,
        "offset": vector(&c.offset),
        "matrix": matrix(&c.matrix),
        "field": known(c.field),
        "rms_before": known(c.rms_before),
        "rms_after": known(c.rms_after),
        "cost": known(c.cost),
        "standard_errors": errors(json!({ "offset": vector(&c.offset_errors), "matrix": matrix(&c.matrix_errors) })),
        "coverage": c.coverage.fraction::<f64>(),
        "rank": c.rank,
        "iterations": c.iterations,
        "evaluations": c.evaluations,
    })
    .to_string()
}

/// The readable report.
pub struct Report<'a> {
    pub source: &'a Source,
    pub fit: &'a Fit,
    pub single: bool,
    pub figure: Option<&'a Path>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.fit.result;
        self.samples(f)?;
        if fitted(c) {
            self.solution(f)?;
        }
        if self.source.simulated && fitted(c) {
            self.truth(f)?;
        }
        writeln!(f)?;
        writeln!(f, "verdict    {}", verdict(c.verdict).to_uppercase())?;
        if c.verdict == Verdict::Undetermined {
            writeln!(f, "           {} of {} parameters are determined", c.rank, parameters(c.model))?;
            if c.weakest.norm() > 0.5 {
                let [x, y, z] = c.weakest.into();
                writeln!(f, "           the offset is least known along ({x:.2}, {y:.2}, {z:.2})")?;
            }
        }
        let (parameter, excitation) = c.least_excited();
        if fitted(c) && excitation < 0.1 {
            writeln!(f, "           {parameter} is not excited: {:.2} % of it shows", 100.0 * excitation)?;
        }
        for line in wrapped(advice(c.verdict), 100) {
            writeln!(f, "           {line}")?;
        }
        if let Some(path) = self.figure {
            writeln!(f, "figure     {}", path.display())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn samples(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, fit) = (self.source, self.fit);
        writeln!(f, "log        {}", source.title)?;
        if source.simulated {
            writeln!(
                f,
                "           noise {} µT on each axis, {} % of the readings disturbed by up to {} µT",
                simulate::NOISE,
                100.0 * simulate::OUTLIERS,
                simulate::DISTURBANCE
            )?;
        } else {
            writeln!(f, "columns    {}", source.names.join(", "))?;
        }
        write!(f, "samples    {} read, {} used", source.rows.len(), fit.result.used)?;
        for (count, what) in [
            (fit.unusable, "not finite"),
            (fit.duplicates, "near a kept one"),
            (fit.crowded, "more than the memory holds"),
            (fit.outliers, "outliers"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        writeln!(f)
    }

    fn solution(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.fit.result;
        let unit = if self.source.unit.is_empty() { String::new() } else { format!("  {}", self.source.unit) };
        let bits = if self.single { "f32" } else { "f64" };
        writeln!(f, "model      {}, {} parameters, in {bits}", model(c.model), parameters(c.model))?;
        writeln!(f, "fit        {}, {} points evaluated", status(c.status), c.iterations)?;
        if self.fit.fits > 1 {
            writeln!(f, "           the last of {} fits, one every {PERIOD} readings", self.fit.fits)?;
        }
        writeln!(f, "coverage   {:.0} % of {REGIONS} directions", 100.0 * c.coverage.fraction::<f64>())?;
        writeln!(f, "residual   {} rms before, {} after", percent(c.rms_before), percent(c.rms_after))?;
        writeln!(f)?;

        let [x, y, z] = [0, 1, 2].map(|axis| self.source.names.get(axis).map_or("", String::as_str));
        writeln!(f, "           {x:>14} {y:>14} {z:>14}")?;
        let row = |f: &mut fmt::Formatter<'_>, head: &str, values: [f64; 3], scale: f64, tail: &str| {
            let [x, y, z] = values.map(|value| number(value, scale));
            writeln!(f, "{head:<10} {x:>14} {y:>14} {z:>14}{tail}")
        };
        row(f, "offset", c.offset.into(), c.field, &unit)?;
        row(f, "     ±", c.offset_errors.into(), c.field, &unit)?;
        let size = c.matrix.amax();
        for (k, (u, error)) in c.matrix.row_iter().zip(c.matrix_errors.row_iter()).enumerate() {
            row(f, if k == 0 { "U" } else { "" }, [u[0], u[1], u[2]], size, "")?;
            row(f, "     ±", [error[0], error[1], error[2]], size, "")?;
        }
        writeln!(f, "field      {:>14}{unit}", number(c.field, c.field))
    }

    fn truth(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.fit.result;
        let error = Error::of(c);
        writeln!(f)?;
        writeln!(f, "error against the truth: offset {:.3} µT ({:.2} % of the field),", error.offset, error.share)?;
        writeln!(f, "    entries of U at most {:.5}, field {:.3} µT", error.matrix, error.field)
    }
}

/// Distances of a calibration from the truth of the simulation.
struct Error {
    offset: f64,
    share: f64,
    matrix: f64,
    field: f64,
}

impl Error {
    fn of(c: &Calibration<f64>) -> Self {
        let truth = Matrix3::from(simulate::CORRECTION).transpose();
        let offset = (c.offset - Vector3::from(simulate::OFFSET)).norm();
        Self {
            offset,
            share: 100.0 * offset / simulate::FIELD,
            // A field given by the user scales U with it.
            matrix: (c.matrix * (simulate::FIELD / c.field) - truth).amax(),
            field: (c.field - simulate::FIELD).abs(),
        }
    }
}

/// Five figures of `scale`, so that a column lines up.
fn number(value: f64, scale: f64) -> String {
    let digits = scale.abs().log10();
    if value.abs() < 1e7 && (-5.0..7.0).contains(&digits) {
        let decimals = (4.0 - digits.floor()).max(0.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.5e}")
    }
}

/// Three figures at least.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let digits = percent.abs().max(1e-9).log10().floor();
    let decimals = (2.0 - digits).max(0.0) as usize;
    format!("{percent:.decimals$} %")
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
