//! Performance profiles (Dolan & Moré 2002): the share of problems that a method solves within τ times the fewest evaluations.

use plotters::prelude::*;

use crate::cases::Run;

const SIZE: (u32, u32) = (960, 600);
/// The largest τ.
const REACH: f64 = 32.0;

/// The ratios of each success of a method to the best success on the same problem, ascending, and the number of problems.
fn ratios(method: &str, runs: &[&Run]) -> (Vec<f64>, usize) {
    let mine: Vec<_> = runs.iter().filter(|run| run.method == method).collect();
    let fewest = |case| runs.iter().filter(|run| run.case == case && run.succeeded()).map(|run| run.evaluations).min();
    let solved = mine.iter().filter(|run| run.succeeded());
    let mut ratios: Vec<f64> =
        solved.filter_map(|run| fewest(run.case).map(|fewest| run.evaluations as f64 / fewest as f64)).collect();
    ratios.sort_by(f64::total_cmp);
    (ratios, mine.len())
}

/// The share within τ as a staircase.
fn staircase(ratios: &[f64], problems: usize) -> Vec<(f64, f64)> {
    let mut points = vec![(1.0, 0.0)];
    for (solved, &ratio) in ratios.iter().enumerate().filter(|&(_, &ratio)| ratio <= REACH) {
        points.push((ratio, solved as f64 / problems as f64));
        points.push((ratio, (solved + 1) as f64 / problems as f64));
    }
    let last = points[points.len() - 1].1;
    points.push((REACH, last));
    points
}

/// The profiles of some methods as an SVG.
pub fn draw(methods: &[&'static str], runs: &[&Run]) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).unwrap();
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d((1.0..REACH).log_scale(), 0.0..1.0)
            .unwrap();
        chart
            .configure_mesh()
            .x_desc("evaluations, in multiples of the fewest")
            .y_desc("share of the problems")
            .light_line_style(TRANSPARENT)
            .draw()
            .unwrap();
        for (i, method) in methods.iter().enumerate() {
            let (ratios, problems) = ratios(method, runs);
            let hue = HSLColor(i as f64 / methods.len() as f64, 0.8, 0.4);
            let line = LineSeries::new(staircase(&ratios, problems.max(1)), hue.stroke_width(2));
            chart
                .draw_series(line)
                .unwrap()
                .label(*method)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], hue.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()
            .unwrap();
        area.present().unwrap();
    }
    svg
}

#[test]
fn a_profile_is_what_dolan_and_more_define() {
    use crate::cases::Outcome;
    let run = |method, case, outcome, evaluations| Run { method, case, outcome, evaluations, effort: 0 };
    let runs = [
        run("a", 0, Outcome::Best, 10),
        run("b", 0, Outcome::Best, 20),
        run("a", 1, Outcome::Stalled, 5),
        run("b", 1, Outcome::Other, 30),
    ];
    let runs: Vec<&Run> = runs.iter().collect();
    assert_eq!(ratios("a", &runs), (vec![1.0], 2));
    assert_eq!(ratios("b", &runs), (vec![1.0, 2.0], 2));
    assert_eq!(staircase(&[1.0, 2.0], 2), [(1.0, 0.0), (1.0, 0.0), (1.0, 0.5), (2.0, 0.5), (2.0, 1.0), (REACH, 1.0)]);
}
