//! A training that is interrupted and goes on ends as one that never was: same weights, same history, to the bit.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use axonal::Error;
use axonal::data::augment::Noise;
use axonal::prelude::*;
use axonal::training::{Callback, Checkpoint, EarlyStopping, Plateau, Stop, Training};
use rand::RngExt;

network! {
    /// With all that keeps something from step to step, or draws at random.
    struct Net<input 4 => dense 12 => batchnorm => tanh => dropout 0.2 => dense 3>;
}

type Data = Dataset<SVector<f32, 4>, Class<3>>;

/// Three clouds, of which the third is small.
fn clouds(count: usize) -> Data {
    let mut rng = StdRng::seed_from_u64(5);
    (0..count)
        .map(|index| {
            let class = [0, 1, 0, 1, 2][index % 5];
            let x = SVector::from_fn(|row, _| {
                rng.random_range(-1.0..1.0) + if row == class { 0.9 } else { 0.0 }
            });
            (x, Class::new(class).unwrap())
        })
        .collect()
}

/// With all that a checkpoint has to hold.
fn trainer(epochs: usize) -> Trainer<CrossEntropy, Adam, axonal::messages::NoValidation, Noise> {
    Trainer::new(CrossEntropy, Adam::new(0.02))
        .epochs(epochs)
        .batch_size(7)
        .validation_fraction(0.2)
        .balanced()
        .augment(Noise::new(0.05).unwrap())
        .mixup(0.2)
        .schedule(Schedule::CosineOver { epochs: 30 }.warm_up(2.0).by_step())
        .reduce_on_plateau(Plateau::default().patience(1).factor(0.7))
        .early_stopping(EarlyStopping::new(8).min_delta(1e-3))
        .monitor("loss")
        .average_weights(0.9)
        .clip_norm(1.0)
        .l2(1e-4)
}

/// What is compared of a history: all but how long it took.
fn facts(history: &History) -> String {
    let mut text = format!("{:?} {:?}\n", history.stop, history.kept);
    for epoch in &history.epochs {
        let (number, loss, rate) = (epoch.number, epoch.loss, epoch.learning_rate);
        text += &format!("{number} {loss:?} {rate:?} {:?} {:?}\n", epoch.validation, epoch.scores);
    }
    text
}

/// Another start than that of the training: all has to come from the file.
fn elsewhere() -> (Box<Net>, StdRng) {
    let mut rng = StdRng::seed_from_u64(99);
    (Net::random(&mut rng), rng)
}

fn start() -> (Box<Net>, StdRng) {
    let mut rng = StdRng::seed_from_u64(1);
    (Net::random(&mut rng), rng)
}

/// The whole training, in one go.
fn whole(data: &Data, epochs: usize) -> (Box<Net>, String) {
    let (mut net, mut rng) = start();
    let history = trainer(epochs).fit(&mut *net, data, &mut rng).unwrap();
    (net, facts(&history))
}

/// Ends the training with an error after so many steps, as a crash would.
struct Crash {
    after: usize,
    steps: usize,
}

impl Crash {
    fn after(after: usize) -> Self {
        Self { after, steps: 0 }
    }
}

impl Callback<Net> for Crash {
    fn on_batch_end(&mut self, _: &mut Training<'_, Net>) -> Result<(), Error> {
        self.steps += 1;
        if self.steps > self.after { Err(Error::other("a crash")) } else { Ok(()) }
    }
}

#[test]
fn after_a_crash_at_any_step_it_ends_with_the_same_bits() {
    let data = clouds(60);
    let (expected, history) = whole(&data, 6);
    let directory = tempfile::tempdir().unwrap();
    // Seven steps an epoch.
    for after in 1..42 {
        let path = directory.path().join(format!("{after}.ckpt"));
        let (mut net, mut rng) = start();
        trainer(6)
            .checkpoint(Checkpoint::new(&path).every_steps(1))
            .callback(Crash::after(after))
            .fit(&mut *net, &data, &mut rng)
            .unwrap_err();
        let (mut net, mut rng) = elsewhere();
        let resumed = trainer(6).resume(&path).fit(&mut *net, &data, &mut rng).unwrap();
        assert_eq!(facts(&resumed), history, "after step {after}");
        assert_eq!(net, expected, "after step {after}");
    }
}

#[test]
fn epochs_are_the_total() {
    let data = clouds(60);
    let (expected, history) = whole(&data, 6);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ckpt");
    let (mut net, mut rng) = start();
    trainer(4).checkpoint(&path).fit(&mut *net, &data, &mut rng).unwrap();
    let (mut net, mut rng) = elsewhere();
    let mut trainer_of_six = trainer(6).resume(&path).checkpoint(&path);
    let resumed = trainer_of_six.fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!((facts(&resumed), &net), (history.clone(), &expected));
    // The training is done: nothing is left, and the same comes back.
    let (mut net, mut rng) = elsewhere();
    let again = trainer(6).resume(&path).fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!((facts(&again), &net), (history, &expected));
}

/// A trainer reads the file once: its next call is one more.
#[test]
fn the_file_is_read_once() {
    let data = clouds(60);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ckpt");
    let (mut net, mut rng) = start();
    trainer(2).checkpoint(&path).fit(&mut *net, &data, &mut rng).unwrap();
    let (mut net, mut rng) = elsewhere();
    let mut twice = trainer(3).resume(&path);
    let numbers =
        |history: History| history.epochs.iter().map(|epoch| epoch.number).collect::<Vec<_>>();
    assert_eq!(numbers(twice.fit(&mut *net, &data, &mut rng).unwrap()), [1, 2, 3]);
    assert_eq!(numbers(twice.fit(&mut *net, &data, &mut rng).unwrap()), [4, 5, 6]);
}

#[test]
fn early_stopping_counts_on() {
    let data = clouds(60);
    let stopping = |epochs| trainer(epochs).early_stopping(3);
    let (mut expected, mut rng) = start();
    let history = stopping(60).fit(&mut *expected, &data, &mut rng).unwrap();
    assert_eq!(history.stop, Stop::EarlyStopping);
    let last = history.epochs.len();
    assert_eq!(last, history.kept.unwrap().epoch + 3);
    let directory = tempfile::tempdir().unwrap();
    for cut in [1, last - 1, last] {
        let path = directory.path().join(format!("{cut}.ckpt"));
        let (mut net, mut rng) = start();
        stopping(cut).checkpoint(&path).fit(&mut *net, &data, &mut rng).unwrap();
        let (mut net, mut rng) = elsewhere();
        let resumed = stopping(60).resume(&path).fit(&mut *net, &data, &mut rng).unwrap();
        assert_eq!((facts(&resumed), &net), (facts(&history), &expected), "after {cut} epochs");
    }
}

/// A training that takes longer than twenty processes that are killed.
fn long() -> Trainer<CrossEntropy, Adam, axonal::messages::NoValidation, Noise> {
    trainer(300).early_stopping(250)
}

/// The training of a process of its own, which is killed.
#[test]
#[ignore = "the child of the test below"]
fn child() {
    let Some(directory) = env::var_os("AXONAL_KILLED") else { return };
    let path = Path::new(&directory).join("run.ckpt");
    let (mut net, mut rng) = start();
    let history = long()
        .checkpoint(Checkpoint::new(&path).every_steps(3).keep(2))
        .resume_or_start(&path)
        .fit(&mut *net, &clouds(100), &mut rng)
        .unwrap();
    net.save(Path::new(&directory).join("net.safetensors")).unwrap();
    fs::write(Path::new(&directory).join("history.txt"), facts(&history)).unwrap();
}

#[test]
fn after_twenty_kills_it_ends_with_the_same_bits() {
    let run = |directory: &Path| {
        Command::new(env::current_exe().unwrap())
            .args(["checkpoints::child", "--exact", "--ignored"])
            .env("AXONAL_KILLED", directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let directory = tempfile::tempdir().unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    let mut kills = 0;
    for _ in 0..20 {
        let mut child = run(directory.path());
        thread::sleep(Duration::from_millis(rng.random_range(15..60)));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever is there is whole.
        let path = directory.path().join("run.ckpt");
        if path.exists() {
            let (mut net, mut rng) = elsewhere();
            trainer(0).resume(&path).fit(&mut *net, &clouds(100), &mut rng).unwrap();
        }
    }
    assert_eq!(kills, 20, "each kill met a training");
    assert!(run(directory.path()).wait().unwrap().success());
    let (mut expected, mut rng) = start();
    let history = facts(&long().fit(&mut *expected, &clouds(100), &mut rng).unwrap());
    let found = Net::load(directory.path().join("net.safetensors")).unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("history.txt")).unwrap(), history);
    assert_eq!(found, expected);
}

/// A checkpoint of a training, and what resumes it.
fn written(directory: &Path) -> PathBuf {
    let path = directory.join("run.ckpt");
    let (mut net, mut rng) = start();
    trainer(2).checkpoint(&path).fit(&mut *net, &clouds(30), &mut rng).unwrap();
    path
}

/// The error of going on, which leaves the network as it was.
fn refused(path: &Path) -> String {
    let (mut net, mut rng) = elsewhere();
    let before = net.clone();
    let mut trainer = trainer(3).resume(path);
    let error = trainer.fit(&mut *net, &clouds(30), &mut rng).unwrap_err();
    assert_eq!(net, before);
    assert_eq!(trainer.optimizer().state().steps(), 0);
    let text = error.to_string();
    assert!(text.contains(path.file_name().unwrap().to_str().unwrap()), "{text}");
    text
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = written(directory.path());
    let bytes = fs::read(&path).unwrap();
    let mut rng = StdRng::seed_from_u64(2);
    let changed = directory.path().join("changed.ckpt");
    for _ in 0..1000 {
        let mut other = bytes.clone();
        match rng.random_range(0..4) {
            0 => other.truncate(rng.random_range(0..bytes.len())),
            1 => {
                let at = rng.random_range(0..=bytes.len());
                other.insert(at, rng.random());
            }
            _ => {
                for _ in 0..rng.random_range(1..4) {
                    let at = rng.random_range(0..bytes.len());
                    other[at] ^= 1 << rng.random_range(0..8);
                }
            }
        }
        if other != bytes {
            fs::write(&changed, &other).unwrap();
            refused(&changed);
        }
    }
}

#[test]
fn another_file_is_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    assert!(refused(&at("none.ckpt")).starts_with("cannot read"));
    fs::write(at("text.ckpt"), "epoch 3").unwrap();
    assert!(refused(&at("text.ckpt")).contains("text"), "{}", refused(&at("text.ckpt")));
    start().0.save(at("weights.ckpt")).unwrap();
    assert!(refused(&at("weights.ckpt")).ends_with("found weights alone"));

    network! { struct Other<input 4 => dense 12 => batchnorm => relu => dropout 0.2 => dense 3>; }
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Other::random(&mut rng);
    let data = clouds(30);
    Trainer::new(CrossEntropy, Adam::new(0.02))
        .checkpoint(at("other.ckpt"))
        .fit(&mut *net, &data, &mut rng)
        .unwrap();
    let text = refused(&at("other.ckpt"));
    assert!(
        text.contains("architecture") && text.contains("tanh") && text.contains("relu"),
        "{text}"
    );

    let mut net = Net::<f64>::random(&mut rng);
    let doubles = data.clone().map_inputs(|x| x.map(f64::from));
    Trainer::new(CrossEntropy, Adam::new(0.02))
        .checkpoint(at("f64.ckpt"))
        .fit(&mut *net, &doubles, &mut rng)
        .unwrap();
    let text = refused(&at("f64.ckpt"));
    assert!(text.ends_with("expected `numbers: F32`, found `numbers: F64`"), "{text}");

    let (mut net, mut rng) = start();
    Trainer::new(CrossEntropy, AdamW::new(0.02))
        .checkpoint(at("adamw.ckpt"))
        .fit(&mut *net, &data, &mut rng)
        .unwrap();
    let text = refused(&at("adamw.ckpt"));
    assert!(text.ends_with("optimizer: expected `Adam`, found `AdamW`"), "{text}");
}

#[test]
fn other_data_in_the_middle_of_an_epoch_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ckpt");
    let (mut net, mut rng) = start();
    trainer(2)
        .checkpoint(Checkpoint::new(&path).every_steps(1))
        .callback(Crash::after(2))
        .fit(&mut *net, &clouds(60), &mut rng)
        .unwrap_err();
    let text = refused(&path);
    assert!(text.ends_with("epoch 1, which is not finished: expected 30 training samples, found 60 training samples"), "{text}");
}

#[test]
fn other_samples_that_are_held_out_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = written(directory.path());
    let refused = |fraction: f64, samples: usize| {
        let (mut net, mut rng) = elsewhere();
        let mut trainer = trainer(3).validation_fraction(fraction).resume(&path);
        trainer.fit(&mut *net, &clouds(samples), &mut rng).unwrap_err().to_string()
    };
    let text = refused(0.2, 31);
    assert!(
        text.ends_with(
            "the part that is held out: expected 0.2 of 31 samples, found 0.2 of 30 samples"
        ),
        "{text}"
    );
    assert!(refused(0.3, 30).ends_with("expected 0.3 of 30 samples, found 0.2 of 30 samples"));

    let plain = || Trainer::new(CrossEntropy, Adam::new(0.02)).epochs(2);
    let (mut net, mut rng) = start();
    plain().checkpoint(&path).fit(&mut *net, &clouds(30), &mut rng).unwrap();
    assert!(refused(0.2, 30).ends_with("found none, so that they were all trained on"));
    // Without such a part, more samples are as good.
    let history = plain().epochs(3).resume(&path).fit(&mut *net, &clouds(40), &mut rng).unwrap();
    assert_eq!(history.epochs.len(), 3);
}

/// Scores of two metrics have nothing in common: the best epoch is one of those with the metric that counts.
#[test]
fn with_another_metric_or_none_the_best_epoch_is_looked_for_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ckpt");
    let data = clouds(60);
    let plain = || Trainer::new(CrossEntropy, Adam::new(0.02)).batch_size(7);
    let (mut net, mut rng) = start();
    // Good for its accuracy, which a loss is not to be compared with.
    plain().epochs(3).validate_on(&data).checkpoint(&path).fit(&mut *net, &data, &mut rng).unwrap();

    let (mut net, mut rng) = elsewhere();
    let by_loss = plain().epochs(20).validate_on(&data).monitor("loss").early_stopping(20);
    let history = { by_loss }.resume(&path).fit(&mut *net, &data, &mut rng).unwrap();
    let kept = history.kept.unwrap();
    assert_eq!(kept.score.metric, "loss");
    let later = history.epochs[3..].iter().map(|epoch| epoch.validation.as_ref().unwrap().loss);
    assert_eq!(kept.score.value, later.fold(f64::INFINITY, f64::min));

    // Trained on without validation: the last weights, not those of an epoch before.
    let last = directory.path().join("last.ckpt");
    let (mut net, mut rng) = elsewhere();
    let history =
        plain().epochs(5).resume(&path).checkpoint(&last).fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!(history.kept, None);
    let mut model = Net::zeros();
    model.load_from(&last, "model").unwrap();
    assert_eq!(model, net);
}

/// It is said before the first epoch, not after it.
#[test]
fn a_place_that_cannot_be_written_to_is_named_before_the_first_step() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("none/run.ckpt");
    for (path, reason) in [
        (nowhere.as_path(), "there is no directory"),
        (directory.path(), "it is a directory"),
        (Path::new(""), "it is no name of a file"),
    ] {
        let (mut net, mut rng) = start();
        let before = net.clone();
        let mut trainer = trainer(2).checkpoint(path);
        let error = trainer.fit(&mut *net, &clouds(30), &mut rng).unwrap_err().to_string();
        assert!(error.starts_with("cannot write") && error.contains(reason), "{error}");
        assert_eq!((net, trainer.optimizer().state().steps()), (before, 0));
    }
    // A log too, with the reason in words.
    let (mut net, mut rng) = start();
    let log = directory.path().join("none/log.csv");
    let error = trainer(2).csv_log(log).fit(&mut *net, &clouds(30), &mut rng).unwrap_err();
    assert!(error.to_string().contains("there is no directory"), "{error}");

    // A file that is there is not touched before there is something to write, and nothing is left beside it.
    let path = directory.path().join("run.ckpt");
    fs::write(&path, "the last one").unwrap();
    let (mut net, mut rng) = start();
    let crash = trainer(2).checkpoint(&path).callback(Crash::after(0));
    { crash }.fit(&mut *net, &clouds(30), &mut rng).unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "the last one");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn the_last_ones_and_the_best_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ckpt");
    fs::write(directory.path().join("run.epoch-x.ckpt"), "mine").unwrap();
    fs::write(directory.path().join("run.epoch-50.ckpt"), "of another training").unwrap();
    let (mut net, mut rng) = start();
    let history = trainer(7)
        .checkpoint(Checkpoint::new(&path).keep(3))
        .fit(&mut *net, &clouds(60), &mut rng)
        .unwrap();
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "run.best.ckpt",
        "run.ckpt",
        "run.epoch-5.ckpt",
        "run.epoch-50.ckpt",
        "run.epoch-6.ckpt",
        "run.epoch-7.ckpt",
        "run.epoch-x.ckpt",
    ];
    assert_eq!(names, expected);
    // Its weights, under their names.
    let mut best = Net::zeros();
    best.load_from(&path, "best").unwrap();
    assert_eq!(best, net);
    assert!(history.kept.is_some());
}

/// The order of an epoch's samples is drawn anew from the seed: if a new version of the generator's crate changes it, the format of checkpoints becomes another one.
#[test]
fn the_order_of_samples_stays() {
    let mut run = axonal::training::TrainingLoop::<f32>::new();
    let (mut net, mut rng) = start();
    let mut optimizer = Sgd::new(0.1);
    run.begin(&mut *net, &mut optimizer, &mut rng).unwrap();
    assert!(run.next_epoch(&mut *net, &mut optimizer).unwrap());
    assert_eq!(run.order(8), [4, 1, 7, 3, 2, 6, 5, 0]);
}

network! { struct Wave<input 1 => dense 5 tanh => dropout 0.1 => dense 1>; }

/// Of every optimizer, in both types of numbers, and where it is chosen at run time.
#[test]
fn with_every_optimizer_it_goes_on_with_the_same_bits() {
    macro_rules! each {
        ($($scalar:ty: $($optimizer:expr),+;)+) => {$($(
            let data: Dataset<SVector<$scalar, 1>, SVector<$scalar, 1>> = (0..30)
                .map(|i| i as $scalar * 0.3)
                .map(|i| ([i.sin()].into(), [i.cos()].into()))
                .collect();
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("run.ckpt");
            let run = |epochs, resumes: bool| {
                let mut rng = StdRng::seed_from_u64(1);
                let mut net = Wave::<$scalar>::random(&mut rng);
                let trainer = Trainer::new(MeanSquaredError, $optimizer).epochs(epochs).batch_size(8).checkpoint(&path);
                let mut trainer = if resumes { trainer.resume(&path) } else { trainer };
                if resumes {
                    net.fill(0.1);
                }
                let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
                (net, history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>())
            };
            let whole = run(5, false);
            run(2, false);
            assert_eq!(run(5, true), whole, "{}", stringify!($optimizer));
        )+)+};
    }
    macro_rules! optimizers {
        ($($scalar:ty),+) => {
            each! {$(
                $scalar: Sgd::<$scalar>::new(0.05), Sgd::<$scalar>::new(0.05).momentum(0.9).nesterov(), AdaGrad::<$scalar>::new(0.05),
                RmsProp::<$scalar>::new(0.01).momentum(0.5), Adam::<$scalar>::new(0.01), Adam::<$scalar>::new(0.01).amsgrad(),
                AdamW::<$scalar>::new(0.01), NAdam::<$scalar>::new(0.01), RAdam::<$scalar>::new(0.01), Adadelta::<$scalar>::new(1.0),
                Lion::<$scalar>::new(0.001), Box::new(Adam::<$scalar>::new(0.01)) as Box<dyn Optimizer<$scalar>>;
            )+}
        };
    }
    optimizers!(f32, f64);
}

/// A box says the name of what is in it.
#[test]
fn optimizers_have_names() {
    assert_eq!(Optimizer::<f32>::name(&Sgd::new(0.1)), "Sgd");
    let boxed: Box<dyn Optimizer<f64>> = Box::new(AdamW::new(0.1));
    assert_eq!(boxed.name(), "AdamW");
}
