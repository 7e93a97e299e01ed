//! Line searches: what they accept, checked by the conditions themselves, on the functions of Moré & Thuente (1994, section 5, equations
//! 5.1 to 5.4 and table 5.1 for β) and others; what they do where nothing can be accepted.

use std::convert::Infallible;
use std::f64::consts::PI;

use nalgebra::{SVector, vector};
use thalweg::line_search::{Backtracking, HagerZhang, Line, LineSearch, StrongWolfe, TRIALS, Verdict};
use thalweg::problem::{Objective, Problem, Smooth};
use thalweg::smooth::{Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState};
use thalweg::{Method, Real, Status};

/// φ and φ'.
type Function = fn(f64) -> (f64, f64);

/// Yanai, Ozawa & Kaneko.
fn yanai(b1: f64, b2: f64, t: f64) -> (f64, f64) {
    let weight = |b: f64| (1.0 + b * b).sqrt() - b;
    let (left, right) = (((1.0 - t) * (1.0 - t) + b2 * b2).sqrt(), (t * t + b1 * b1).sqrt());
    (weight(b1) * left + weight(b2) * right, weight(b1) * (t - 1.0) / left + weight(b2) * t / right)
}

const MORE_THUENTE: [Function; 6] = [
    |t| (-t / (t * t + 2.0), (t * t - 2.0) / ((t * t + 2.0) * (t * t + 2.0))),
    |t| {
        let s = t + 0.004;
        (s.powi(5) - 2.0 * s.powi(4), 5.0 * s.powi(4) - 8.0 * s.powi(3))
    },
    |t| {
        let (b, l) = (0.01, 39.0);
        let (bowl, slope) = if t <= 1.0 - b {
            (1.0 - t, -1.0)
        } else if t >= 1.0 + b {
            (t - 1.0, 1.0)
        } else {
            (0.5 * ((t - 1.0) * (t - 1.0) / b + b), (t - 1.0) / b)
        };
        let wave = l * PI / 2.0 * t;
        (bowl + 2.0 * (1.0 - b) / (l * PI) * wave.sin(), slope + (1.0 - b) * wave.cos())
    },
    |t| yanai(0.001, 0.001, t),
    |t| yanai(0.01, 0.001, t),
    |t| yanai(0.001, 0.01, t),
];

const OTHERS: [Function; 8] = [
    |t| ((t - 3.0) * (t - 3.0), 2.0 * (t - 3.0)),
    |t| ((-t).exp() + 0.1 * t, -(-t).exp() + 0.1),
    |t| (t.powi(4) - 3.0 * t, 4.0 * t.powi(3) - 3.0),
    // Not defined from 2 on.
    |t| (-t - 0.1 * (2.0 - t).ln(), -1.0 + 0.1 / (2.0 - t)),
    // Infinite from 1e-3 on.
    |t| if t < 1e-3 { (-t + 600.0 * t * t, -1.0 + 1200.0 * t) } else { (f64::INFINITY, f64::NAN) },
    // Falls for ever, ever more gently.
    |t| (-(1.0 + t).ln(), -1.0 / (1.0 + t)),
    |t| ((t - 0.7).cosh() * 1e8, (t - 0.7).sinh() * 1e8),
    // A wave on a slope.
    |t| (-0.2 * t + 0.3 * (5.0 * t).cos(), -0.2 - 1.5 * (5.0 * t).sin()),
];

const RATES: [f64; 5] = [1e-3, 1e-1, 1.0, 10.0, 1e3];

/// A search to its end: verdict, rate, questions.
fn run<T: Real>(search: &impl LineSearch<T>, mut line: Line<T>, f: impl Fn(T) -> (T, T)) -> (Verdict, T, u32) {
    for questions in 1..=TRIALS {
        let (value, slope) = f(line.rate());
        let verdict = search.tell(&mut line, value, slope);
        if verdict != Verdict::Ask {
            return (verdict, line.rate(), questions);
        }
    }
    panic!("more than {TRIALS} questions");
}

fn cases() -> impl Iterator<Item = (Function, f64)> {
    MORE_THUENTE.into_iter().chain(OTHERS).flat_map(|f| RATES.map(|rate| (f, rate)))
}

#[test]
fn strong_wolfe_accepts_what_satisfies_the_strong_wolfe_conditions() {
    let mut questions = Vec::new();
    for (c1, c2) in [(1e-4, 0.9), (1e-4, 0.1), (1e-3, 1e-3), (1e-1, 0.1)] {
        let search = StrongWolfe { sufficient_decrease: c1, curvature: c2 };
        for (f, first) in cases() {
            let (value, slope) = f(0.0);
            let (verdict, t, asked) = run(&search, Line::begin(value, slope, first), f);
            assert_eq!(verdict, Verdict::Accept, "{c1} {c2} from {first}");
            let (found, steepness) = f(t);
            assert!(found <= value + c1 * t * slope, "{c1} {c2} from {first}: {t}");
            assert!(steepness.abs() <= c2 * slope.abs(), "{c1} {c2} from {first}: {t} {steepness}");
            questions.push(asked);
        }
    }
    questions.sort_unstable();
    assert!(questions[questions.len() / 2] <= 6 && questions[questions.len() - 1] <= 30, "{questions:?}");
}

#[test]
fn hager_zhang_accepts_what_satisfies_the_wolfe_conditions_or_the_approximate_ones() {
    for (delta, sigma) in [(0.1, 0.9), (0.1, 0.1), (1e-4, 1e-3)] {
        let search = HagerZhang { sufficient_decrease: delta, curvature: sigma, ..HagerZhang::default() };
        for (f, first) in cases() {
            let (value, slope) = f(0.0);
            let (verdict, t, asked) = run(&search, Line::begin(value, slope, first), f);
            assert_eq!(verdict, Verdict::Accept, "{delta} {sigma} from {first}: {value} {slope} {t} {:?}", f(t));
            let (found, steepness) = f(t);
            assert!(steepness >= sigma * slope, "{delta} {sigma} from {first}: {t} {steepness}");
            let wolfe = found <= value + delta * t * slope;
            let level = found <= value + 1e-6 * value.abs();
            assert!(wolfe || (level && steepness <= (2.0 * delta - 1.0) * slope), "{delta} {sigma} from {first}: {t}");
            let close = found >= value - 1e-6 * value.abs();
            assert!(wolfe || close || asked > 8, "{delta} {sigma} from {first}: {t} too early");
        }
    }
}

#[test]
fn backtracking_accepts_a_sufficient_decrease_from_values_alone() {
    for c in [1e-4, 0.3] {
        for (f, first) in cases() {
            let (value, slope) = f(0.0);
            let search = Backtracking { sufficient_decrease: c };
            let (verdict, t, asked) = run(&search, Line::begin(value, slope, first), |t| (f(t).0, f64::NAN));
            assert_eq!(verdict, Verdict::Accept, "{c} from {first}");
            assert!(f(t).0 <= value + c * t * slope && t <= first, "{c} from {first}: {t}");
            assert!(asked <= 1 || f(first).0 > value + c * first * slope || !f(first).0.is_finite());
        }
    }
}

/// Every search, in one list.
fn each<T: Real>(mut check: impl FnMut(&str, &dyn LineSearch<T>)) {
    check("backtracking", &Backtracking::default());
    check("strong Wolfe", &StrongWolfe::default());
    check("Hager-Zhang", &HagerZhang::default());
}

fn tell<T: Real>(search: &dyn LineSearch<T>, mut line: Line<T>, f: impl Fn(T) -> (T, T)) -> (Verdict, T, u32) {
    for questions in 1..=TRIALS {
        let (value, slope) = f(line.rate());
        let verdict = search.tell(&mut line, value, slope);
        if verdict != Verdict::Ask {
            return (verdict, line.rate(), questions);
        }
    }
    panic!("more than {TRIALS} questions");
}

#[test]
fn hopeless_searches_end() {
    each::<f64>(|name, search| {
        let end = |value, slope, rate, f: fn(f64) -> (f64, f64)| tell(search, Line::begin(value, slope, rate), f).0;
        assert_eq!(end(0.0, 1.0, 1.0, |t| (t, 1.0)), Verdict::Exhausted, "{name}: uphill");
        assert_eq!(end(0.0, 0.0, 1.0, |_| (0.0, 0.0)), Verdict::Exhausted, "{name}: flat");
        assert_eq!(end(0.0, f64::NAN, 1.0, |t| (-t, -1.0)), Verdict::Exhausted, "{name}: no slope");
        assert_eq!(end(0.0, -1.0, 0.0, |t| (-t, -1.0)), Verdict::Exhausted, "{name}: no rate");
        assert_eq!(end(0.0, -1.0, 1.0, |t| (t, 1.0)), Verdict::Exhausted, "{name}: a slope that lies");
        assert_eq!(end(0.0, -1.0, 1.0, |_| (f64::NAN, f64::NAN)), Verdict::Exhausted, "{name}: NaN everywhere");
        let falls = end(0.0, -1.0, 1.0, |t| (-t, -1.0));
        assert_eq!(
            falls,
            if name == "backtracking" { Verdict::Accept } else { Verdict::Unbounded },
            "{name}: unbounded"
        );
        let falls = end(0.0, -1.0, 1.0, |t| (-t - t * t * t, -1.0 - 3.0 * t * t));
        assert!(falls == Verdict::Unbounded || name == "backtracking", "{name}: to minus infinity: {falls:?}");
    });
}

#[test]
fn the_limit_is_accepted_where_the_way_still_leads_down_and_never_passed() {
    each::<f64>(|name, search| {
        let (verdict, rate, asked) = tell(search, Line::begin(9.0, -6.0, 1.0).within(0.5), |t| {
            assert!(t <= 0.5, "{name}: {t}");
            ((t - 3.0) * (t - 3.0), 2.0 * (t - 3.0))
        });
        assert_eq!((verdict, rate, asked), (Verdict::Accept, 0.5, 1), "{name}");
        let (verdict, rate, _) = tell(search, Line::begin(0.0, -1.0, 0.01).within(2.0), |t| {
            assert!(t <= 2.0, "{name}: {t}");
            (-t, -1.0)
        });
        assert_eq!(verdict, Verdict::Accept, "{name}");
        assert!(rate == 2.0 || name == "backtracking");
    });
}

/// Where all values are equal to rounding, slopes still show the way: a parabola on a high plateau.
#[test]
fn rounding_of_the_values_does_not_end_a_search() {
    fn check<T: Real>() {
        each::<T>(|name, search| {
            let height = T::ONE / T::EPSILON.sqrt();
            let f = |t: T| (height + (t - T::ONE).squared() * T::EPSILON, (t - T::ONE) * T::TWO * T::EPSILON);
            for first in [0.5, 1.5, 30.0] {
                let first = T::of_f64(first);
                let (verdict, t, _) = tell(search, Line::begin(height, f(T::ZERO).1, first), f);
                assert_eq!(verdict, Verdict::Accept, "{name} from {first}");
                assert!((t - T::ONE).abs() < T::ONE, "{name} from {first}: {t}");
            }
        });
    }
    check::<f64>();
    check::<f32>();
}

/// In single precision the conditions hold up to the rounding of the values.
#[test]
fn single_precision_accepts_the_same() {
    // The slope of the second is beyond single precision.
    for (f, first) in cases().filter(|&(f, _)| f(0.0).1 < -1e-6) {
        let single = |t: f32| (f(f64::from(t)).0 as f32, f(f64::from(t)).1 as f32);
        let (value, slope) = single(0.0);
        each::<f32>(|name, search| {
            let (verdict, t, _) = tell(search, Line::begin(value, slope, first as f32), single);
            assert_eq!(verdict, Verdict::Accept, "{name} from {first}: {value} {slope} {t} {:?}", single(t));
            let (found, steepness) = single(t);
            assert!(found <= value + 2e-6 * value.abs(), "{name} from {first}: {t}");
            assert!(name == "backtracking" || steepness >= 0.9 * slope, "{name} from {first}: {t}");
        });
    }
}

/// On a parabola the first interpolation is exact.
#[test]
fn a_parabola_takes_two_questions() {
    let f: Function = |t| (0.5 * (t - 2.0) * (t - 2.0), t - 2.0);
    for first in [0.5, 5.0] {
        let exact = StrongWolfe { curvature: 1e-9, ..StrongWolfe::default() };
        let (verdict, t, asked) = run(&exact, Line::begin(2.0, -2.0, first), f);
        assert!(verdict == Verdict::Accept && asked == 2 && (t - 2.0).abs() < 1e-8, "{first}: {t} {asked}");
    }
    let exact = HagerZhang { sufficient_decrease: 0.49, curvature: 1e-9, ..HagerZhang::default() };
    let (verdict, t, asked) = run(&exact, Line::begin(2.0, -2.0, 5.0), f);
    assert!(verdict == Verdict::Accept && asked == 2 && (t - 2.0).abs() < 1e-8, "{t} {asked}");
}

/// A slope everywhere, and where it was asked last.
struct Slope(SVector<f64, 2>, SVector<f64, 2>);

impl Problem for Slope {
    type Error = Infallible;
}

impl Objective<f64, 2> for Slope {
    fn value(&mut self, x: &SVector<f64, 2>) -> Result<f64, Infallible> {
        self.1 = *x;
        Ok(self.0.dot(x))
    }
}

impl Smooth<f64, 2> for Slope {
    fn gradient(&mut self, x: &SVector<f64, 2>, g: &mut SVector<f64, 2>) -> Result<f64, Infallible> {
        *g = self.0;
        self.value(x)
    }
}

/// `t = min(1, max(1, ‖x‖)/max |gⱼ|)`; where a bound is ahead, a step of length one.
#[test]
fn the_first_step_is_as_long_as_the_point() {
    fn second<S>(slope: SVector<f64, 2>, method: impl Method<Slope, S>, mut state: S) -> SVector<f64, 2> {
        let mut problem = Slope(slope, SVector::zeros());
        let Ok(status) = method.run(&mut state, &mut problem, 2);
        assert_eq!(status, Status::Running);
        problem.1
    }
    let (x, g) = (vector![3.0, 4.0], vector![20.0, 10.0]);
    assert_eq!(second(g, Bfgs::default(), BfgsState::new(x)), x - g * 0.25);
    assert_eq!(second(g, Bfgs::default(), BfgsState::new(SVector::zeros())), -g / 20.0);
    assert_eq!(second(g / 100.0, Bfgs::default(), BfgsState::new(x)), x - g / 100.0);
    let bounded = BoundedLbfgs::new(SVector::zeros(), x * 2.0);
    assert!((second(g, bounded, BoundedLbfgsState::<f64, 2, 5>::new(x)) - x * 0.8).amax() < 1e-14);
}

#[test]
fn parameters_outside_their_ranges_are_named() {
    use thalweg::ConfigError::{Fraction, NotPositive, Tolerance};
    let (wolfe, zhang) = (StrongWolfe::<f64>::default(), HagerZhang::<f64>::default());
    assert_eq!(Backtracking { sufficient_decrease: 1.0 }.validate(), Err(Fraction));
    assert_eq!(StrongWolfe { sufficient_decrease: 0.0, ..wolfe }.validate(), Err(Fraction));
    assert_eq!(StrongWolfe { curvature: f64::NAN, ..wolfe }.validate(), Err(Fraction));
    assert_eq!(HagerZhang { rise: -1.0, ..zhang }.validate(), Err(Tolerance));
    assert_eq!(HagerZhang { expansion: 1.5, ..zhang }.validate(), Err(NotPositive));
    each::<f32>(|name, search| assert_eq!(search.validate(), Ok(()), "{name}"));
}
