//! Ctrl-C, in processes of their own.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use axonal::Error;
use axonal::evaluation::Score;
use axonal::prelude::*;
use axonal::training::{Callback, Stop, Training};

network! { struct Net<input 1 => dense 4 tanh => dense 1>; }

/// Says that training has begun, makes the second epoch the best, and takes its time in each step.
struct Slow<'a> {
    begun: &'a Path,
    step: Duration,
}

impl Callback<Net> for Slow<'_> {
    fn on_batch_end(&mut self, training: &mut Training<'_, Net>) -> Result<(), Error> {
        if training.status.epoch == 3 {
            fs::write(self.begun, "").unwrap();
        }
        if training.status.epoch >= 3 {
            thread::sleep(self.step);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_, Net>) -> Result<(), Error> {
        if training.status.epoch == 2 {
            let best = self.begun.with_file_name("second.safetensors");
            training.net.save(best)?;
        }
        let distance = training.status.epoch.abs_diff(2);
        training.status.add_score(Score::smaller("distance", distance as f64));
        Ok(())
    }
}

#[test]
#[ignore = "the child of the tests below"]
fn child() {
    let (Some(directory), Some(step)) =
        (env::var_os("AXONAL_DIRECTORY"), env::var("AXONAL_STEP").ok())
    else {
        return;
    };
    let at = |name: &str| Path::new(&directory).join(name);
    let data: Dataset<SVector<f32, 1>, SVector<f32, 1>> =
        (0..64).map(|i| i as f32).map(|i| ([i.sin()].into(), [i.cos()].into())).collect();
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Net::random(&mut rng);
    let step = Duration::from_millis(step.parse().unwrap());
    let history = Trainer::new(MeanSquaredError, Adam::new(0.01))
        .epochs(1_000_000)
        .batch_size(8)
        .monitor("distance")
        .stop_on_ctrl_c()
        .checkpoint(at("run.ckpt"))
        .callback(Slow { begun: &at("begun"), step })
        .fit(&mut *net, &data, &mut rng)
        .unwrap();
    assert_eq!(history.stop, Stop::Interrupt);
    assert_eq!(history.kept.unwrap().epoch, 2);
    assert_eq!(net, Net::load(at("second.safetensors")).unwrap());
    // The place is not lost either.
    let mut resumed = Net::zeros();
    let history = Trainer::new(MeanSquaredError, Adam::new(0.01))
        .epochs(history.epochs.len() + 1)
        .batch_size(8)
        .monitor("training loss")
        .resume(at("run.ckpt"))
        .fit(&mut *resumed, &data, &mut rng)
        .unwrap();
    assert_eq!(history.stop, Stop::Epochs);
    fs::write(at("done"), "").unwrap();
}

fn start(directory: &Path, step: &str) -> Child {
    let child = Command::new(env::current_exe().unwrap())
        .args(["interrupt::child", "--exact", "--ignored"])
        .env("AXONAL_DIRECTORY", directory)
        .env("AXONAL_STEP", step)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while !directory.join("begun").exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "training did not begin");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

fn press(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

fn end(mut child: Child) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "it goes on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_first_one_ends_the_step_and_keeps_the_best_weights() {
    let directory = tempfile::tempdir().unwrap();
    let child = start(directory.path(), "1");
    press(&child);
    assert!(end(child).success());
    assert!(directory.path().join("done").exists());
}

#[test]
fn the_second_one_kills() {
    let directory = tempfile::tempdir().unwrap();
    // In the middle of a step that takes a minute and more.
    let child = start(directory.path(), "100000");
    press(&child);
    thread::sleep(Duration::from_millis(300));
    press(&child);
    let status = end(child);
    assert_eq!((status.code(), status.signal()), (Some(130), None));
}
