//! Pictures: well-formed, the same each time, small, and without a number that is none.

use axonal::figures::{Bars, Figure, HeatMap, Plot};
use roxmltree::{Document, Node};

/// The picture's SVG, which is well-formed, has no number that is none, and has its text inside of it.
fn svg(figure: &Figure) -> String {
    let svg = figure.to_svg();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("width"), Some(figure.width().to_string().as_str()));
    for node in root.descendants().filter(Node::is_element) {
        for attribute in node.attributes() {
            let value = attribute.value();
            let is_prose = ["font-family", "role"].contains(&attribute.name());
            assert!(is_prose || !value.contains("NaN") && !value.contains("inf"), "{value}");
        }
        if node.tag_name().name() == "text" {
            let x: Option<f64> = node.attribute("x").map(|x| x.parse().unwrap());
            assert!(x.is_none_or(|x| x >= 0.0 && x <= figure.width()), "{svg}");
        }
    }
    assert_eq!(svg, figure.to_svg());
    svg
}

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let text = |node: Node<'_, '_>| {
        let parts = node.descendants().filter(Node::is_text);
        parts.filter_map(|part| part.text().map(str::to_owned)).collect()
    };
    texts.map(text).collect()
}

fn line(points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
    Plot::new("epoch", "loss").line("training", points)
}

#[test]
fn a_line_has_its_points_axes_and_legend() {
    let svg = svg(&line([(1.0, 2.0), (2.0, 1.0), (3.0, 0.5)]).title("Loss").whole_x().figure());
    let texts = texts(&svg);
    for text in ["Loss", "epoch", "loss", "training", "1", "2", "3", "0.5", "1.0", "1.5", "2.0"] {
        assert!(texts.iter().any(|other| other == text), "{text}: {texts:?}");
    }
    // M, L, L: the line is the one path with as many.
    let lines =
        svg.lines().filter(|line| line.starts_with("<path") && line.matches('L').count() == 2);
    assert_eq!(lines.count(), 2, "the line and the axes: {svg}");
    // Equal steps to the right, and the second one down is half of the first.
    let path = svg.lines().find(|line| line.contains("stroke-width=\"1.75\"")).unwrap();
    let numbers: Vec<f64> = path
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|number| number.parse().ok())
        .collect();
    let [x1, y1, x2, y2, x3, y3] = numbers[..6] else { panic!("{path}") };
    assert!((x2 - x1 - (x3 - x2)).abs() < 0.02, "{path}");
    assert!(((y2 - y1) - 2.0 * (y3 - y2)).abs() < 0.04, "{path}");
}

#[test]
fn numbers_that_are_none_leave_gaps() {
    let points = [
        (1.0, 1.0),
        (2.0, 2.0),
        (3.0, f64::NAN),
        (4.0, 1.0),
        (5.0, f64::INFINITY),
        (6.0, 2.0),
        (f64::NAN, 1.0),
    ];
    let text = svg(&line(points).mark(f64::NAN, 1.0, "nowhere").figure());
    let path = text.lines().find(|line| line.contains("stroke-width=\"1.75\"")).unwrap();
    // One line and two dots.
    assert_eq!([path.matches('L').count(), path.matches("h.01").count()], [1, 2], "{path}");
    assert!(!text.contains("nowhere"));
    // 0 and below have no place on a logarithmic axis.
    let text = svg(&line([(1.0, 1.0), (2.0, 0.0), (3.0, -1.0), (4.0, 10.0), (5.0, 100.0)])
        .log_y()
        .figure());
    let path = text.lines().find(|line| line.contains("stroke-width=\"1.75\"")).unwrap();
    assert_eq!([path.matches('L').count(), path.matches("h.01").count()], [1, 1], "{path}");
}

#[test]
fn none_one_and_equal_points() {
    for points in [vec![], vec![(f64::NAN, f64::NAN)], vec![(1.0, f64::INFINITY)]] {
        assert!(texts(&svg(&line(points).figure())).contains(&"no data".to_owned()));
    }
    for value in [0.0, 1.0, -3.5, 1e-300, 5e-324, 1e300, f64::MAX, f64::MIN] {
        for points in
            [vec![(value, value)], vec![(1.0, value); 100], vec![(value, 1.0), (1.0, value)]]
        {
            let plot = line(points.clone()).points("dots", points).mark(value, value, "here");
            assert!(!texts(&svg(&plot.figure())).contains(&"no data".to_owned()), "{value}");
            svg(&plot.log_x().log_y().figure());
        }
    }
}

#[test]
fn many_points_are_thinned() {
    let points = |count: u32| {
        (0..count).map(|i| (f64::from(i), f64::from(i.wrapping_mul(2_654_435_761) >> 16)))
    };
    for count in [1_000, 100_000] {
        let text = svg(&line(points(count)).figure());
        assert!(text.len() < 60_000, "{} bytes", text.len());
        let text = svg(&Plot::new("x", "y").points("dots", points(count)).figure());
        assert!(text.len() < 200_000, "{} bytes", text.len());
    }
    // On one pixel, one dot is left.
    let text = svg(&Plot::new("x", "y").points("", (0..100_000).map(|_| (1.0, 1.0))).figure());
    assert_eq!(text.matches("h.01").count(), 1);
}

#[test]
fn any_text() {
    let text = "<script>&\"'\u{0}\u{1b}\n]]> 中文 µ";
    let figures = [
        Plot::new(text, text).title(text).line(text, [(0.0, 1.0)]).mark(0.0, 1.0, text).figure(),
        HeatMap::new([text], [text], [[1.0]])
            .title(text)
            .row_title(text)
            .column_title(text)
            .labels([text])
            .figure(),
        Bars::new(text).bar(text, 1.0).figure(),
    ];
    for figure in figures {
        let text = svg(&figure);
        assert!(!text.contains("<script>") && text.contains("中文"));
    }
    // A long text is cut or broken, whatever the picture's size.
    let long = "long ".repeat(1000);
    let text = svg(&Plot::new(&long, &long)
        .title(&long)
        .line(&long, [(0.0, 1.0)])
        .mark(0.0, 1.0, &long)
        .size(1.0, 1.0)
        .figure());
    assert!(texts(&text).iter().all(|text| text.len() < 40));
}

#[test]
fn heat_maps() {
    let text = svg(&HeatMap::new(["a", "b"], ["a", "b"], [[3.0, 0.0], [f64::NAN, 1.0]]).figure());
    let texts = texts(&text);
    assert_eq!(texts, ["3", "0", "1", "a", "b", "a", "b"]);
    // The background, three cells that are not white, the edge.
    assert_eq!(text.matches("<rect").count(), 5);
    svg(&HeatMap::new::<_, [f64; 0]>([""; 0], [""; 0], []).figure());
    svg(&HeatMap::new(["a"], ["b"], [[f64::MAX]]).figure());
    let names: Vec<_> = (0..1000).map(|class| class.to_string()).collect();
    let values =
        |i: u64| (0..1000).map(move |j| if i == j { 50.0 } else { (i * j % 97 / 96) as f64 });
    let map = HeatMap::new(names.clone(), names, (0..1000).map(values));
    let text = svg(&map.figure());
    assert!(text.len() < 3_000_000, "{} bytes", text.len());
}

#[test]
#[should_panic(
    expected = "a row of a heat map has as many numbers as there are columns, 2: row 1 has another number of them"
)]
fn a_heat_map_with_a_short_row() {
    let _ = HeatMap::new(["a"], ["a", "b"], [[1.0]]);
}

#[test]
fn bars() {
    let text = svg(&Bars::new("t")
        .bar("a", 1.0)
        .bar_with_error("b", -2.0, 0.5)
        .bar("c", f64::NAN)
        .figure());
    assert_eq!(texts(&text), ["t", "a", "1", "b", "−2", "c", "NaN"]);
    assert_eq!(text.matches("<rect").count(), 3);
    assert!(texts(&svg(&Bars::new("").figure())).contains(&"no data".to_owned()));
    let many = (0..10_000).fold(Bars::new(""), |bars, i| bars.bar(i.to_string(), f64::from(i)));
    assert!(texts(&svg(&many.figure())).contains(&"and 9940 more".to_owned()));
}

#[test]
fn two_as_one() {
    let one = line([(1.0, 2.0), (2.0, 1.0)]).figure();
    let [beside, above] = [one.clone().beside(one.clone()), one.clone().above(one.clone())];
    assert_eq!([beside.width(), beside.height()], [2.0 * one.width(), one.height()]);
    assert_eq!([above.width(), above.height()], [one.width(), 2.0 * one.height()]);
    assert_eq!(svg(&beside).matches(">training<").count(), 2);
}

#[test]
fn files_by_extension() {
    let directory = tempfile::tempdir().unwrap();
    let figure = line([(1.0, 2.0), (2.0, 1.0)]).figure();
    let path = directory.path().join("a.SVG");
    figure.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), figure.to_svg());
    for (name, found) in
        [("a.jpg", "`.jpg`"), ("a", "a name without one"), ("svg", "a name without one")]
    {
        let error = figure.save(directory.path().join(name)).unwrap_err().to_string();
        assert!(
            error.contains("extension: expected `.svg`")
                && error.ends_with(&format!("found {found}")),
            "{error}"
        );
    }
    let error = figure.save(directory.path().join("missing/a.svg")).unwrap_err().to_string();
    assert!(error.starts_with("cannot write `"), "{error}");
    let png = directory.path().join("a.png");
    if cfg!(feature = "figures-png") {
        figure.save(&png).unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
    } else {
        let error = figure.save(&png).unwrap_err().to_string();
        assert!(error.contains("`.png` needs the feature `figures-png` of axonal"), "{error}");
    }
}
