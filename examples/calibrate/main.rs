//! Calibrates a magnetometer or an accelerometer from a log of readings.
//!
//! Without a log it simulates one and compares the result with the truth.

#![allow(unreachable_pub, reason = "nothing is reachable from outside a program")]
#![allow(clippy::indexing_slicing, reason = "axes and bins are counted by constants; no firmware runs this")]
#![allow(clippy::cast_possible_truncation, reason = "of pixels, decimals and bins, all small")]

mod figure;
mod log;
mod report;
mod simulate;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use thalweg::Real;
use thalweg::calibration::{Calibration, Calibrator, Ladder, Push, Rung, Settings, Verdict};
use thalweg::problem::Loss;

/// The samples a device would have room for.
const CAPACITY: usize = 512;
/// A device fits again after this many readings, and not only at the end.
const PERIOD: usize = 1000;

/// Calibrates a magnetometer or an accelerometer: finds the offset b and the matrix U for which |U (m - b)| is the same
/// for all readings m. Without LOG, a simulated one is calibrated and compared with its truth.
///
/// Ends with 0 if the calibration is accepted, 2 if it is not (the report says why), 1 on bad input.
#[derive(Debug, Parser)]
#[command(name = "calibrate", allow_negative_numbers = true)]
struct Arguments {
    /// Readings, one row a line, as text in UTF-8; cells are separated by semicolons, commas, tabs or spaces.
    ///
    /// Empty lines and lines that begin with # are skipped. The first row is a header if none of its cells is a number.
    /// Readings with an infinite or NaN component are counted and left out.
    log: Option<PathBuf>,
    /// The columns to use: names of the header, or numbers from 1 if the log has none.
    ///
    /// By default mx,my,mz or mag_x,mag_y,mag_z or x,y,z or ax,ay,az or acc_x,acc_y,acc_z if the header has them (capitals,
    /// punctuation and a unit in brackets do not matter; 0,1,2 or 1,2,3 may stand for x,y,z), else the first three.
    #[arg(long, value_name = "A,B,C", value_parser = columns)]
    columns: Option<[String; 3]>,
    /// The model; auto takes the richest that the readings support.
    #[arg(long, value_enum, default_value = "auto")]
    model: ModelName,
    /// The strength of the field in the units of the log; by default the one that leaves volumes unchanged.
    #[arg(long, value_name = "NORM", value_parser = positive)]
    field: Option<f64>,
    /// Weight of a prior that pulls U towards the identity, where attitudes are few; needs a known --field to make sense.
    #[arg(long, value_name = "WEIGHT", default_value = "0", value_parser = weight)]
    prior: f64,
    /// How residuals count; all but none give outliers less weight.
    #[arg(long, value_enum, default_value = "none")]
    loss: LossName,
    /// Where to draw the figure [default: calibration.svg, or nowhere with --json].
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Use every finite reading once: no thinning, no rejection.
    #[arg(long)]
    all_samples: bool,
    /// Print one JSON object instead of the report.
    #[arg(long)]
    json: bool,
    /// Compute in single precision, as a small device does.
    #[arg(long = "f32")]
    single: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModelName {
    Auto,
    Sphere,
    Axes,
    Ellipsoid,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LossName {
    None,
    Huber,
    SoftL1,
    Cauchy,
    Tukey,
    GemanMcclure,
}

fn columns(text: &str) -> Result<[String; 3], String> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let found = names.len();
    <[String; 3]>::try_from(names).map_err(|_| format!("give three names or numbers with commas between, not {found}"))
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().map_err(|error| error.to_string())?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("give a positive number".into()) }
}

fn weight(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().map_err(|error| error.to_string())?;
    if value >= 0.0 && value.is_finite() { Ok(value) } else { Err("give a number that is not negative".into()) }
}

/// Readings with their origin.
struct Source {
    title: String,
    names: [String; 3],
    /// The unit, where it is known.
    unit: &'static str,
    rows: Vec<[f64; 3]>,
    simulated: bool,
}

/// A calibration with what became of the readings.
struct Fit {
    result: Calibration<f64>,
    /// The samples of the final fit.
    samples: Vec<[f64; 3]>,
    /// Rows with a component that is infinite or NaN in the scalar.
    unusable: usize,
    /// Rows too close to a kept sample.
    duplicates: usize,
    /// Rows from directions already crowded, when the memory was full.
    crowded: usize,
    /// Rows and kept samples refused as far from the fitted ellipsoid.
    outliers: usize,
    /// How many times the ladder was climbed.
    fits: usize,
}

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
        Ok(Verdict::Accepted) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Verdict, String> {
    let source = match &arguments.log {
        Some(path) => read(path, arguments.columns.as_ref())?,
        None if arguments.columns.is_some() => return Err("--columns needs a log to choose from".into()),
        None => simulated(),
    };
    let fit = if arguments.single { fit::<f32>(arguments, &source)? } else { fit::<f64>(arguments, &source)? };

    let default = (!arguments.json).then(|| PathBuf::from("calibration.svg"));
    let path = arguments.svg.clone().or(default);
    if let Some(path) = &path {
        let picture = figure::draw(&source, &fit).map_err(|error| format!("the figure cannot be drawn: {error}"))?;
        fs::write(path, picture).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    let text = if arguments.json {
        report::json(&source, &fit)
    } else {
        report::Report { source: &source, fit: &fit, single: arguments.single, figure: path.as_deref() }.to_string()
    };
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.to_string()),
        _ => {}
    }
    Ok(fit.result.verdict)
}

fn read(path: &Path, columns: Option<&[String; 3]>) -> Result<Source, String> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + valid.filter(|byte| **byte == b'\n').count();
        format!("{name}: line {line} is not UTF-8 text; save the log as UTF-8")
    })?;
    let log = log::parse(&text, columns).map_err(|what| format!("{name}: {what}"))?;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Source { title, names: log.names, unit: "", rows: log.rows, simulated: false })
}

fn simulated() -> Source {
    Source {
        title: "a simulated tumbling magnetometer".into(),
        names: ["x", "y", "z"].map(Into::into),
        unit: "µT",
        rows: simulate::readings(),
        simulated: true,
    }
}

fn settings<T: Real>(arguments: &Arguments) -> Result<Settings<T>, String> {
    let settings = Settings {
        model: match arguments.model {
            ModelName::Auto => None,
            ModelName::Sphere => Some(Rung::Sphere),
            ModelName::Axes => Some(Rung::Axes),
            ModelName::Ellipsoid => Some(Rung::Ellipsoid),
        },
        field: arguments.field.map(T::of_f64),
        prior: T::of_f64(arguments.prior),
        loss: match arguments.loss {
            LossName::None => Loss::Squared,
            LossName::Huber => Loss::Huber,
            LossName::SoftL1 => Loss::SoftL1,
            LossName::Cauchy => Loss::Cauchy,
            LossName::Tukey => Loss::Tukey,
            LossName::GemanMcclure => Loss::GemanMcClure,
        },
        ..Settings::default()
    };
    // What the arguments allow may still be infinite or zero in single precision.
    settings.validate().map_err(|error| format!("--field or --prior: {error}"))?;
    Ok(settings)
}

fn fit<T: Real>(arguments: &Arguments, source: &Source) -> Result<Fit, String> {
    let settings = settings::<T>(arguments)?;
    let readings: Vec<[T; 3]> = source.rows.iter().map(|row| row.map(T::of_f64)).collect();
    if arguments.all_samples {
        let samples: Vec<[T; 3]> =
            readings.iter().filter(|m| m.iter().all(|value| value.is_finite())).copied().collect();
        let result = *Ladder::<T>::new().run(&settings, &samples);
        let unusable = readings.len() - samples.len();
        let samples = widened(&samples);
        return Ok(Fit { result: widen(&result), samples, unusable, duplicates: 0, crowded: 0, outliers: 0, fits: 1 });
    }

    let mut calibrator = Calibrator::<T, CAPACITY>::new(settings);
    let (mut unusable, mut duplicates, mut crowded, mut outliers, mut fits) = (0, 0, 0, 0, 0);
    for (count, reading) in (1..).zip(&readings) {
        match calibrator.push(*reading) {
            Push::Unusable => unusable += 1,
            Push::Duplicate => duplicates += 1,
            Push::Full | Push::Replaced => crowded += 1,
            Push::Outlier => outliers += 1,
            Push::Kept | Push::Busy => {}
        }
        if count % PERIOD == 0 || count == readings.len() {
            calibrator.request();
            fits += 1;
            // A device would tick between other work and wait for the next reading meanwhile.
            while calibrator.tick() {}
        }
    }
    outliers += usize::try_from(calibrator.dropped()).unwrap_or(usize::MAX);
    let result = calibrator.result().ok_or("nothing was fitted")?;
    let samples = widened(calibrator.samples());
    Ok(Fit { result: widen(result), samples, unusable, duplicates, crowded, outliers, fits })
}

fn widened<T: Real>(samples: &[[T; 3]]) -> Vec<[f64; 3]> {
    samples.iter().map(|m| m.map(T::to_f64)).collect()
}

/// The same numbers in double precision, so that reports and figures need only one type.
fn widen<T: Real>(c: &Calibration<T>) -> Calibration<f64> {
    Calibration {
        verdict: c.verdict,
        model: c.model,
        status: c.status,
        offset: c.offset.map(T::to_f64),
        matrix: c.matrix.map(T::to_f64),
        field: c.field.to_f64(),
        rms_before: c.rms_before.to_f64(),
        rms_after: c.rms_after.to_f64(),
        cost: c.cost.to_f64(),
        offset_errors: c.offset_errors.map(T::to_f64),
        matrix_errors: c.matrix_errors.map(T::to_f64),
        coverage: c.coverage,
        used: c.used,
        rank: c.rank,
        weakest: c.weakest.map(T::to_f64),
        excitation: c.excitation.map(T::to_f64),
        iterations: c.iterations,
        evaluations: c.evaluations,
    }
}
