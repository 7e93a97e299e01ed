//! Laws of the engine: every fit is certified afresh, however the design is stored, weighted or gone through.

use core::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::sparse::{SparseColMat, Triplet};
use rand::{Rng, SeedableRng, rngs::StdRng};
use thalweg::penalty::{
    CappedL1, ElasticNet, HalfPower, L1, LogSum, Mcp, Radial, Scad, ScalarPenalty, SparseGroup, Strength,
    TwoThirdsPower,
};
use thalweg::sparse::datafit::{
    Cox, Huber, Logistic, Multinomial, Observed, Poisson, Quantile, Squared, SquaredHinge, Ties,
};
use thalweg::sparse::design::{Csc, Dense, Stacked};
use thalweg::sparse::{
    Datafit, Design, Fit, FitError, FitStatus, Grid, Path, Penalties, PerCoefficient, PerGroup, Regression, Settings,
    Slope, Solver,
};
use thalweg::{ConfigError, Number};

use crate::made::Made;

const RATIOS: [f64; 4] = [0.8, 0.5, 0.2, 0.1];

fn go(_: &Fit) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn path<D: Design, F: Datafit, P: Penalties>(regression: &Regression<'_, D, F>, penalties: P) -> Path {
    let settings = Settings { tolerance: 1e-9, ..Settings::default() };
    regression.path(penalties, &Grid::Ratios(RATIOS.to_vec()), &settings, &mut go).unwrap()
}

/// Fits, and certifies every fit from its coefficients.
fn certified<D: Design, F: Datafit, P: Penalties + Clone>(name: &str, design: &D, datafit: F, penalties: P) {
    let regression = Regression::new(design, datafit).unwrap();
    let path = path(&regression, penalties.clone());
    let certifier = regression.certifier(penalties).unwrap();
    assert!(path.fits.last().unwrap().coefficients.len() > 1, "{name}: nothing was fitted");
    for fit in &path.fits {
        let certificate = certifier.certify(fit);
        let ratio = fit.lambda / path.lambda_max;
        assert!(fit.is_settled(), "{name} {ratio}: {:?} {:e}", fit.status, fit.kkt / path.lambda_max);
        assert!(
            certificate.stationarity <= 2e-8 * path.lambda_max,
            "{name} {ratio}: {:e} {:?}",
            certificate.stationarity / path.lambda_max,
            fit.status
        );
        assert!((certificate.objective - fit.objective).abs() <= 1e-10 * (1.0 + fit.objective.abs()), "{name} {ratio}");
        if let Some(gap) = certificate.duality_gap {
            assert!(gap <= 1e-6 * path.null_loss, "{name} {ratio}: duality gap {gap:e} of {:e}", path.null_loss);
        }
        if let Some(gap) = certificate.majorizer_gap {
            assert!((-1e-9..1e-2).contains(&(gap / path.null_loss)), "{name} {ratio}: majorizer gap {gap:e}");
        }
    }
}

fn every_penalty<D: Design, F: Datafit + Clone>(name: &str, design: &D, datafit: &F, steep: bool) {
    let each = |penalty: &str| format!("{name} {penalty}");
    certified(&each("l1"), design, datafit.clone(), PerCoefficient::new(L1 { strength: 1.0 }));
    certified(&each("enet"), design, datafit.clone(), PerCoefficient::new(ElasticNet { strength: 0.7, ridge: 0.3 }));
    certified(&each("mcp"), design, datafit.clone(), PerCoefficient::new(Mcp { strength: 1.0, reach: 30.0 }));
    certified(&each("scad"), design, datafit.clone(), PerCoefficient::new(Scad { strength: 1.0, reach: 30.0 }));
    let labels: Vec<usize> = (0..design.columns()).map(|j| j / 3).collect();
    let groups = |labels: &[usize]| PerGroup::new(Radial(L1 { strength: 1.0 }), labels).unwrap();
    certified(&each("group lasso"), design, datafit.clone(), groups(&labels));
    if steep {
        certified(&each("lhalf"), design, datafit.clone(), PerCoefficient::new(HalfPower { strength: 1.0 }));
        certified(&each("ltwothirds"), design, datafit.clone(), PerCoefficient::new(TwoThirdsPower { strength: 1.0 }));
        certified(&each("logsum"), design, datafit.clone(), PerCoefficient::new(LogSum { strength: 1.0, scale: 3.0 }));
        certified(&each("capped"), design, datafit.clone(), PerCoefficient::new(CappedL1 { strength: 1.0, cap: 9.0 }));
        let sparse_group = SparseGroup { strength: 0.5, group_strength: 0.5 };
        certified(&each("sparse group"), design, datafit.clone(), PerGroup::new(sparse_group, &labels).unwrap());
        let mcp = PerGroup::new(Radial(Mcp { strength: 1.0, reach: 30.0 }), &labels).unwrap();
        certified(&each("group mcp"), design, datafit.clone(), mcp);
        let scad = PerGroup::new(Radial(Scad { strength: 1.0, reach: 30.0 }), &labels).unwrap();
        certified(&each("group scad"), design, datafit.clone(), scad);
    }
}

/// The same numbers, compressed; entries below a threshold are dropped from both.
fn thinned(made: &mut Made) -> SparseColMat<u32, f64> {
    let mut triplets = Vec::new();
    for (k, x) in made.x.iter_mut().enumerate() {
        if x.abs() < 0.8 {
            *x = 0.0;
        } else {
            triplets.push(Triplet::new((k % made.n) as u32, (k / made.n) as u32, *x));
        }
    }
    SparseColMat::try_new_from_triplets(made.n, made.p, &triplets).unwrap()
}

#[test]
fn every_fit_is_certified() {
    // So many rows that no direction separates the classes: a flat penalty would let a fit go there for ever.
    let mut made = Made::new(120, 24, 4, 1);
    let sparse = thinned(&mut made);
    let y = made.response(0.5);
    let classes = made.classes();
    let counts: Vec<f64> = y.iter().map(|y| (y.abs() * 2.0).floor()).collect();
    let csc = Csc::new(sparse.as_ref());
    let dense = made.design();
    every_penalty("squared, dense", &dense, &Observed::new(Squared, &y).unwrap(), true);
    every_penalty("squared, sparse", &csc, &Observed::new(Squared, &y).unwrap(), true);
    every_penalty("logistic, dense", &dense, &Observed::new(Logistic, &classes).unwrap(), false);
    every_penalty("logistic, sparse", &csc, &Observed::new(Logistic, &classes).unwrap(), false);
    every_penalty("huber", &csc, &Observed::new(Huber { threshold: 0.7 }, &y).unwrap(), false);
    let l1 = || PerCoefficient::new(L1 { strength: 1.0 });
    certified("poisson, dense", &dense, Observed::new(Poisson, &counts).unwrap(), l1());
    certified("poisson, sparse", &csc, Observed::new(Poisson, &counts).unwrap(), l1());
    certified("hinge", &dense, Observed::new(SquaredHinge, &classes).unwrap(), l1());
    certified("quantile", &dense, Observed::new(Quantile { level: 0.3, smoothing: 0.5 }, &y).unwrap(), l1());
    let times: Vec<f64> = y.iter().map(|y| (-y).exp()).collect();
    let events: Vec<bool> = (0..120).map(|i| i % 4 != 0).collect();
    for ties in [Ties::Breslow, Ties::Efron] {
        certified("cox", &dense, Cox::new(&times, &events, ties).unwrap(), l1());
    }
    let three: Vec<usize> = y.iter().map(|y| if *y < -0.5 { 0 } else { usize::from(*y > 0.5) + 1 }).collect();
    let stacked = Stacked::new(made.design(), 3).unwrap();
    certified("multinomial", &stacked, Multinomial::from_classes(&three, 3).unwrap(), l1());
    let several: Vec<f64> = [y.clone(), classes.clone(), counts].concat();
    let labels: Vec<usize> = (0..72).map(|k| k / 3).collect();
    let groups = PerGroup::new(Radial(L1 { strength: 1.0 }), &labels).unwrap();
    certified("several outputs", &stacked, Observed::outputs(Squared, &several, 3).unwrap(), groups);
}

fn same_fits(a: &Path, b: &Path, tolerance: f64) {
    assert!((a.lambda_max / b.lambda_max - 1.0).abs() < tolerance, "{} {}", a.lambda_max, b.lambda_max);
    for (a, b) in a.fits.iter().zip(&b.fits) {
        assert_eq!(a.coefficients.indices, b.coefficients.indices);
        for (x, y) in a.coefficients.values.iter().zip(&b.coefficients.values) {
            assert!((x - y).abs() <= tolerance * (1.0 + x.abs()), "{x} {y}");
        }
        assert!((a.objective - b.objective).abs() <= tolerance * (1.0 + a.objective));
        assert!((a.intercepts[0] - b.intercepts[0]).abs() <= tolerance * (1.0 + a.intercepts[0].abs()));
    }
}

#[test]
fn sparse_is_dense_and_a_path_is_its_fits() {
    let mut made = Made::new(80, 30, 4, 2);
    let sparse = thinned(&mut made);
    let y = made.response(0.5);
    let (csc, dense) = (Csc::new(sparse.as_ref()), made.design());
    let datafit = Observed::new(Squared, &y).unwrap();
    let elastic = || PerCoefficient::new(ElasticNet { strength: 0.9, ridge: 0.1 });
    let settings = |solver| Settings { tolerance: 1e-13, solver, ..Settings::default() };
    let grid = Grid::Ratios(RATIOS.to_vec());
    let regression = Regression::new(&dense, datafit.clone()).unwrap();
    let reference = regression.path(elastic(), &grid, &settings(Solver::Gram), &mut go).unwrap();
    for solver in [Solver::Gram, Solver::ActiveSet, Solver::CoordinateDescent] {
        let other = Regression::new(&csc, datafit.clone()).unwrap();
        same_fits(&reference, &other.path(elastic(), &grid, &settings(solver), &mut go).unwrap(), 1e-9);
        let twice = Regression::new(&dense, datafit.clone()).unwrap().threads(2);
        same_fits(&reference, &twice.path(elastic(), &grid, &settings(solver), &mut go).unwrap(), 1e-9);
    }
    for fit in &reference.fits {
        let alone = regression.path(elastic(), &Grid::Lambdas(vec![fit.lambda]), &settings(Solver::ActiveSet), &mut go);
        let alone = alone.unwrap();
        let one = Path { fits: vec![fit.clone()], ..reference.clone() };
        same_fits(&one, &alone, 1e-9);
    }
}

#[test]
fn weights_are_repeated_rows_and_zero_weights_are_none() {
    let mut made = Made::new(50, 12, 3, 3);
    let y = made.response(0.5);
    let weights: Vec<f64> = (0..50).map(|i| (i % 3) as f64).collect();
    let design = made.design();
    let weighted = Observed::new(Squared, &y).unwrap().weighted(&weights).unwrap();
    let rows: Vec<usize> = (0..50).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
    let x: Vec<f64> = (0..12).flat_map(|j| rows.iter().map(move |i| i + j * 50)).map(|k| made.x[k]).collect();
    let repeated = thalweg::sparse::design::Dense::from_slice(&x, rows.len(), 12).unwrap();
    let responses: Vec<f64> = rows.iter().map(|&i| y[i]).collect();
    let mcp = || PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
    let a = path(&Regression::new(&design, weighted).unwrap(), mcp());
    let b = path(&Regression::new(&repeated, Observed::new(Squared, &responses).unwrap()).unwrap(), mcp());
    same_fits(&a, &b, 1e-8);
}

#[test]
fn the_largest_lambda_is_where_the_first_coefficient_enters() {
    let mut made = Made::new(50, 12, 3, 4);
    let (y, classes) = (made.response(0.5), made.classes());
    let design = made.design();
    let mut factors = [1.0; 12];
    factors[5] = 0.0;
    let free = || PerCoefficient::new(L1 { strength: 1.0 }).factors(&factors);
    let grid = Grid::Ratios(vec![1.0, 0.999]);
    for solver in [Solver::Gram, Solver::ActiveSet, Solver::CoordinateDescent] {
        let settings = Settings { tolerance: 1e-10, solver, ..Settings::default() };
        let squared = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
        let logistic = Regression::new(&design, Observed::new(Logistic, &classes).unwrap()).unwrap();
        for path in [
            squared.path(free(), &grid, &settings, &mut go).unwrap(),
            logistic.path(free(), &grid, &settings, &mut go).unwrap(),
        ] {
            assert_eq!(path.fits[0].coefficients.indices, [5], "{solver:?}");
            assert_eq!(path.fits[1].coefficients.len(), 2, "{solver:?}");
        }
    }
}

/// The lasso, written by somebody else.
#[derive(Clone, Copy)]
struct Foreign(f64);

impl ScalarPenalty<f64> for Foreign {
    fn value(&self, x: f64) -> f64 {
        self.0 * x.abs()
    }
    fn prox(&self, x: f64, rate: f64) -> f64 {
        (x.abs() - rate * self.0).max(0.0).copysign(x)
    }
    fn gap(&self, x: f64, g: f64) -> f64 {
        if x == 0.0 { (g.abs() - self.0).max(0.0) } else { (g + self.0 * x.signum()).abs() }
    }
    fn convexity(&self) -> f64 {
        0.0
    }
    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl Strength<f64> for Foreign {
    fn strengthened(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

#[test]
fn a_penalty_from_outside_works_as_well() {
    let mut made = Made::new(50, 80, 5, 5);
    let y = made.response(0.5);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let ours = path(&regression, PerCoefficient::new(L1 { strength: 1.0 }));
    same_fits(&ours, &path(&regression, PerCoefficient::new(Foreign(1.0))), 1e-9);
    same_fits(&ours, &path(&regression, Slope::new(&[1.0; 80]).unwrap()), 1e-5);
}

#[test]
fn an_interrupt_leaves_the_path_so_far() {
    let mut made = Made::new(50, 80, 5, 6);
    let y = made.response(0.5);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let flag = Arc::new(AtomicBool::new(false));
    let settings = Settings { interrupt: Some(flag.clone()), ..Settings::default() };
    let mut seen = 0;
    let mut observer = |fit: &Fit| {
        assert!(fit.objective.is_finite());
        seen += 1;
        if seen == 2 {
            flag.store(true, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    };
    let grid = Grid::Geometric { count: 10, ratio: 0.01 };
    let path = regression.path(PerCoefficient::new(L1 { strength: 1.0 }), &grid, &settings, &mut observer).unwrap();
    assert_eq!(path.fits.len(), 2);
    flag.store(true, Ordering::Relaxed);
    let path = regression.path(PerCoefficient::new(L1 { strength: 1.0 }), &grid, &settings, &mut go).unwrap();
    assert_eq!((path.fits.len(), path.fits[0].status), (1, FitStatus::Interrupted));
}

#[test]
fn a_start_at_a_constant_column_is_dropped() {
    let mut made = Made::new(60, 4, 2, 5);
    made.x[60..120].fill(1.0);
    let y = made.response(0.3);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    for solver in [Solver::Gram, Solver::ActiveSet, Solver::CoordinateDescent, Solver::ProximalGradient] {
        let settings = Settings { solver, start: vec![0.0, 1.0, 0.0, 0.0], tolerance: 1e-7, ..Settings::default() };
        let mcp = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
        let path = regression.path(mcp, &Grid::Ratios(vec![0.5]), &settings, &mut go).unwrap();
        assert_eq!(path.fits[0].status, FitStatus::Converged, "{solver:?}");
        assert!(path.fits[0].coefficients.indices.iter().all(|&j| j != 1), "{solver:?}");
    }
}

#[test]
fn a_design_that_is_not_finite_is_refused() {
    for value in [f64::NAN, f64::INFINITY, 1e200] {
        let mut made = Made::new(30, 4, 2, 5);
        made.x[40] = value;
        let y = made.signal.iter().map(|s| if s.is_finite() { s.clamp(-9.0, 9.0) } else { 0.0 }).collect::<Vec<_>>();
        let design = made.design();
        for standard in [true, false] {
            let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
            let regression = regression.centred(standard).scaled(standard).intercept(standard);
            let l1 = PerCoefficient::new(L1 { strength: 1.0 });
            let error = regression.path(l1, &Grid::Ratios(vec![0.5]), &Settings::default(), &mut go).unwrap_err();
            assert_eq!(error, FitError::Column(1), "{value}");
        }
    }
}

#[test]
fn newton_takes_no_steps_on_groups() {
    let mut made = Made::new(60, 60, 4, 6);
    let y = made.response(0.3);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let labels: Vec<usize> = (0..60).map(|j| j / 3).collect();
    let groups = PerGroup::new(Radial(L1 { strength: 1.0 }), &labels).unwrap();
    let settings = Settings { solver: Solver::ActiveSet, ..Settings::default() };
    for fit in regression.path(groups, &Grid::Ratios(vec![0.3, 0.1, 0.02]), &settings, &mut go).unwrap().fits {
        assert_eq!((fit.status, fit.effort[2]), (FitStatus::Converged, 0));
    }
}

/// A flat penalty lets coefficients go to infinity where classes are separated: the fit ends, and says how.
#[test]
fn separated_classes_end() {
    let mut made = Made::new(60, 24, 4, 1);
    let classes = made.classes();
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Logistic, &classes).unwrap()).unwrap();
    let path = path(&regression, PerCoefficient::new(Mcp { strength: 1.0, reach: 30.0 }));
    assert_eq!(path.fits.len(), RATIOS.len());
    assert!(path.fits.iter().all(|fit| fit.objective.is_finite() && fit.status != FitStatus::NotFinite));
}

#[test]
fn a_way_to_a_small_lambda_passes_over_the_design_once_or_twice() {
    let mut made = Made::new(60, 600, 4, 7);
    let y = made.response(0.3);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let settings = Settings { solver: Solver::ActiveSet, ..Settings::default() };
    let grid = Grid::Ratios(vec![0.05]);
    let l1 = regression.path(PerCoefficient::new(L1 { strength: 1.0 }), &grid, &settings, &mut go).unwrap();
    let mcp = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
    let mcp = regression.path(mcp, &grid, &settings, &mut go).unwrap();
    for fit in [&l1.fits[0], &mcp.fits[0]] {
        assert_eq!(fit.status, FitStatus::Converged);
        assert!(fit.effort[3] <= 2, "{:?}", fit.effort);
    }
}

#[test]
fn newton_stays_in_a_box() {
    let (n, p) = (100, 40);
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut x: Vec<f64> = (0..n * p).map(|_| rng.random_range(-1.0..1.0)).collect();
        for k in n..n * p {
            x[k] = 0.2 * x[k] + 0.95 * x[k - n];
        }
        let row = |i: usize| (0..p).map(|j| x[i + j * n] * if j % 2 == 0 { 1.0 } else { -0.8 }).sum::<f64>();
        let y: Vec<f64> = (0..n).map(|i| row(i) + rng.random_range(-0.3..0.3)).collect();
        let design = Dense::from_slice(&x, n, p).unwrap();
        let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
        let (low, high) = [(-0.3, 0.05), (0.0, 0.3), (-0.1, 0.1), (-0.5, 0.5)][seed as usize % 4];
        for solver in [Solver::ActiveSet, Solver::Gram] {
            let boxed = PerCoefficient::new(L1 { strength: 1.0 }).bounds(&vec![(low, high); p]);
            let settings = Settings { solver, ..Settings::default() };
            let grid = Grid::Ratios(vec![0.1, 0.01, 1e-4]);
            for fit in regression.path(boxed, &grid, &settings, &mut go).unwrap().fits {
                assert_eq!(fit.status, FitStatus::Converged, "{seed} {solver:?}: {:?}", fit.effort);
                assert!(fit.coefficients.values.iter().all(|b| (low..=high).contains(b)), "{seed} {solver:?}");
            }
        }
    }
}

#[test]
fn no_penalty_ends_a_path() {
    let mut made = Made::new(10, 20, 3, 5);
    let y = made.response(0.3);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    for mcp in [false, true] {
        let grid = Grid::Ratios(vec![0.1, 0.0]);
        let settings = Settings::default();
        let path = if mcp {
            regression.path(PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 }), &grid, &settings, &mut go)
        } else {
            regression.path(PerCoefficient::new(L1 { strength: 1.0 }), &grid, &settings, &mut go)
        };
        let fits = path.unwrap().fits;
        assert!(fits.len() == 2 && fits[1].loss < fits[0].loss && fits[1].objective.is_finite());
    }
}

#[test]
fn a_broken_fit_is_not_certified() {
    let mut made = Made::new(50, 12, 3, 7);
    let y = made.response(0.5);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let lasso = PerCoefficient::new(L1 { strength: 1.0 });
    let mut fit = path(&regression, lasso.clone()).fits.remove(2);
    let certifier = regression.certifier(lasso).unwrap();
    let good = certifier.certify(&fit);
    assert_eq!(good.locally_convex, Some(true));
    fit.coefficients.values[0] *= 1.01;
    let bad = certifier.certify(&fit);
    assert!(bad.stationarity > 1e3 * good.stationarity.max(1e-12) && bad.coordinatewise > 1e-6);
    // The duality gap bounds what was lost.
    let lost = bad.objective - good.objective;
    assert!(lost > 0.0 && bad.duality_gap.unwrap() >= lost && bad.majorizer_gap.unwrap() > 0.0);
}

#[test]
fn an_orthogonal_design_has_a_closed_form() {
    let n = 5;
    let x: Vec<f64> = (0..n * n).map(|k| f64::from(u8::from(k % (n + 1) == 0)) * (n as f64).sqrt()).collect();
    let z = [0.5, 1.5, 2.2, 3.0, 8.0];
    let y: Vec<f64> = z.iter().map(|z| z * Number::sqrt(n as f64)).collect();
    let design = thalweg::sparse::design::Dense::from_slice(&x, n, n).unwrap();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let regression = regression.intercept(false).centred(false).scaled(false);
    let grid = Grid::Lambdas(vec![1.0]);
    let mcp = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
    let path = regression.path(mcp, &grid, &Settings::default(), &mut go).unwrap();
    for (found, expected) in path.fits[0].coefficients.to_dense(n).iter().zip([0.0, 0.75, 1.8, 3.0, 8.0]) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}

#[test]
fn a_small_lambda_at_once_is_the_same_convex_fit_and_a_stationary_nonconvex_one() {
    let mut made = Made::new(60, 150, 5, 21);
    let y = made.response(0.5);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let grid = Grid::Ratios(vec![0.02]);
    let settings = |gradual| Settings { tolerance: 1e-9, gradual, ..Settings::default() };
    let fit = |gradual| {
        let lasso = PerCoefficient::new(L1 { strength: 1.0 });
        let mcp = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
        let convex = regression.path(lasso, &grid, &settings(gradual), &mut go).unwrap();
        let folded = regression.path(mcp, &grid, &settings(gradual), &mut go).unwrap();
        [convex.fits[0].clone(), folded.fits[0].clone()]
    };
    let ([gradual, slow], [sudden, quick]) = (fit(true), fit(false));
    assert!((gradual.objective - sudden.objective).abs() <= 1e-10 * gradual.objective);
    for fit in [gradual, slow.clone(), sudden, quick.clone()] {
        assert_eq!(fit.status, FitStatus::Converged, "{:e}", fit.kkt);
    }
    assert!(quick.effort[0] < slow.effort[0], "models: {} {}", quick.effort[0], slow.effort[0]);
}
