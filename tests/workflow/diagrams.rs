//! Networks as pictures and tables.

use axonal::prelude::*;
use roxmltree::{Document, Node};

network! {
    struct LeNet<input 28x28
        => conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10>;

    struct Blocks<input 3x8x8 => conv 4 3x3 pad same => batchnorm relu
        => residual { conv 4 3x3 pad same relu => conv 4 3x3 pad same } relu
        => residual { conv 8 3x3 pad same => batchnorm } project { conv 8 1x1 }
        => concat { conv 2 1x1 } { residual { conv 8 3x3 pad same => conv 8 1x1 } => dropout 0.5 }
        => global avgpool => dense 3>;

    struct Encoder<input 16 => dense 8 relu => dense 2>;
    struct Decoder<input 2 => dense 8 relu => dense 16>;
    struct Autoencoder<input 16 => encoder: Encoder => decoder: Decoder>;

    struct Deep<input 4
        => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh => dense 8 tanh
        => residual { dense 8 relu => dense 8 } => residual { dense 8 relu => dense 8 } => residual { dense 8 relu => dense 8 }
        => dense 3 => dense 2 => dense 3 => dense 2>;

    struct Long<input 10
        => dense 9 => dense 8 => dense 7 => dense 6 => dense 5 => dense 4 => dense 3 => dense 2 => dense 1
        => dense 2 => dense 3 => dense 4 => dense 5 => dense 6 => dense 7 => dense 8 => dense 9>;

    struct One<input 1 => dense 1>;

    struct Records<input image: 1x8x8, first: 3, second: 3, third: 3
        => joined: concat image { conv 2 3x3 => flatten } first { } second { } third { }
        => dense 16 tanh
        => heads
            action { dense 8 tanh => dense 4 }
            value { from joined => dense 1 }
            raw { }
            again { from first }
    >;
}

/// The texts of a picture, which stand inside of it and do not cover each other.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let root = document.root_element();
    let number =
        |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (number(root, "width"), number(root, "height"));
    let mut boxes: Vec<([f64; 4], String)> = Vec::new();
    for node in root.descendants().filter(|node| node.has_tag_name("text")) {
        let (mut x, mut y) = (number(node, "x"), number(node, "y"));
        for group in node.ancestors().filter_map(|node| node.attribute("transform")) {
            let moved = group.trim_start_matches("translate(").trim_end_matches(')');
            let (right, down) = moved.split_once(' ').unwrap();
            (x, y) = (x + right.parse::<f64>().unwrap(), y + down.parse::<f64>().unwrap());
        }
        let text = node.text().unwrap().to_owned();
        let size = number(node, "font-size");
        // About as wide as Arial's digits.
        let wide = 0.54 * size * text.chars().count() as f64;
        let left = match node.attribute("text-anchor") {
            Some("middle") => x - wide / 2.0,
            _ => x,
        };
        let own = [left, y - 0.75 * size, left + wide, y + 0.1 * size];
        assert!(left > 0.0 && own[2] < width && own[1] > 0.0 && own[3] < height, "{text}: {own:?}");
        for (other, what) in &boxes {
            let apart = own[0] >= other[2]
                || other[0] >= own[2]
                || own[1] >= other[3]
                || other[1] >= own[3];
            assert!(apart, "`{text}` and `{what}`: {own:?} {other:?}");
        }
        boxes.push((own, text));
    }
    boxes.into_iter().map(|(_, text)| text).collect()
}

/// How many arrows there are.
fn arrows(svg: &str) -> usize {
    svg.matches("Z\" fill=\"#444444\"").count()
}

#[test]
fn one_behind_the_other() {
    let svg = LeNet::diagram().to_svg();
    let texts = texts(&svg);
    for text in [
        "LeNet: 44,426 parameters",
        "input",
        "1×28×28",
        "conv 5×5",
        "relu",
        "6×24×24",
        "156 params",
        "maxpool 2×2",
        "flatten",
        "256",
        "dense",
        "850 params",
    ] {
        assert!(texts.iter().any(|other| other == text), "{text}: {texts:?}");
    }
    // An input, eight layers, an activation within its layer.
    assert_eq!(arrows(&svg), 8);
    assert_eq!(svg, LeNet::diagram().to_svg());
    assert_eq!(arrows(&One::diagram().to_svg()), 1);
}

#[test]
fn branches_and_joins() {
    let svg = Blocks::diagram().to_svg();
    let texts = texts(&svg);
    // Three sums, one of them in a branch.
    assert_eq!(svg.matches("<circle").count(), 3);
    assert_eq!(texts.iter().filter(|text| *text == "concat").count(), 1);
    // One into each layer: the first, those of the two blocks, the projection, those of the two branches, the last two. And two into each join.
    let layers = 1 + 2 + 1 + 1 + (1 + 2) + 2;
    assert_eq!(arrows(&svg), layers + 2 * 4);
    // What leaves the shape as it is stands with the layer before it.
    assert_eq!(texts.iter().filter(|text| *text == "batchnorm").count(), 2);
    assert!(texts.contains(&"dropout 0.5".to_owned()));
}

#[test]
fn networks_in_networks_and_repeats() {
    let texts_of = |figure: axonal::figures::Figure| texts(&figure.to_svg());
    let texts = texts_of(Autoencoder::diagram());
    assert!(
        texts.contains(&"encoder".to_owned()) && texts.contains(&"decoder".to_owned()),
        "{texts:?}"
    );
    let texts = texts_of(Deep::diagram());
    // The first takes 4 numbers, four are like each other; the last four are no three in a row.
    assert!(texts.contains(&"× 4".to_owned()) && texts.contains(&"× 3".to_owned()), "{texts:?}");
    assert_eq!(texts.iter().filter(|text| *text == "dense").count(), 1 + 1 + 2 + 4);
    assert!(texts.contains(&format!("Deep: {} parameters", Deep::PARAMETERS)));
}

#[test]
fn long_ones_go_on_in_the_next_row() {
    let figure = Long::diagram();
    assert!(figure.width() < 1_100.0, "{}", figure.width());
    let svg = figure.to_svg();
    texts(&svg);
    assert_eq!(arrows(&svg), 17);
    assert!(figure.height() > 1.5 * One::diagram().height());
}

#[test]
fn tables() {
    let summary = LeNet::summary();
    let row = |name: &str| summary.rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!([row("conv1").multiply_adds, row("conv1").bytes], [6 * 25 * 24 * 24, 156 * 4]);
    assert_eq!(
        summary.rows.iter().map(|row| row.multiply_adds).sum::<usize>(),
        LeNet::MULTIPLY_ADDS
    );
    assert_eq!(summary.rows.iter().map(|row| row.bytes).sum::<usize>(), summary.bytes);
    assert_eq!(summary.statistics(), 0);
    let text = summary.to_string();
    assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
    assert!(
        text.contains("dense1    dense relu       120      30,840  123,360         30,720\n"),
        "{text}"
    );
    assert!(
        text.ends_with("44,426 parameters, 177,704 bytes, 281,640 multiply-adds a forward pass"),
        "{text}"
    );

    let summary = Blocks::summary();
    assert_eq!(
        summary.rows.iter().map(|row| row.multiply_adds).sum::<usize>(),
        Blocks::MULTIPLY_ADDS
    );
    assert_eq!(summary.statistics(), 2 * 4 + 2 * 8);
    assert_eq!(Blocks::PARAMETERS, 1499);
    let last = "\n1,475 parameters are learned, 24 are statistics that layers keep";
    assert!(summary.to_string().ends_with(last), "{summary}");

    let with_plan = LeNet::summary().with_plan(32);
    assert_eq!(with_plan.plan, Some(LeNet::plan(32)));
    assert!(with_plan.to_string().ends_with(&format!("\n\n{}", LeNet::plan(32))));
}

/// Each input is a node of its own, from which the branches go that take it; each head ends in a node with its name.
#[test]
fn several_inputs_and_heads() {
    let svg = Records::diagram().to_svg();
    let texts = texts(&svg);
    for text in [
        "image",
        "first",
        "second",
        "third",
        "action: dense",
        "value: dense",
        "raw: identity",
        "again: identity",
    ] {
        assert_eq!(texts.iter().filter(|own| *own == text).count(), 1, "{text}: {texts:?}");
    }
    assert!(!svg.contains("from ") && !svg.contains("heads"), "edges, and no nodes");
    // To convolution, `flatten`, four to the join, `dense`; to `action` two, `value`, `raw`, `again`.
    assert_eq!(arrows(&svg), 2 + 4 + 1 + 2 + 1 + 1 + 1, "{texts:?}");
    let summary = Records::summary().to_string();
    for row in
        ["image", "third", "joined.image.conv1", "heads1.action.dense2", "from joined", "heads1"]
    {
        assert!(summary.contains(row), "{row}: {summary}");
    }
}
