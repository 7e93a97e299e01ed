//! One measurement of thalweg on one problem: fits, times, and writes the coefficients for `run.py` to judge.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Write};
use std::ops::ControlFlow;
use std::path::{Path as FilePath, PathBuf};
use std::time::Instant;

use clap::Parser;
use faer::sparse::{SparseColMat, SymbolicSparseColMat};
use npyz::{Deserialize, NpyFile};
use thalweg::penalty::{L1, Mcp, Scad};
use thalweg::sparse::datafit::{Logistic, Observed, Squared};
use thalweg::sparse::design::{Csc, Dense};
use thalweg::sparse::{Datafit, Design, Fit, Grid, Path, PerCoefficient, Regression, Settings};

#[derive(Parser)]
struct Arguments {
    /// The folder of the problem.
    problem: PathBuf,
    /// lasso, mcp or scad.
    penalty: String,
    /// `path`, or the divisor of λmax for a single λ.
    task: String,
    #[arg(long, default_value_t = 1e-7)]
    tolerance: f64,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Go to a single λ at once, not through larger ones.
    #[arg(long)]
    direct: bool,
    /// Where the coefficients go: λ after λ, the count, then pairs of index and value, as little-endian f64.
    #[arg(long)]
    out: PathBuf,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn read<T: Deserialize>(folder: &FilePath, name: &str) -> Outcome<Vec<T>> {
    let file = BufReader::new(File::open(folder.join(name))?);
    Ok(NpyFile::new(file)?.into_vec()?)
}

/// A figure of the process, in bytes: `VmRSS`, or `VmHWM` since it was last reset.
fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    Some(1024 * line.split_whitespace().nth(1)?.parse::<u64>().ok()?)
}

fn run<D: Design, F: Datafit>(arguments: &Arguments, design: &D, datafit: F, lambdas: &[f64]) -> Outcome<()> {
    let regression =
        Regression::new(design, datafit)?.intercept(false).centred(false).scaled(false).threads(arguments.threads);
    let settings = Settings { tolerance: arguments.tolerance, gradual: !arguments.direct, ..Settings::default() };
    let grid = Grid::Lambdas(match arguments.task.as_str() {
        "path" => lambdas.to_vec(),
        divisor => vec![lambdas[0] / divisor.parse::<f64>()?],
    });
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS");
    let mut seconds = Vec::new();
    let mut path: Option<Path> = None;
    for _ in 0..arguments.repetitions {
        let begun = Instant::now();
        let mut observer = |_: &Fit| ControlFlow::Continue(());
        let fitted = match arguments.penalty.as_str() {
            "lasso" => regression.path(PerCoefficient::new(L1 { strength: 1.0 }), &grid, &settings, &mut observer)?,
            "mcp" => {
                let mcp = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
                regression.path(mcp, &grid, &settings, &mut observer)?
            }
            "scad" => {
                let scad = PerCoefficient::new(Scad { strength: 1.0, reach: 3.7 });
                regression.path(scad, &grid, &settings, &mut observer)?
            }
            other => return Err(format!("no penalty {other}").into()),
        };
        seconds.push(begun.elapsed().as_secs_f64());
        path = Some(fitted);
    }
    let path = path.ok_or("no repetitions")?;
    let bytes = memory("VmHWM").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    let mut out = File::create(&arguments.out)?;
    for fit in &path.fits {
        let mut row = vec![fit.coefficients.len() as f64];
        row.extend(fit.coefficients.iter().flat_map(|(j, value)| [j as f64, value]));
        out.write_all(&row.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    let solver = path.fits.last().map(|fit| format!("{:?}", fit.solver));
    let effort = path.fits.iter().fold([0; 4], |sum: [usize; 4], fit| core::array::from_fn(|i| sum[i] + fit.effort[i]));
    println!(
        "{}",
        serde_json::json!({ "seconds": seconds, "solver": solver, "fits": path.fits.len(), "effort": effort, "bytes": bytes })
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let folder = arguments.problem.as_path();
    let meta: serde_json::Value = serde_json::from_reader(File::open(folder.join("meta.json"))?)?;
    let y: Vec<f64> = read(folder, "y.npy")?;
    let lambdas: Vec<f64> = read(folder, "lambdas.npy")?;
    let logistic = meta["family"] == "logistic";
    if meta["sparse"] == true {
        let index = |name: &str| -> Outcome<Vec<u32>> {
            Ok(read::<i32>(folder, name)?.into_iter().map(u32::try_from).collect::<Result<_, _>>()?)
        };
        let starts = index("indptr.npy")?;
        let symbolic =
            SymbolicSparseColMat::new_checked(y.len(), starts.len() - 1, starts, None, index("indices.npy")?);
        let matrix = SparseColMat::<u32, f64>::new(symbolic, read(folder, "data.npy")?);
        let design = Csc::new(matrix.as_ref());
        if logistic {
            run(&arguments, &design, Observed::new(Logistic, &y)?, &lambdas)
        } else {
            run(&arguments, &design, Observed::new(Squared, &y)?, &lambdas)
        }
    } else {
        let x: Vec<f64> = read(folder, "X.npy")?;
        let design = Dense::from_slice(&x, y.len(), x.len() / y.len())?;
        if logistic {
            run(&arguments, &design, Observed::new(Logistic, &y)?, &lambdas)
        } else {
            run(&arguments, &design, Observed::new(Squared, &y)?, &lambdas)
        }
    }
}
