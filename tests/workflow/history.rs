//! What a training leaves: as a table, as JSON, as a picture, as a line.

use axonal::evaluation::Score;
use axonal::prelude::*;

network! { struct Xor<input 2 => dense 8 tanh => dense 2>; }

/// Of a few epochs, with validation.
fn history(epochs: usize) -> History {
    let inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(SVector::from);
    let classes = [0, 1, 1, 0].map(|class| Class::<2>::new(class).unwrap());
    let data = Dataset::new(inputs.to_vec(), classes.to_vec()).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut trainer = Trainer::new(CrossEntropy, Adam::new(0.05)).epochs(epochs).validate_on(&data);
    trainer.fit(&mut *Xor::random(&mut rng), &data, &mut rng).unwrap()
}

#[test]
fn csv() {
    let mut history = history(3);
    history.epochs[0].scores = vec![Score::larger("a,\"b\"", 0.1)];
    history.epochs[1].validation = None;
    history.epochs[1].learning_rate = 1e-300;
    history.epochs[2].loss = f64::NAN;
    history.epochs[2].scores = vec![Score::larger("accuracy", 0.125)];
    let csv = history.to_csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..4], ["epoch", "loss", "validation_loss", "accuracy"]);
    assert_eq!(
        header[header.len() - 4..],
        ["a,\"b\"", "accuracy_of_callback", "learning_rate", "seconds"]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    let cell = |row: usize, name: &str| {
        rows[row][header.iter().position(|other| other == name).unwrap()].to_owned()
    };
    let number = |row: usize, name: &str| cell(row, name).parse::<f64>().unwrap();
    for (row, epoch) in history.epochs.iter().enumerate() {
        assert_eq!(cell(row, "epoch"), (row + 1).to_string());
        assert_eq!(number(row, "loss").to_bits(), epoch.loss.to_bits());
        assert_eq!(number(row, "learning_rate").to_bits(), epoch.learning_rate.to_bits());
        assert_eq!(number(row, "seconds"), epoch.duration.as_secs_f64());
        if let Some(validation) = &epoch.validation {
            assert_eq!(number(row, "validation_loss").to_bits(), validation.loss.to_bits());
            for score in &validation.scores {
                assert_eq!(number(row, score.metric).to_bits(), score.value.to_bits(), "{score:?}");
            }
        }
    }
    for name in ["validation_loss", "accuracy", "a,\"b\"", "accuracy_of_callback"] {
        assert_eq!(cell(1, name), "", "{name}");
    }
    assert_eq!([cell(0, "a,\"b\""), cell(2, "accuracy_of_callback")], ["0.1", "0.125"]);
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let history = history(2);
    let path = directory.path().join("history.csv");
    history.save_csv(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), history.to_csv());
    let error = history.save_csv(directory.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot write"), "{error}");
}

#[cfg(feature = "serde")]
#[test]
fn json() {
    let mut history = history(3);
    history.epochs[0].scores = vec![Score::smaller("my own", 0.1)];
    history.epochs[1].validation = None;
    history.epochs[2].loss = 0.1 + 0.2;
    let read = |json: &str| serde_json::from_str::<History>(json);
    assert_eq!(read(&history.to_json()).unwrap(), history);
    for (loss, learning_rate) in [(f64::NAN, f64::INFINITY), (f64::NEG_INFINITY, 1e-300)] {
        (history.epochs[0].loss, history.epochs[0].learning_rate) = (loss, learning_rate);
        let json = history.to_json();
        assert!(json.contains("\"loss\": null") && !json.contains("NaN"), "{json}");
        let epoch = &read(&json).unwrap().epochs[0];
        assert!(epoch.loss.is_nan());
        assert_eq!(epoch.learning_rate.is_nan(), learning_rate.is_infinite());
    }
    assert_eq!(read("{}").unwrap(), History::default());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.json");
    history.save_json(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), history.to_json());
    let one = |seconds: &str, metric: &str| {
        let score =
            format!("{{\"metric\": \"{metric}\", \"value\": null, \"larger_is_better\": true}}");
        read(&format!(
            "{{\"epochs\": [{{\"number\": 1, \"loss\": 1, \"learning_rate\": 1, \"seconds\": {seconds}, \"validation\": null, \"scores\": [{score}]}}]}}"
        ))
    };
    let score = one("1.5", "accuracy").unwrap().epochs[0].scores[0];
    assert!(score.metric == "accuracy" && score.value.is_nan());
    for (seconds, metric) in [("-1", "a"), ("1e300", "a"), ("null", "a"), ("1", &*"a".repeat(101))]
    {
        assert!(one(seconds, metric).is_err(), "{seconds} {metric}");
    }
}

#[test]
fn pictures() {
    let history = history(4);
    let svg = history.figure().to_svg();
    for text in [">loss<", ">accuracy<", ">training<", ">best: epoch "] {
        assert!(svg.contains(text), "{text}");
    }
    // The same each time, but for how long epochs took, which is not in it.
    assert_eq!(svg, self::history(4).figure().to_svg());
    assert_eq!(history.figure().width(), 2.0 * History::default().figure().width());
    assert!(History::default().figure().to_svg().contains(">no data<"));
    // Loss over more than two decades: ticks at powers of ten.
    let mut steep = history.clone();
    for (epoch, loss) in steep.epochs.iter_mut().zip([100.0, 10.0, 1.0, 0.1]) {
        (epoch.loss, epoch.validation) = (loss, None);
    }
    let svg = steep.figure().to_svg();
    for text in [">100<", ">10<", ">1<", ">0.1<"] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    let mut broken = history.clone();
    for epoch in &mut broken.epochs {
        epoch.loss = f64::NAN;
        epoch.validation.as_mut().unwrap().score = f64::NAN;
    }
    assert!(!broken.figure().to_svg().contains("NaN"));
    let mut long = history.clone();
    long.epochs = (0..100_000).map(|index| history.epochs[index % 4].clone()).collect();
    for (index, epoch) in long.epochs.iter_mut().enumerate() {
        epoch.number = index + 1;
    }
    assert!(long.figure().to_svg().len() < 200_000);
    assert_eq!(long.sparkline(60).chars().count(), 60);
    assert_eq!(history.sparkline(60).chars().count(), 4);
}
