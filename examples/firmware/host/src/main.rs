//! Runs every image under QEMU, compares its answer with the host's bit for bit, and tabulates what it cost.
//!
//! `host TOOLCHAIN TARGETS [--check]`: with `--check` the table on disk is compared, not written, if it names the same
//! toolchain. Machines whose target is not listed or whose emulator is missing are left out, and said to be.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use defmt_decoder::{DecodeError, Table};
use firmware::data;
use firmware::echo::{Echo, heard};
use firmware::methods::{Attitude, Decay, Recursions, Rosenbrock};
use firmware::programs::{self, Program, Regulator};
use firmware::smooth::{self, Plain};
use firmware::workload::{
    Answer, EllipsoidFit, Magnetometer, Misra1aFit, Solution, SphereFit, calibrate, marquardt, tolerances,
};
use object::{Object, ObjectSection, SectionFlags, SectionKind};
use thalweg::Real;
use thalweg::calibration::{Calibrator, Settings};
use thalweg::constrained::QuadraticProgram;
use thalweg::least_squares::{Dogleg, GaussNewton, Normal, SquareRoot};

mod weigh;

struct Machine {
    core: &'static str,
    target: &'static str,
    emulator: &'static str,
    arguments: &'static [&'static str],
    /// Opt-levels and the profiles that build them.
    opts: &'static [(&'static str, &'static str)],
    /// Room for the samples.
    ram: usize,
}

const SMALL: (&str, &str) = ("s", "small");
const FAST: (&str, &str) = ("3", "release");

const MACHINES: [Machine; 4] = [
    Machine {
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        emulator: "qemu-system-arm",
        arguments: &["-machine", "mps2-an386"],
        opts: &[FAST, SMALL],
        ram: 256 << 10,
    },
    Machine {
        core: "Cortex-M7",
        target: "thumbv7em-none-eabihf",
        emulator: "qemu-system-arm",
        arguments: &["-machine", "mps2-an500"],
        opts: &[FAST, SMALL],
        ram: 256 << 10,
    },
    Machine {
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        emulator: "qemu-system-arm",
        arguments: &["-machine", "microbit"],
        opts: &[SMALL],
        ram: 16 << 10,
    },
    Machine {
        core: "RV32IMAC",
        target: "riscv32imac-unknown-none-elf",
        emulator: "qemu-system-riscv32",
        arguments: &["-machine", "virt", "-bios", "none"],
        opts: &[SMALL],
        ram: 256 << 10,
    },
];

/// An image, the image that only evaluates the same problem, and the host's answer.
struct Image {
    name: &'static str,
    baseline: Option<&'static str>,
    samples: usize,
    answer: Vec<u32>,
}

impl Image {
    fn new(name: &'static str, baseline: Option<&'static str>, samples: usize, answer: &impl Answer) -> Self {
        Self { name, baseline, samples, answer: answer.words().collect() }
    }
}

fn images() -> Result<Vec<Image>> {
    let mut calibrator = Magnetometer::new(Settings::default());
    calibrate(&mut calibrator, Calibrator::push, Calibrator::tick);
    let mut recursions = Recursions::new().context("variances are positive")?;
    for sample in data::regression().take(Recursions::UPDATES) {
        let sample = sample.map(f32::of_f64);
        recursions.covariance.iter_mut().for_each(|recursive| recursive.learn(sample));
        recursions.square_root.iter_mut().for_each(|recursive| recursive.learn(sample));
    }
    let ellipsoid = EllipsoidFit::<f32, 200>::prepare();
    let sphere = SphereFit::<f32, 20>::prepare().solve::<Normal>();
    let (boxed, horizon) = (solved(programs::boxed()), solved(programs::horizon()));
    let newton = GaussNewton { tolerances: tolerances(), ..GaussNewton::default() };
    let dogleg = Dogleg { tolerances: tolerances(), ..Dogleg::default() };
    let rosenbrock = |name, answer| Image::new(name, Some("rosenbrock_baseline"), 2, &answer);
    Ok(vec![
        Image::new("boxqp10", Some("boxqp10_baseline"), 0, &boxed),
        Image::new("calibrate", None, 0, &calibrator),
        Image::new("echo", None, BIG, &echo()),
        Image::new("ellipsoid", Some("ellipsoid_baseline"), 200, &ellipsoid.solve::<Normal>()),
        Image::new("ellipsoid120", None, 120, &EllipsoidFit::<f32, 120>::prepare().solve::<Normal>()),
        Image::new("ellipsoid2000", None, 2000, &EllipsoidFit::<f32, 2000>::prepare().solve::<Normal>()),
        Image::new("ellipsoid_root", Some("ellipsoid_baseline"), 200, &ellipsoid.solve::<SquareRoot>()),
        Image::new("misra1a", Some("misra1a_baseline"), 14, &Misra1aFit::<f32>::prepare().solve::<Normal>()),
        Image::new("mpc", None, BIG, &controlled::<30, 30>()?),
        Image::new("mpc_boxed", None, 0, &controlled::<10, 0>()?),
        Image::new("mpcqp30", Some("mpcqp30_baseline"), BIG, &horizon),
        Image::new("recursive", None, 0, &recursions),
        rosenbrock("rosenbrock", Rosenbrock.solve::<Normal>(&marquardt())),
        rosenbrock("rosenbrock_dogleg", Rosenbrock.solve::<Normal>(&dogleg)),
        rosenbrock("rosenbrock_newton", Rosenbrock.solve::<Normal>(&newton)),
        rosenbrock("rosenbrock_root", Rosenbrock.solve::<SquareRoot>(&marquardt())),
        Image::new("rotation", None, 20, &Attitude::<20>::prepare().solve::<Normal>()),
        Image::new("separable", None, 20, &Decay::<20>::prepare().solve()),
        Image::new("sphere", Some("sphere_baseline"), 20, &sphere),
    ])
}

/// As many samples as keep an image off the smallest board.
const BIG: usize = 1000;

fn solved<const N: usize, const M: usize>(data: QuadraticProgram<f32, N, M>) -> Solution<N> {
    let mut program = Program::new(data);
    program.set_up();
    program.solve();
    program.solve_again();
    program.solution()
}

fn echo() -> Echo {
    let mut echo = Echo::new();
    heard().for_each(|sample| echo.listen(sample));
    while echo.tick() {}
    echo
}

fn controlled<const N: usize, const M: usize>() -> Result<Regulator<N, M>> {
    let mut regulator = Regulator::new().context("the program is convex")?;
    (0..Regulator::<N, M>::TICKS).for_each(|_| regulator.tick());
    Ok(regulator)
}

/// What a run printed.
#[derive(Default)]
struct Run {
    /// Instructions, bytes of stack, and the calls that they were spent on.
    costs: Vec<(u32, u32, String)>,
    answer: Vec<u32>,
    text: Vec<String>,
}

fn run(machine: &Machine, elf: &Path) -> Result<Run> {
    let output = Command::new("timeout")
        .args(["60", machine.emulator])
        .args(machine.arguments)
        .args("-display none -monitor none -serial none -icount shift=0 -chardev stdio,id=log,signal=off".split(' '))
        .args("-semihosting-config enable=on,target=native,chardev=log -kernel".split(' '))
        .arg(elf)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("`timeout` or QEMU does not start")?;
    ensure!(output.status.success(), "{} on {}: {}", elf.display(), machine.core, output.status);

    let table = Table::parse(&fs::read(elf)?)?.context("no defmt table in the image")?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&output.stdout);
    let mut run = Run::default();
    loop {
        let line = match decoder.decode() {
            Ok(frame) => frame.display_message().to_string(),
            Err(DecodeError::UnexpectedEof) => return Ok(run),
            Err(DecodeError::Malformed) => bail!("malformed log frame from {}", elf.display()),
        };
        match line.split_once(' ') {
            Some(("cost", cost)) => {
                let mut parts = cost.splitn(3, ' ');
                let mut part = || parts.next().context("an incomplete cost");
                run.costs.push((part()?.parse()?, part()?.parse()?, part()?.into()));
            }
            Some(("answer", word)) => run.answer.push(word.parse()?),
            _ => run.text.push(line),
        }
    }
}

/// Bytes that go into flash: everything allocated that is not zero at start.
fn flash(elf: &Path) -> Result<u64> {
    const ALLOCATED: u64 = object::elf::SHF_ALLOC as u64;
    let bytes = fs::read(elf).with_context(|| elf.display().to_string())?;
    let file = object::File::parse(&*bytes)?;
    let stored = |s: &object::Section| {
        matches!(s.flags(), SectionFlags::Elf { sh_flags } if sh_flags & ALLOCATED != 0)
            && s.kind() != SectionKind::UninitializedData
    };
    Ok(file.sections().filter(stored).map(|s| s.size()).sum())
}

/// Whether the images of a machine were built and it can be emulated here.
fn available(machine: &Machine, targets: &str) -> bool {
    let built = targets.split(' ').any(|target| target == machine.target);
    let emulated = Command::new(machine.emulator).arg("--version").output().is_ok();
    if !built {
        println!("{}: not built, there is no compiler or linker for {}", machine.core, machine.target);
    } else if !emulated {
        println!("{}: built and not run, there is no {}", machine.core, machine.emulator);
    }
    built && emulated
}

fn main() -> Result<()> {
    const USAGE: &str = "usage: host TOOLCHAIN TARGETS [--check] | host --methods | host --flash TOOLCHAIN";
    let mut arguments = env::args().skip(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no parent")?;
    let built = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let toolchain = match arguments.next().context(USAGE)?.as_str() {
        "--methods" => {
            weigh::methods().iter().for_each(|method| println!("{method}"));
            return Ok(());
        }
        "--flash" => {
            let toolchain = arguments.next().context(USAGE)?;
            return weigh::write(&built.join("flash"), &root.join("SMOOTH_FLASH.md"), &toolchain, SMOOTH_CORE);
        }
        toolchain => toolchain.to_owned(),
    };
    let targets = arguments.next().context(USAGE)?;
    let check = match arguments.next().as_deref() {
        None => false,
        Some("--check") => true,
        Some(_) => bail!(USAGE),
    };

    let images = images()?;
    let (machines, missing): (Vec<_>, Vec<_>) = MACHINES.iter().partition(|machine| available(machine, &targets));
    let mut rows = Vec::new();
    for image in &images {
        // Twice the samples: they are copied once on their way in.
        for machine in machines.iter().filter(|machine| 2 * 12 * image.samples <= machine.ram) {
            for (opt, profile) in machine.opts {
                let elf = |name: &str| built.join(machine.target).join(profile).join(name);
                let run = run(machine, &elf(image.name))?;
                ensure!(
                    run.answer == image.answer && !run.answer.is_empty(),
                    "{} on {} at {opt} answers {:x?}, the host {:x?}",
                    image.name,
                    machine.core,
                    run.answer,
                    image.answer
                );
                run.text.iter().for_each(|line| println!("{} at {opt}: {line}", machine.core));
                let flash = match image.baseline {
                    Some(baseline) => (flash(&elf(image.name))? - flash(&elf(baseline))?).to_string(),
                    None => "–".into(),
                };
                for (instructions, stack, calls) in run.costs {
                    let problem =
                        if calls == "1 solve" { image.name.into() } else { format!("{}: {calls}", image.name) };
                    rows.push((problem, format!("{} | {opt} | {instructions} | {flash} | {stack}", machine.core)));
                }
            }
        }
    }
    // What a job is made of stays together.
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let rows: Vec<_> = rows.into_iter().map(|(problem, row)| format!("| {problem} | {row} |")).collect();
    println!("{} figures, every answer equal to the host's bit for bit", rows.len());

    keep(&root.join("FIGURES.md"), &header(&toolchain), &rows, check, &toolchain, &missing)?;
    if let Some(machine) = machines.iter().find(|machine| machine.core == SMOOTH_CORE) {
        let rows = smooth_rows(machine, |profile| built.join(machine.target).join(profile).join("smooth"))?;
        keep(&root.join("SMOOTH.md"), &smooth_header(&toolchain), &rows, check, &toolchain, &[])?;
    }
    Ok(())
}

/// Writes a table, or compares it with the one on disk.
fn keep(path: &Path, header: &str, rows: &[String], check: bool, toolchain: &str, missing: &[&Machine]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().display();
    if check {
        let committed = fs::read_to_string(path).with_context(|| name.to_string())?;
        compare(&name.to_string(), rows, &committed, toolchain, missing)
    } else if missing.is_empty() {
        Ok(fs::write(path, format!("{header}{}\n", rows.join("\n")))?)
    } else {
        println!("{name} is left as it is: it would lose the machines that are missing here");
        Ok(())
    }
}

/// Where the smooth methods are measured.
const SMOOTH_CORE: &str = "Cortex-M4F";

/// Every method at every size: steps, the worst one, all of them, stack.
fn smooth_rows(machine: &Machine, elf: impl Fn(&str) -> PathBuf) -> Result<Vec<String>> {
    let expected: Vec<u32> = smooth::all(&mut Plain).words().collect();
    let mut rows = Vec::new();
    for (opt, profile) in machine.opts {
        let run = run(machine, &elf(profile))?;
        ensure!(run.answer == expected, "the smooth methods on {} at {opt} answer {:x?}", machine.core, run.answer);
        for pair in run.costs.chunks(2) {
            let [(worst, _, _), (all, stack, calls)] = pair else { bail!("a method without its sum") };
            let (steps, name) = calls.split_once(' ').context("calls without a name")?;
            rows.push(format!("| {name} | {opt} | {steps} | {worst} | {all} | {stack} |"));
        }
    }
    println!("{} figures of smooth methods, every answer equal to the host's bit for bit", rows.len());
    Ok(rows)
}

fn smooth_header(toolchain: &str) -> String {
    format!(
        "# What the smooth methods cost on the device\n\n\
         Written by `run`, compared by `run --check`; {toolchain}.\n\n\
         Instructions, not cycles, on an emulated {SMOOTH_CORE} in f32, in multiples of 40, evaluations included; the function is that of\n\
         `src/smooth.rs`, with defaults or the constants that a method needs, for at most {} steps. Every answer equals the host's bit\n\
         for bit. Stack: down to the deepest word that a step changed. The mirror methods are those on the simplex, natural gradient has\n\
         the Hessian for its Fisher matrix, over-relaxation solves the springs without their fourth powers. The bandit that learns its\n\
         relaxation asks no function and is not here. Flash: SMOOTH_FLASH.md.\n\n\
         | method | N | opt | steps | worst step | all steps | stack B |\n|---|---:|---|---:|---:|---:|---:|\n",
        smooth::BUDGET
    )
}

fn header(toolchain: &str) -> String {
    format!(
        "# What a solve costs on the device\n\n\
         Written by `run`, compared by `run --check`; {toolchain}.\n\n\
         Instructions, not cycles, by the emulator's clock, to within a tick of the timer that reads it: 40 on Cortex-M4F and M7,\n\
         63 on M0, 1 on RISC-V. Flash: the image less the image that only evaluates the problem. Stack: down to the deepest\n\
         word that a call changed. The scalar is f32, and every answer equals the host's bit for bit.\n\n\
         `calibrate` is the main job: a log with spikes is pushed, then the requested fit is ticked to its end. The others are\n\
         problems in `src/workload.rs` and `src/methods.rs`, solved by Levenberg-Marquardt on the normal matrix: `_root` is on its\n\
         square root, `_newton` and `_dogleg` are those methods. `rotation` streams 20 pairs of directions, `separable` is variable\n\
         projection with one exponential and 20 samples, `recursive` learns four parameters. Fits end as those of the peers were\n\
         made to, with the cheapest tolerance that reaches the optimum: `decrease` is 4ε; `calibrate` has its defaults.\n\n\
         | problem | core | opt | instructions | flash B | stack B |\n|---|---|---|---|---|---|\n"
    )
}

/// Whether the committed table holds exactly the measured rows, machines aside that are missing here.
fn compare(name: &str, rows: &[String], committed: &str, toolchain: &str, missing: &[&Machine]) -> Result<()> {
    if !committed.contains(toolchain) {
        println!("{name} was written with another toolchain: not compared");
        return Ok(());
    }
    let measured = |row: &&str| !missing.iter().any(|machine| row.contains(&format!("| {} |", machine.core)));
    let table = committed.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let committed: Vec<_> = table.filter(measured).collect();
    let new: Vec<_> = rows.iter().filter(|row| !committed.contains(&row.as_str())).collect();
    let stale: Vec<_> = committed.iter().filter(|row| !rows.iter().any(|new| new == *row)).collect();
    ensure!(
        new.is_empty() && stale.is_empty(),
        "{name} differs; run without --check and commit:\nmeasured {new:#?}\ncommitted {stale:#?}"
    );
    println!("{name} is up to date");
    Ok(())
}
