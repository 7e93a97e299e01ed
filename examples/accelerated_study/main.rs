//! The simulation study of Yang, Asgharian & Bhatnagar, "Accelerated gradient methods for sparse statistical learning with nonconvex
//! penalties", run again: how many iterations and seconds the methods need, and how well they find signals, with the paper's screening
//! (*replica*) and with a right one (*correct*).
//!
//! Without arguments a small part is run, and its conclusions are asserted. [`STUDY.md`](STUDY.md) comes from
//! `--models linear,logistic --replicates 16 --correlations 0.1,0.5,0.9 --ratios 1,3,7,10 --rows 200,500 --write
//! examples/accelerated_study`.

#![allow(unreachable_pub, reason = "nothing is reachable from outside a program")]
#![allow(clippy::cast_precision_loss, clippy::indexing_slicing, clippy::expect_used, reason = "a study on a host")]

mod draw;
mod halved;
mod published;
mod recovery;
mod report;
mod screen;
mod simulation;
mod speed;
mod watch;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use rayon::prelude::*;
use thalweg::composite::Damping;
use thalweg::penalty::{Mcp, Scad};
use thalweg::sparse::Solver;

use recovery::{Mode, Recovery};
use simulation::{Model, Source};
use speed::{Effort, Race};

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
struct Arguments {
    /// Data sets for each cell of a table.
    #[arg(long, default_value_t = 2)]
    replicates: usize,
    /// The models.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["linear"])]
    models: Vec<Model>,
    /// τ, the correlation of neighbouring columns: 0.1, 0.5, 0.9.
    #[arg(long, value_delimiter = ',', default_value = "0.1")]
    correlations: Vec<f64>,
    /// Variances of the signal over that of the noise: 1, 3, 7, 10.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    ratios: Vec<f64>,
    /// Rows of the study of speed: 200, 500, 1000, 3000.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    rows: Vec<usize>,
    /// Hundreds of iterations after which a method is stopped in the study of speed.
    #[arg(long, default_value_t = 50)]
    hundreds: usize,
    /// The gap at which it has converged.
    #[arg(long, default_value_t = 1e-4)]
    tolerance: f64,
    /// Replicates at a time.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value_t = 2024)]
    seed: u64,
    /// Write STUDY.md and study.svg into this folder.
    #[arg(long)]
    write: Option<PathBuf>,
}

/// The penalty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// With a = 3.7.
    Scad,
    /// With γ = 3.
    Mcp,
}

impl Shape {
    fn scad(self) -> Scad<f64> {
        Scad { strength: 1.0, reach: 3.7 }
    }

    fn mcp(self) -> Mcp<f64> {
        Mcp { strength: 1.0, reach: 3.0 }
    }
}

/// Replicates of one cell of the study of speed.
#[derive(Debug)]
pub struct SpeedCell {
    model: Model,
    shape: Shape,
    correlation: f64,
    rows: usize,
    races: Vec<Race>,
}

/// Replicates of one cell of the study of recovery, in both modes.
#[derive(Debug)]
pub struct RecoveryCell {
    model: Model,
    shape: Shape,
    correlation: f64,
    ratio: f64,
    replica: Vec<Recovery>,
    correct: Vec<Recovery>,
}

/// Everything that was run.
#[derive(Debug)]
pub struct Study {
    replicates: usize,
    speed: Vec<SpeedCell>,
    recovery: Vec<RecoveryCell>,
    /// The first linear cell by the accelerated method over all columns.
    accelerated: Option<Recovery>,
}

const KINDS: [(Model, Shape); 4] = [
    (Model::Linear, Shape::Scad),
    (Model::Linear, Shape::Mcp),
    (Model::Logistic, Shape::Scad),
    (Model::Logistic, Shape::Mcp),
];

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build()?;
    let study = pool.install(|| run(&arguments))?;
    let text = report::write(&study);
    println!("{text}");
    if let Some(folder) = &arguments.write {
        fs::write(folder.join("STUDY.md"), &text)?;
        fs::write(folder.join("study.svg"), draw::draw(&study)?)?;
    }
    conclusions(&study);
    Ok(())
}

fn run(arguments: &Arguments) -> Result<Study, Failure> {
    let begun = Instant::now();
    let Arguments { replicates, seed, hundreds, tolerance, .. } = *arguments;
    let effort = Effort { hundreds, tolerance };
    let mut study = Study { replicates, speed: Vec::new(), recovery: Vec::new(), accelerated: None };
    if arguments.models.contains(&Model::Linear) {
        study.accelerated = Some(first(arguments, seed)?);
    }
    for (model, shape) in KINDS.into_iter().filter(|(model, _)| arguments.models.contains(model)) {
        for &correlation in &arguments.correlations {
            for &rows in &arguments.rows {
                let source = Source { model, correlation, ratio: 5.0 };
                let race = |k| speed::run(&source, shape, rows, effort, seed, k);
                let races = (0..replicates).into_par_iter().map(race).collect::<Result<_, _>>()?;
                study.speed.push(SpeedCell { model, shape, correlation, rows, races });
                eprintln!("{:.0} s: speed {model:?} {shape:?} {correlation} {rows}", begun.elapsed().as_secs_f64());
            }
            for &ratio in &arguments.ratios {
                let source = Source { model, correlation, ratio };
                let all = |mode| {
                    let one = |k| recovery::run(&source, shape, 1000, mode, seed, k);
                    (0..replicates).into_par_iter().map(one).collect::<Result<Vec<_>, _>>()
                };
                let (replica, correct) = (all(Mode::Replica)?, all(Mode::Correct(Solver::ActiveSet))?);
                study.recovery.push(RecoveryCell { model, shape, correlation, ratio, replica, correct });
                eprintln!("{:.0} s: recovery {model:?} {shape:?} {correlation} {ratio}", begun.elapsed().as_secs_f64());
            }
        }
    }
    Ok(study)
}

/// The accelerated method without any screening, on the first replicate of the first linear cell with MCP.
fn first(arguments: &Arguments, seed: u64) -> Result<Recovery, Failure> {
    let source = Source { model: Model::Linear, correlation: arguments.correlations[0], ratio: arguments.ratios[0] };
    let solver = Solver::AcceleratedGradient(Damping::Recommended);
    recovery::run(&source, Shape::Mcp, 1000, Mode::Correct(solver), seed, 0)
}

/// What the study says, or it fails.
fn conclusions(study: &Study) {
    for cell in &study.speed {
        let [proposed, original, plain] = [0, 1, 2].map(|m| report::median(&cell.races, |race| race.iterations[m]));
        assert!(proposed < original && proposed <= plain, "iterations: {proposed} {original} {plain}");
    }
    let (mut replica, mut correct) = (0.0, 0.0);
    for cell in study.recovery.iter().filter(|cell| cell.model == Model::Linear) {
        let positive = |runs: &[Recovery]| report::mean(runs, |run| run.positive).0;
        replica += positive(&cell.replica);
        correct += positive(&cell.correct);
        assert!(cell.replica.iter().all(|run| run.violations > 0.0), "columns are left out that belong in");
    }
    assert!(replica >= correct, "which raises the positive predictive value on the whole: {replica} {correct}");
    let first = study.recovery.iter().find(|cell| (cell.model, cell.shape) == (Model::Linear, Shape::Mcp));
    if let (Some(accelerated), Some(cell)) = (study.accelerated, first) {
        let (accelerated, coordinate) = (accelerated.positive, cell.correct[0].positive);
        assert!((accelerated - coordinate).abs() < 0.1, "the methods agree: {accelerated} {coordinate}");
    }
}
