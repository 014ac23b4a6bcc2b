//! What stands round a training: reports of each head, history, what is monitored, checkpoints, frozen heads, files, tables.

use axonal::prelude::*;
use axonal::selection::{CrossValidation, KFold};
use axonal::training::Validation;
use rand::RngExt;

network! {
    /// One trunk, two heads.
    struct ActorCritic<
        input place: 2, speed: 2
        => concat place { } speed { } => dense 16 tanh
        => heads action { dense 8 tanh => dense 3 } value { dense 1 }
    >;
}

type Inputs = ActorCriticInputs<SVector<f32, 2>, SVector<f32, 2>>;
type Targets = ActorCriticHeads<Class<3>, SVector<f32, 1>>;

const LOSS: ActorCriticHeads<CrossEntropy, MeanSquaredError> =
    ActorCriticHeads { action: CrossEntropy, value: MeanSquaredError };

fn data(samples: usize, seed: u64) -> Dataset<Inputs, Targets> {
    let mut rng = StdRng::seed_from_u64(seed);
    let samples = (0..samples).map(|_| {
        let mut two = || SVector::<f32, 2>::from_fn(|_, _| rng.random_range(-1.0..1.0));
        let inputs = ActorCriticInputs { place: two(), speed: two() };
        let sum = inputs.place.x + inputs.speed.y;
        let action = if sum < -0.3 {
            0
        } else if sum < 0.3 {
            1
        } else {
            2
        };
        (
            inputs,
            ActorCriticHeads { action: Class::new(action).unwrap(), value: SVector::from([sum]) },
        )
    });
    samples.collect()
}

fn trained() -> (Box<ActorCritic>, axonal::training::History) {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = ActorCritic::random(&mut rng);
    let history = Trainer::new(LOSS, Adam::new(0.01))
        .epochs(20)
        .validate_on(&data(200, 2))
        .monitor("action accuracy")
        .fit(&mut *net, &data(400, 1), &mut rng)
        .unwrap();
    (net, history)
}

#[test]
fn each_head_is_measured_by_its_name() {
    let (net, history) = trained();
    let test = data(150, 3);
    let evaluation = Evaluation::of(&*net, &test);
    assert!(evaluation.action.accuracy() > 0.85, "{evaluation}");
    // As a network of that head alone.
    let outputs: Vec<_> = test.inputs().iter().map(|input| net.forward(input)).collect();
    let right = outputs
        .iter()
        .zip(test.targets())
        .filter(|(output, target)| output.action.imax() == target.action.index());
    assert_eq!(evaluation.action.accuracy(), right.count() as f64 / 150.0);
    let text = evaluation.to_string();
    assert!(text.starts_with("action:") && text.contains("\nvalue:"), "{text}");
    let names: Vec<&str> = evaluation.scores().iter().map(|score| score.metric).collect();
    for name in ["action accuracy", "value R²"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(evaluation.score().metric, "action accuracy");
    // By the losses, and by some of them.
    let by = Evaluation::by(&*net, &test, &LOSS);
    assert_eq!(by.action, evaluation.action);
    let losses = ActorCriticHeads { action: CrossEntropy.scaled(2.0), value: Huber };
    assert_eq!(Evaluation::by(&*net, &test, &losses).action, evaluation.action);

    let validation = history.last().unwrap().validation.as_ref().unwrap();
    assert_eq!(validation.metric, "loss");
    let of =
        |name: &str| validation.scores.iter().find(|score| score.metric == name).unwrap().value;
    let sum = of("action loss") + of("value loss");
    assert!((sum - validation.loss).abs() < 1e-6, "{sum}, {}", validation.loss);
    assert!(of("action accuracy") > 0.8 && of("value R²") > 0.8);
    assert_eq!(history.kept.unwrap().score.metric, "action accuracy");
    let best = history.epochs.iter().map(|epoch| {
        let scores = &epoch.validation.as_ref().unwrap().scores;
        scores.iter().find(|score| score.metric == "action accuracy").unwrap().value
    });
    assert_eq!(history.kept.unwrap().score.value, best.fold(0.0, f64::max));
    let measured = Validation::of(&*net, &data(200, 2), &LOSS).unwrap();
    assert_eq!(measured.scores.len(), validation.scores.len());
}

#[test]
fn a_head_that_is_not_there_cannot_be_monitored() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = ActorCritic::random(&mut rng);
    let error = Trainer::new(LOSS, Adam::default())
        .validate_on(&data(20, 2))
        .monitor("policy accuracy")
        .fit(&mut *net, &data(40, 1), &mut rng)
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("policy accuracy") && text.contains("action accuracy"), "{text}");
}

#[test]
fn early_stopping_goes_by_one_head() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = ActorCritic::random(&mut rng);
    let history = Trainer::new(LOSS, Sgd::new(1e-9))
        .epochs(50)
        .validate_on(&data(100, 2))
        .monitor("value R²")
        .early_stopping(2)
        .fit(&mut *net, &data(64, 1), &mut rng)
        .unwrap();
    assert!(history.epochs.len() < 50, "{}", history.epochs.len());
}

#[test]
fn resumed_from_a_checkpoint() {
    let path = std::env::temp_dir().join(format!("axonal-records-{}.ckpt", std::process::id()));
    let run = |epochs: usize, resume: bool| {
        let mut rng = StdRng::seed_from_u64(4);
        let mut net = ActorCritic::random(&mut rng);
        let validation = data(50, 2);
        let mut trainer = Trainer::new(LOSS, Adam::new(0.01))
            .epochs(epochs)
            .validate_on(&validation)
            .monitor("action accuracy")
            .keep_last_weights();
        trainer = if resume { trainer.resume(&path) } else { trainer.checkpoint(&path) };
        let history = trainer.fit(&mut *net, &data(100, 1), &mut rng).unwrap();
        (net, history.epochs.last().unwrap().loss)
    };
    let whole = run(6, false);
    run(3, false);
    let resumed = run(6, true);
    std::fs::remove_file(&path).unwrap();
    assert!(whole == resumed);
}

#[test]
fn a_frozen_head_and_a_frozen_trunk() {
    let data = data(64, 1);
    let start = ActorCritic::random(&mut StdRng::seed_from_u64(1));
    let step = |freeze: fn(&mut Adam, &ActorCritic)| {
        let mut net = start.clone();
        let mut optimizer = Adam::new(0.01);
        freeze(&mut optimizer, &net);
        for _ in 0..3 {
            net.train_step(data.inputs(), data.targets(), &LOSS, &mut optimizer);
        }
        net
    };
    let head = step(|optimizer, net| {
        optimizer.freeze(net, |net| &net.heads1.action);
    });
    assert_eq!(head.heads1.action, start.heads1.action);
    assert_ne!(head.heads1.value, start.heads1.value);
    assert_ne!(head.dense1, start.dense1);
    let trunk = step(|optimizer, net| {
        optimizer.freeze(net, |net| &net.dense1);
    });
    assert_eq!(trunk.dense1, start.dense1);
    assert_ne!(trunk.heads1.action, start.heads1.action);
    assert_ne!(trunk.heads1.value, start.heads1.value);
}

#[test]
fn saved_and_loaded() {
    let (net, _) = trained();
    let bytes = net.to_bytes();
    assert!(ActorCritic::from_bytes(&bytes).unwrap() == net);
    let path =
        std::env::temp_dir().join(format!("axonal-records-{}.safetensors", std::process::id()));
    net.save(&path).unwrap();
    let loaded = ActorCritic::load(&path).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    std::fs::remove_file(&path).unwrap();
    assert!(loaded == net);
    assert!(text.contains("heads1.action.dense2.weight"), "the names of the tensors");
}

#[test]
fn data_of_records() {
    let mut data = data(10, 1);
    let first = data.inputs()[0];
    data.shuffle(&mut StdRng::seed_from_u64(1));
    assert!(data.inputs().contains(&first));
    assert_eq!(data.batches(4).map(|(inputs, _)| inputs.len()).collect::<Vec<_>>(), [4, 4, 2]);
    let selected = data.select([3, 1]);
    assert_eq!(selected.inputs()[1], data.inputs()[1]);
    let values = data.clone().map_targets(|target| target.value);
    assert_eq!(values.targets()[0], data.targets()[0].value);
    let moved = data.clone().map_inputs(|input| ActorCriticInputs { place: input.speed, ..input });
    assert_eq!(moved.inputs()[0].place, data.inputs()[0].speed);
    let (train, test) = data.clone().split(0.8).unwrap();
    assert_eq!((train.len(), test.len()), (8, 2));

    // One field of a record is changed, in each batch anew.
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = ActorCritic::random(&mut rng);
    let history = Trainer::new(LOSS, Adam::new(0.01))
        .epochs(3)
        .augment(|input: &mut Inputs, rng: &mut dyn rand::Rng| {
            input.place.x += rng.random_range(-0.01..0.01);
        })
        .fit(&mut *net, &data, &mut rng)
        .unwrap();
    assert_eq!(history.epochs.len(), 3);
    // Input values are mixed as numbers, field by field.
    let mixed = Trainer::new(LOSS, Adam::new(0.01)).mixup(0.2).fit(&mut *net, &data, &mut rng);
    assert!(mixed.unwrap().epochs[0].loss.is_finite());
}

/// The scores of all heads, each with the mean over the folds.
#[test]
fn cross_validated() {
    let report = CrossValidation::new(KFold::new(3))
        .run(&data(90, 1), |fold| {
            let mut rng = fold.rng();
            let mut net = ActorCritic::random(&mut rng);
            Trainer::new(LOSS, Adam::new(0.01)).epochs(3).fit(&mut *net, &fold.train, &mut rng)?;
            Ok(Evaluation::of(&*net, &fold.test).scores())
        })
        .unwrap();
    let scores = report.scores();
    for name in ["action accuracy", "value R²"] {
        let score = scores.iter().find(|score| score.metric == name).unwrap();
        assert_eq!(score.values.len(), 3, "{name}");
    }
}
