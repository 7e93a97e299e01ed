//! The result as text and as JSON.

use std::fmt;

use serde_json::{Map, Value, json};
use thalweg::sparse::{Certificate, Entries};

use crate::args::{Arguments, name};
use crate::fit::{Outcome, Step, lacking, named};
use crate::observations::{Observations, Target};
use crate::shape::Shape;
use crate::table::Matrix;

/// λ that the report shows of a long path.
const SHOWN: usize = 25;
/// Coefficients that the report shows unless all are asked for.
const LARGEST: usize = 20;

pub struct Report<'a> {
    pub observations: &'a Observations,
    pub arguments: &'a Arguments,
    pub outcome: &'a Outcome,
}

impl Report<'_> {
    /// What the user should know beside the numbers.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.observations.notes.clone();
        let steps = &self.outcome.steps;
        if self.outcome.interrupted {
            notes.push(format!("interrupted: the path ends after {} λ", steps.len()));
        }
        let mut short = steps.iter().filter_map(|step| Some((step.fit.lambda, lacking(step.fit.status)?)));
        if let Some((lambda, why)) = short.next() {
            let more = short.count();
            let more = if more > 0 { format!(", and {more} others") } else { String::new() };
            notes.push(format!("λ = {} did not reach the tolerance: {why}{more}", significant(lambda, 5)));
        }
        notes
    }

    /// One object; numbers that are not finite are null.
    pub fn json(&self) -> String {
        let Outcome { lambda_max, steps, chosen, .. } = self.outcome;
        let solver = steps.first().map(|step| named(step.fit.solver));
        let path: Vec<Value> = steps.iter().map(|step| self.step(step)).collect();
        let mut object = json!({
            "lambda_max": lambda_max,
            "solver": solver,
            "path": path,
            "chosen": chosen,
            "coefficients": steps.get(*chosen).and_then(|step| self.coefficients(step)),
        });
        if let Some(scores) = &self.outcome.scores {
            let (mean, errors): (Vec<f64>, Vec<f64>) = scores.deviances.iter().copied().unzip();
            object["cross_validation"] = json!({
                "folds": scores.folds,
                "mean": mean,
                "standard_error": errors,
                "best": scores.best,
                "one_standard_error": scores.one_standard_error,
            });
        }
        object.to_string()
    }

    fn step(&self, step: &Step) -> Value {
        let Step { fit, certificate, .. } = step;
        let mut object = json!({
            "lambda": fit.lambda,
            "ratio": fit.lambda / self.outcome.lambda_max,
            "nnz": fit.coefficients.len(),
            "objective": certificate.objective,
            "kkt": certificate.stationarity / self.outcome.lambda_max,
            "gap": certificate.duality_gap.or(certificate.majorizer_gap),
            "deviance": fit.deviance,
            "seconds": fit.seconds,
        });
        if self.arguments.all_coefficients {
            object["coefficients"] = self.coefficients(step).into();
        }
        object
    }

    /// The coefficients that are not zero by column, on both scales.
    fn coefficients(&self, step: &Step) -> Option<Value> {
        let by_column = |intercepts: &[f64], entries: &Entries| {
            let intercepts = (0..).zip(intercepts).map(|(output, b)| (self.intercept(output), json!(b)));
            let intercepts = intercepts.filter(|_| self.has_intercept());
            let entries = entries.indices.iter().zip(&entries.values).map(|(j, b)| (self.coefficient(*j), json!(b)));
            Value::Object(intercepts.chain(entries).collect::<Map<_, _>>())
        };
        let (intercepts, entries) = step.original.as_ref()?;
        Some(json!({
            "standardized": by_column(&step.fit.intercepts, &step.fit.coefficients),
            "original": by_column(intercepts, entries),
        }))
    }

    fn has_intercept(&self) -> bool {
        !self.arguments.no_intercept && !matches!(self.observations.target, Target::Times(..))
    }

    /// The name of the intercept of an output.
    fn intercept(&self, output: usize) -> String {
        self.of_output("(intercept)", output)
    }

    /// The name of coefficient j: features in turn, each with all outputs.
    pub fn coefficient(&self, j: usize) -> String {
        let outputs = match &self.observations.target {
            Target::Classes(_, labels) => labels.len(),
            _ => 1,
        };
        self.of_output(&self.observations.names[j / outputs], j % outputs)
    }

    fn of_output(&self, name: &str, output: usize) -> String {
        match &self.observations.target {
            Target::Classes(_, labels) => format!("{}:{name}", labels[output]),
            _ => name.to_owned(),
        }
    }

    /// The loss, the penalty and how the columns enter, in words.
    pub fn model(&self) -> String {
        let arguments = self.arguments;
        let columns = if arguments.no_standardize { ", columns as they are" } else { "" };
        let intercept = if arguments.no_intercept { ", no intercept" } else { "" };
        format!("{} loss, {}{columns}{intercept}", name(arguments.loss), Shape::new(arguments).describe())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Observations { title, rows, names, matrix, .. } = self.observations;
        let kind = match matrix {
            Matrix::Dense(_) => "dense".into(),
            Matrix::Sparse(matrix) => format!("{} entries", matrix.as_ref().compute_nnz()),
        };
        writeln!(f, "data       {title}: {rows} observations, {} columns, {kind}", names.len())?;
        writeln!(f, "model      {}", self.model())?;
        let Outcome { lambda_max, steps, chosen, rule, .. } = self.outcome;
        let solver = steps.first().map_or("", |step| named(step.fit.solver));
        let seconds: f64 = steps.iter().map(|step| step.fit.seconds).sum();
        let (lambda_max, seconds) = (significant(*lambda_max, 6), significant(seconds, 3));
        writeln!(f, "path       {} λ from λmax = {lambda_max} in {seconds} s by {solver}", steps.len())?;
        for note in self.notes() {
            writeln!(f, "note       {note}")?;
        }
        writeln!(f)?;
        self.table(f)?;
        let Some(step) = steps.get(*chosen) else { return Ok(()) };
        writeln!(f, "\nchosen     λ = {}, {rule}", significant(step.fit.lambda, 6))?;
        writeln!(f, "certified  {}\n", self.verdict(&step.certificate))?;
        let all = self.arguments.all_coefficients;
        for (k, step) in steps.iter().enumerate().filter(|(k, _)| all || k == chosen) {
            if all {
                writeln!(f, "{}λ = {}", if k > 0 { "\n" } else { "" }, significant(step.fit.lambda, 6))?;
            }
            self.listing(f, step)?;
        }
        if let Some(path) = &self.arguments.svg {
            writeln!(f, "\nfigure     {}", path.display())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    /// The path, a long one thinned.
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { lambda_max, steps, chosen, .. } = self.outcome;
        let stride = steps.len().div_ceil(SHOWN).max(1);
        let (lambda, ratio, count, share, objective, kkt) =
            ("λ", "λ/λmax", "nonzero", "explained", "objective", "kkt/λmax");
        let held_out = if self.outcome.scores.is_some() { "   held-out deviance" } else { "" };
        writeln!(f, "  {lambda:>12} {ratio:>9} {count:>8} {share:>9} {objective:>14} {kkt:>9}{held_out}")?;
        for (k, Step { fit, certificate, .. }) in steps.iter().enumerate() {
            if k % stride != 0 && k != *chosen && k + 1 != steps.len() {
                continue;
            }
            let mark = if k == *chosen { '*' } else { ' ' };
            let (lambda, objective) = (significant(fit.lambda, 6), significant(certificate.objective, 9));
            let (ratio, kkt) = (fit.lambda / lambda_max, certificate.stationarity / lambda_max);
            let count = fit.coefficients.len();
            write!(f, "{mark} {lambda:>12} {ratio:>9.5} {count:>8} {:>9.5} {objective:>14} {kkt:>9.1e}", fit.deviance)?;
            match self.outcome.scores.as_ref().and_then(|scores| scores.deviances.get(k)) {
                Some((mean, error)) => writeln!(f, "   {} ± {}", significant(*mean, 5), significant(*error, 2))?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }

    /// What is known of a fit.
    fn verdict(&self, certificate: &Certificate) -> String {
        let share = |value: f64| significant(value / self.outcome.lambda_max, 2);
        let stationary = format!("stationary to {} λmax", share(certificate.stationarity));
        if let Some(gap) = certificate.duality_gap {
            return format!("{stationary}; at most {} above the minimum", significant(gap, 2));
        }
        let local = match certificate.locally_convex {
            Some(true) => ", a strict local minimum on its support",
            Some(false) => ", not strictly convex on its support",
            None => "",
        };
        let global = certificate.coordinatewise <= self.arguments.tol.max(1e-9) * self.outcome.lambda_max;
        let global = if global { ", globally minimal along each coefficient" } else { "" };
        format!("{stationary}{local}{global}")
    }

    /// Coefficients on both scales, the largest first.
    fn listing(&self, f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
        let Some((intercepts, original)) = &step.original else { return Ok(()) };
        let standardized = &step.fit.coefficients;
        let mut rows = Vec::new();
        for (output, b) in intercepts.iter().enumerate().filter(|_| self.has_intercept()) {
            rows.push((self.intercept(output), step.fit.intercepts[output], *b));
        }
        let mut order: Vec<usize> = (0..standardized.len()).collect();
        order.sort_by(|a, b| standardized.values[*b].abs().total_cmp(&standardized.values[*a].abs()));
        let shown = if self.arguments.all_coefficients { order.len() } else { LARGEST };
        for &k in order.iter().take(shown) {
            rows.push((self.coefficient(standardized.indices[k]), standardized.values[k], original.values[k]));
        }
        let width = rows.iter().map(|(name, ..)| name.chars().count()).fold(11, usize::max);
        writeln!(f, "{:<width$} {:>14} {:>14}", "coefficient", "standardized", "original")?;
        for (name, standardized, original) in rows {
            let [standardized, original] = [standardized, original].map(|b| significant(b, 7));
            writeln!(f, "{name:<width$} {standardized:>14} {original:>14}")?;
        }
        match order.len().saturating_sub(shown) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more: --all-coefficients"),
        }
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
