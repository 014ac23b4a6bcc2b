//! Cross-validation and searches.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axonal::evaluation::Score;
use axonal::prelude::*;
use axonal::selection::{
    CrossValidation, Fold, Folds, IntoScores, KFold, Places, StratifiedKFold, Variant,
    sample_configs,
};
use axonal::{Error, Trainable, grid, variants};
use rand::RngExt;

network! { struct Flowers<input 4 => dense 6 tanh => dropout 0.1 => dense 3>; }

type Flower = SVector<f32, 4>;

fn iris() -> Dataset<Flower, Class<3>> {
    axonal::data::csv("examples/data/iris.csv").classification().unwrap()
}

/// Who has it sets the number of threads, which is one for the whole process.
static THREADS: Mutex<()> = Mutex::new(());

fn numbers(samples: usize) -> Dataset<usize, usize> {
    (0..samples).map(|i| (i, i)).collect()
}

/// See `tests/fixtures/folds.py`.
#[test]
fn folds_are_those_of_scikit_learn() {
    for line in include_str!("../fixtures/folds.txt").lines() {
        let (name, tests) = line.split_once(": ").unwrap();
        let tests =
            tests.split(' ').map(|test| test.split('-').map(|at| at.parse().unwrap()).collect());
        let tests: Vec<Vec<usize>> = tests.collect();
        let words: Vec<&str> = name.split(' ').collect();
        let folds = words[1].parse().unwrap();
        let (samples, places) = if words[0] == "k" {
            let targets = vec![(); words[2].parse().unwrap()];
            (targets.len(), KFold::new(folds).places(&targets).unwrap())
        } else {
            let class = |class: &str| Class::<4>::new(class.parse().unwrap()).unwrap();
            let targets: Vec<_> = words[2].split(',').map(class).collect();
            (targets.len(), StratifiedKFold::new(folds).places(&targets).unwrap())
        };
        assert_eq!(places.iter().map(|of| of.test.clone()).collect::<Vec<_>>(), tests, "{name}");
        for Places { train, test } in places {
            let rest: Vec<usize> = (0..samples).filter(|at| !test.contains(at)).collect();
            assert_eq!(train, rest, "{name}");
        }
    }
}

#[test]
fn random_folds_have_each_sample_once_and_their_share_of_each_class() {
    let targets: Vec<bool> = (0..103).map(|i| i % 7 == 0).collect();
    let positives = targets.iter().filter(|target| **target).count();
    let all = |places: Vec<Places>, times: usize| {
        assert_eq!(places.len(), 4 * times);
        for round in places.chunks(4) {
            let mut seen: Vec<usize> = round.iter().flat_map(|of| of.test.clone()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..103).collect::<Vec<_>>());
            assert!(round.iter().all(|of| (25..=26).contains(&of.test.len())));
            assert!(round.iter().all(|of| of.train.len() + of.test.len() == 103));
            assert!(round.iter().all(|of| of.test.is_sorted() && of.train.is_sorted()));
        }
        let distinct: BTreeSet<Vec<usize>> = places.iter().map(|of| of.test.clone()).collect();
        assert_eq!(distinct.len(), places.len());
        places
    };
    let plain = |folds: KFold, times| all(folds.places(&targets).unwrap(), times);
    let by_class = |folds: StratifiedKFold, times| {
        let places = all(folds.places(&targets).unwrap(), times);
        for of in &places {
            let count = of.test.iter().filter(|place| targets[**place]).count();
            assert!((positives / 4..=positives.div_ceil(4)).contains(&count));
        }
        places
    };
    let (k, stratified) = (KFold::new(4), StratifiedKFold::new(4));
    assert_ne!(plain(k.shuffle(1), 1), plain(k, 1));
    assert_ne!(plain(k.shuffle(1), 1), plain(k.shuffle(2), 1));
    assert_eq!(plain(k.repeated(3, 1), 3)[..4], plain(k.shuffle(1), 1));
    assert_ne!(by_class(stratified.shuffle(1), 1), by_class(stratified, 1));
    assert_ne!(by_class(stratified.shuffle(1), 1), by_class(stratified.shuffle(2), 1));
    assert_eq!(by_class(stratified.repeated(3, 1), 3)[..4], by_class(stratified.shuffle(1), 1));
}

#[test]
fn too_few_samples_are_an_error() {
    let error = KFold::new(3).places(&[0.5, 1.5]).unwrap_err();
    assert!(matches!(error, Error::TooFewSamples { expected: 3, found: 2, .. }));
    assert!(KFold::new(2).places(&[true; 0]).is_err());
    assert!(StratifiedKFold::new(2).places(&[true; 0]).is_err());
    let error = StratifiedKFold::new(3).places(&[true, true, true, false, false]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "class 0 in a stratified cross-validation: expected at least 3 samples, found 2"
    );
    let run =
        CrossValidation::new(KFold::new(3)).run(&numbers(2), |_| Ok(Score::larger("one", 1.0)));
    assert!(run.is_err());
    for wrong in [|| KFold::new(1), || KFold::new(0), || KFold::new(2).repeated(0, 1)] {
        assert!(catch_unwind(wrong).is_err());
    }
}

fn trained(fold: &Fold<Flower, Class<3>>, learning_rate: f64) -> Result<[Score; 2], Error> {
    let mut rng = fold.rng();
    let mut net = Flowers::random(&mut rng);
    Trainer::new(CrossEntropy, Adam::new(learning_rate)).epochs(5).fit(
        &mut *net,
        &fold.train,
        &mut rng,
    )?;
    let (inputs, targets) = (fold.test.inputs(), fold.test.targets());
    let loss = Score::smaller("loss", f64::from(net.loss(inputs, targets, &CrossEntropy)));
    Ok([Evaluation::of(&*net, &fold.test).score(), loss])
}

/// Each fold on a thread of its own, which shares nothing; the same bits on any number of them, and those of a loop by hand.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (data, folds) = (iris(), StratifiedKFold::new(5).shuffle(3));
    let by_hand: Vec<_> =
        folds.folds(&data).unwrap().map(|fold| trained(&fold, 0.02).unwrap().to_vec()).collect();
    let _own = THREADS.lock();
    for threads in [1, 2, 7] {
        axonal::set_num_threads(threads);
        let report = CrossValidation::new(folds)
            .run(&data, |fold| {
                assert_eq!(axonal::num_threads(), 1);
                trained(fold, 0.02)
            })
            .unwrap();
        assert_eq!(axonal::num_threads(), threads);
        let found: Vec<_> =
            report.folds().iter().map(|fold| fold.as_ref().unwrap().clone()).collect();
        assert_eq!(found, by_hand, "{threads} threads");
    }
    let report = CrossValidation::new(folds).run(&data, |fold| trained(fold, 0.02)).unwrap();
    let [accuracy, loss] = &report.scores()[..] else { panic!("two scores") };
    let values: Vec<f64> = by_hand.iter().map(|fold| fold[0].value).collect();
    let mean = values.iter().sum::<f64>() / 5.0;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 5.0;
    assert_eq!((accuracy.mean, accuracy.deviation), (mean, variance.sqrt()));
    assert_eq!((accuracy.metric, loss.metric), ("accuracy", "loss"));
    assert!(accuracy.larger_is_better && !loss.larger_is_better && accuracy.values == values);
    let text = report.to_string();
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(text.lines().last().unwrap().starts_with("mean  "), "{text}");
}

#[test]
fn each_fold_has_a_generator_of_its_own() {
    let data = numbers(12);
    let first = |folds: KFold| -> Vec<u64> {
        folds.folds(&data).unwrap().map(|fold| fold.rng().random()).collect()
    };
    let seeds = [1, 2].map(|seed| first(KFold::new(4).shuffle(seed)));
    let distinct: BTreeSet<u64> = seeds.iter().flatten().copied().collect();
    assert_eq!(distinct.len(), 8);
    assert_eq!(first(KFold::new(4).shuffle(1)), seeds[0]);
    // All configurations of a search have the same folds with the same generators.
    let search = CrossValidation::new(KFold::new(4).shuffle(1))
        .search(&data, [1, 2, 3], |_, fold| {
            Ok(Score::larger("first", (fold.rng().random::<u64>() >> 11) as f64))
        })
        .unwrap();
    for trial in &search.trials {
        let values = trial.report.score().unwrap().values;
        assert_eq!(values, seeds[0].iter().map(|of| (of >> 11) as f64).collect::<Vec<_>>());
    }
}

#[test]
fn trials_are_ranked_and_failures_are_in_the_table() {
    let data = numbers(6);
    let search = CrossValidation::new(KFold::new(3))
        .search(&data, ["good", "diverges", "best", "nan", "equal"], |name, fold| {
            let value = match *name {
                "diverges" if fold.number == 1 => {
                    return Err(Error::Diverged { epoch: 2, step: 3, loss: f64::NAN });
                }
                "nan" => f64::NAN,
                "best" => 0.1,
                _ => 0.2 + fold.number as f64,
            };
            Ok([Score::smaller("loss", value), Score::larger("accuracy", 0.5)])
        })
        .unwrap();
    let order: Vec<&str> = search.ranked().iter().map(|trial| trial.config).collect();
    assert_eq!(order, ["best", "good", "equal", "nan", "diverges"]);
    assert_eq!(search.best().unwrap().config, "best");
    let names: Vec<&str> = search.trials.iter().map(|trial| trial.config).collect();
    assert_eq!(names, ["good", "diverges", "best", "nan", "equal"]);
    let failed = &search.trials[1].report;
    assert_eq!(failed.failures().map(|(fold, _)| fold).collect::<Vec<_>>(), [1]);
    assert!(failed.score().is_none() && failed.folds()[0].is_ok());
    let text = search.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "rank  loss             accuracy         configuration",
            "1     0.1000 ± 0.0000  0.5000 ± 0.0000  \"best\"",
            "2     1.2000 ± 0.8165  0.5000 ± 0.0000  \"good\"",
        ]
    );
    assert!(
        lines[5].starts_with(
            "\"diverges\" failed in fold 2 of 3: training diverged in epoch 2, step 3"
        )
    );
    let text = failed.to_string();
    assert!(text.lines().nth(2).unwrap().starts_with("2     failed: training diverged"), "{text}");
    assert_eq!(text.lines().count(), 4, "no mean: {text}");

    // Nothing that is good.
    let none = CrossValidation::new(KFold::new(2))
        .search(&data, [1, 2], |_, _| Err::<Score, _>(Error::Empty { what: "this" }))
        .unwrap();
    assert!(none.best().is_none());
    assert_eq!(none.to_string().lines().count(), 3);
    let nan = CrossValidation::new(KFold::new(2))
        .search(&data, [1], |_, _| Ok(Score::larger("R²", f64::NAN)))
        .unwrap();
    assert!(nan.best().is_none());
    let empty = CrossValidation::new(KFold::new(2))
        .search(&data, [0; 0], |_, _| Ok(Score::larger("R²", 1.0)))
        .unwrap();
    assert!(empty.trials.is_empty() && empty.best().is_none());
    assert_eq!(empty.to_string(), "rank  configuration");
}

/// A score that only some folds have has no mean.
#[test]
fn scores_of_other_names() {
    let report = CrossValidation::new(KFold::new(2))
        .run(&numbers(4), |fold| {
            let name = if fold.number == 0 { "R²" } else { "loss" };
            Ok([Score::larger(name, 1e-5), Score::larger("both", 2e7)])
        })
        .unwrap();
    let scores = report.scores();
    assert!(scores[0].mean.is_nan() && scores[0].values[1].is_nan());
    assert_eq!((scores[1].mean, scores.len()), (2e7, 2));
    assert_eq!(scores[1].to_string(), "2.00e7 ± 0.00e0");
    assert_eq!(report.to_string().lines().next(), Some("fold  R²         both"));
}

#[test]
fn panics_reach_the_caller_and_threads_are_shared_again() {
    let _own = THREADS.lock();
    axonal::set_num_threads(2);
    /// Says that a panic unwinds: what is printed of it before that takes its time.
    struct Unwound<'a>(&'a AtomicBool);

    impl Drop for Unwound<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let (ran, unwound) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        CrossValidation::new(KFold::new(100)).run(&numbers(100), |fold| {
            ran.fetch_add(1, Ordering::Relaxed);
            if fold.number == 3 {
                let _unwound = Unwound(&unwound);
                panic!("fold three");
            }
            while fold.number > 3 && !unwound.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(2));
            Ok(Score::larger("one", 1.0))
        })
    };
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"fold three"));
    assert!(ran.load(Ordering::Relaxed) < 100, "those that had not begun do not begin");
    assert_eq!(axonal::num_threads(), 2);
    let none = CrossValidation::new(KFold::new(2));
    assert!(catch_unwind(|| none.run(&numbers(2), |_| Ok(Vec::new()))).is_err());
}

/// One within the other, as a search within each fold.
#[test]
fn nested() {
    let outer = CrossValidation::new(KFold::new(4)).progress_bar();
    let report = outer.run(&numbers(40), |fold| {
        let inner = CrossValidation::new(KFold::new(30));
        let inner =
            inner.run(&fold.train, |fold| Ok(Score::larger("inner", fold.test.len() as f64)))?;
        Ok(inner.score().unwrap().score())
    });
    assert_eq!(report.unwrap().score().unwrap().values, [1.0; 4]);
}

/// Leave-one-out of a thousand samples.
#[test]
fn many_folds() {
    let report = CrossValidation::new(KFold::new(1000))
        .run(&numbers(1000), |fold| Ok(Score::larger("place", fold.test.inputs()[0] as f64)))
        .unwrap();
    let places = report.score().unwrap().values;
    assert!(places.iter().enumerate().all(|(place, found)| place as f64 == *found));
}

#[derive(Clone, Debug, PartialEq)]
struct Settings {
    rate: f64,
    name: String,
    size: usize,
}

#[test]
fn grids_have_all_combinations() {
    // Lists that are moved, named as a field, made by an iterator.
    let size = [1, 2];
    let rate = 0.5;
    let names = vec!["a".to_owned()];
    let all = grid!(Settings {
        rate: [rate, 2.0 * rate],
        name: names,
        size: size.iter().map(|of| of * 10)
    });
    let expected = [(0.5, 10), (0.5, 20), (1.0, 10), (1.0, 20)];
    let expected: Vec<_> = expected
        .map(|(rate, size)| Settings { rate, name: "a".to_owned(), size })
        .into_iter()
        .collect();
    assert_eq!(all, expected);
    mod inner {
        #[derive(Debug)]
        pub(super) struct One {
            pub(super) of: u8,
        }
    }
    assert_eq!(grid!(inner::One { of: 1..=3 }).iter().map(|one| one.of).sum::<u8>(), 6);
    assert!(grid!(inner::One { of: [0_u8; 0] }).is_empty());
}

#[test]
fn drawn_configurations() {
    let draw = |count, seed| {
        sample_configs(count, seed, |draw| {
            (draw.log_uniform(1e-4..1e-1), draw.uniform(1..=3), draw.choice(["a", "b"]))
        })
    };
    let many = draw(1000, 1);
    assert_eq!(many[..10], draw(10, 1));
    assert_ne!(many[..10], draw(10, 2));
    assert!(draw(0, 1).is_empty());
    assert!(
        many.iter().all(|(rate, size, _)| (1e-4..1e-1).contains(rate) && (1..=3).contains(size))
    );
    // A third of the decades each, and a half.
    for decade in [1e-4, 1e-3, 1e-2] {
        let count = many.iter().filter(|of| (decade..10.0 * decade).contains(&of.0)).count();
        assert!((280..390).contains(&count), "{decade}: {count}");
    }
    let half = many.iter().filter(|of| of.2 == "a").count();
    assert!((450..550).contains(&half), "{half}");
    for range in [0.0..1.0, 1.0..1.0, 1.0..f64::INFINITY, f64::NAN..1.0] {
        assert!(
            catch_unwind(|| sample_configs(1, 1, |draw| draw.log_uniform(range.clone()))).is_err()
        );
    }
    assert!(catch_unwind(|| sample_configs(1, 1, |draw| draw.choice([0; 0]))).is_err());
}

/// Any network with these inputs and outputs.
fn train<N>(rate: f64, fold: &Fold<Flower, Class<3>>) -> Result<Score, Error>
where
    N: Trainable<CrossEntropy, Class<3>> + axonal::Network<Scalar = f32, Input = Flower>,
{
    let mut rng = fold.rng();
    let mut net = N::random(&mut rng);
    Trainer::new(CrossEntropy, Adam::new(rate)).fit(&mut *net, &fold.train, &mut rng)?;
    let loss = net.loss(fold.test.inputs(), fold.test.targets(), &CrossEntropy);
    Ok(Score::smaller("loss", loss.into()))
}

type Train = fn(f64, &Fold<Flower, Class<3>>) -> Result<Score, Error>;

#[derive(Clone, Debug)]
struct Shaped {
    shape: Variant<Train>,
    rate: f64,
}

#[test]
fn shapes_beside_settings() {
    const SIZE: usize = 3;
    let shapes = variants! { H in [2, SIZE], G in [4] => {
        network! { struct Net<input 4 => dense H tanh => dense {G + 1} relu => dense 3>; }
        train::<Net>
    }};
    assert_eq!(
        shapes.iter().map(|of| &*of.name).collect::<Vec<_>>(),
        ["H = 2, G = 4", "H = 3, G = 4"]
    );
    let configs = grid!(Shaped { shape: shapes, rate: [0.1, 0.01] });
    let folds = StratifiedKFold::new(3).shuffle(1);
    let search = CrossValidation::new(folds)
        .search(&iris(), configs, |of, fold| (of.shape)(of.rate, fold))
        .unwrap();
    let losses: BTreeSet<u64> =
        search.trials.iter().map(|of| of.report.score().unwrap().mean.to_bits()).collect();
    assert_eq!(losses.len(), 4, "each is another network: {search}");
    assert!(search.to_string().contains("Shaped { shape: H = 3, G = 4, rate: 0.1 }"), "{search}");
}

#[test]
fn variants_of_anything() {
    let one = variants! { N in [7] => { [0_u8; N].len() } };
    assert_eq!((one.len(), one[0].value, &*one[0].name), (1, 7, "N = 7"));
    let all = variants! { A in [1, 2], B in [3, 4, 5], C in [6, 7], => {
        |of: usize| of + 100 * A + 10 * B + C
    }};
    let found: Vec<usize> = all.iter().map(|of| of(1000)).collect();
    let expected = [1, 2].into_iter().flat_map(|a| {
        [3, 4, 5].into_iter().flat_map(move |b| [6, 7].map(|c| 1000 + 100 * a + 10 * b + c))
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(format!("{:?}", all[11]), "A = 2, B = 5, C = 7");
    // A size that the block does not look at; more of them than the recursion of macros is deep.
    let many = variants! {
        A in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], B in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] => { A }
    };
    assert_eq!((many.len(), many[191].value), (192, 11));
}

#[test]
fn what_a_fold_may_give() {
    let (data, folds) = (iris(), StratifiedKFold::new(2));
    let report = CrossValidation::new(folds)
        .run(&data, |fold| Ok(Evaluation::of(&*Flowers::random(&mut fold.rng()), &fold.test)))
        .unwrap();
    assert_eq!(report.score().unwrap().metric, "accuracy");
    assert!(report.scores().len() > 3);
    let history = Trainer::new(CrossEntropy, Adam::<f32>::default())
        .validate_on(&data)
        .fit(&mut *Flowers::zeros(), &data, &mut StdRng::seed_from_u64(1))
        .unwrap();
    let scores = history.last().unwrap().validation.clone().unwrap().into_scores();
    assert_eq!(scores.iter().map(|of| of.metric).collect::<Vec<_>>(), ["accuracy", "loss"]);
}
