//! What all programs have in common: the data, the clock, and the line of JSON for each measurement.

#[path = "../../shared/data.rs"]
pub mod data;

pub mod described;

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// All programs use one allocator: candle and burn allocate at each step, and are slow on glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a program is asked for: `--only PREFIX`, `--threads N`, `--seconds S`, all optional.
pub struct Bench {
    library: &'static str,
    setting: String,
    version: String,
    only: String,
    seconds: f64,
    threads: usize,
}

impl Bench {
    /// From the program's arguments. `package` is the library's name in Cargo.lock.
    pub fn new(library: &'static str, package: &str, setting: impl Into<String>) -> Self {
        let argument = |name: &str| env::args().skip_while(|argument| argument != name).nth(1);
        Self {
            library,
            setting: setting.into(),
            version: version(package),
            only: argument("--only").unwrap_or_default(),
            seconds: argument("--seconds").map_or(1.0, |seconds| seconds.parse().expect("seconds")),
            threads: argument("--threads").map_or(1, |threads| threads.parse().expect("threads")),
        }
    }

    /// How many threads the library may use.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether a workload, or one that starts like this, is asked for.
    pub fn wants(&self, workload: &str) -> bool {
        workload.starts_with(&self.only) || self.only.starts_with(workload)
    }

    /// Takes the steps of a training whose loss is compared, then measures the ones after them.
    pub fn training<R>(
        &self,
        workload: &str,
        mut step: impl FnMut(usize) -> R,
        loss: impl Fn(R) -> f64,
    ) {
        if !self.wants(workload) {
            return;
        }
        let mut last = None;
        for number in 0..data::CHECKED_STEPS {
            last = Some(step(number));
        }
        let mut number = data::CHECKED_STEPS;
        self.measure(workload, last.map_or(f64::NAN, loss), || {
            number += 1;
            step(number - 1)
        });
    }

    /// Prints how long a workload takes at least.
    pub fn floor(&self, workload: &str, microseconds: f64) {
        if self.wants(workload) {
            println!(
                r#"{{"library": "floor", "version": "", "setting": "", "workload": "{workload}", "threads": {}, "microseconds": {microseconds:.5}}}"#,
                self.threads
            );
        }
    }

    /// Measures one call, and prints the line: the smallest mean of batches of calls of 20 ms or more.
    pub fn measure<R>(&self, workload: &str, check: f64, mut call: impl FnMut() -> R) {
        if !self.wants(workload) {
            return;
        }
        let mut batch = 1;
        let mut time = |calls: u32| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            start.elapsed()
        };
        // Warm-up, and the number of calls that take long enough.
        let started = Instant::now();
        loop {
            let spent = time(batch);
            if spent < Duration::from_millis(20) {
                batch *= 2;
            } else if started.elapsed().as_secs_f64() > 0.2 * self.seconds {
                break;
            }
        }
        let mut best = f64::INFINITY;
        let started = Instant::now();
        while started.elapsed().as_secs_f64() < self.seconds {
            best = best.min(time(batch).as_secs_f64() / f64::from(batch));
        }
        println!(
            r#"{{"library": "{}", "version": "{}", "setting": "{}", "workload": "{workload}", "threads": {}, "microseconds": {:.5}, "check": {check:.9}}}"#,
            self.library,
            self.version,
            self.setting,
            self.threads,
            best * 1e6
        );
    }
}

/// The version of a package in the lock file that this program was built with.
fn version(package: &str) -> String {
    let mut lines = include_str!("../Cargo.lock").lines();
    lines
        .find(|line| *line == format!("name = \"{package}\""))
        .and_then(|_| lines.next())
        .and_then(|line| line.strip_prefix("version = "))
        .map_or_else(String::new, |version| version.trim_matches('"').to_owned())
}

/// The check of an inference: the sum of the sizes of all outputs.
pub fn sum_of_sizes(outputs: impl IntoIterator<Item = f32>) -> f64 {
    outputs.into_iter().map(|output| f64::from(output.abs())).sum()
}
