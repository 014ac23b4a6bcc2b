//! The networks of `networks.rs`, read as text for libraries that build them at run time.

use std::mem;
use std::str::SplitWhitespace;

/// A stage, with its number if it has parameters.
#[derive(Debug)]
pub enum Stage {
    Conv {
        number: u32,
        channels: [usize; 2],
        window: [usize; 2],
        stride: usize,
        /// Before and after the rows, and the columns.
        pads: [[usize; 2]; 2],
        groups: usize,
    },
    Dense {
        number: u32,
        widths: [usize; 2],
    },
    BatchNorm {
        number: u32,
        channels: usize,
    },
    Relu,
    Sigmoid,
    Identity,
    MaxPool(usize),
    Upsample(usize),
    GlobalAverage,
    Flatten,
    Residual {
        block: Vec<Stage>,
        projection: Vec<Stage>,
    },
    Concat([Vec<Stage>; 2]),
}

#[derive(Debug)]
pub struct Described {
    pub name: &'static str,
    /// The shape of a sample.
    pub sample: Vec<usize>,
    pub stages: Vec<Stage>,
    /// The shape of the outputs.
    pub outputs: Vec<usize>,
}

pub fn networks() -> Vec<Described> {
    let text = include_str!("../networks.rs");
    text.split("    /// ").skip(1).map(described).collect()
}

fn described(text: &'static str) -> Described {
    let (name, text) = text.split_once(':').expect("a name");
    let (_, text) = text.split_once("<input").expect("an input");
    let (text, _) = text.split_once(">;").expect("an end");
    let mut words = text.split_whitespace();
    let sample = words.next().expect("a shape").split('x').map(number).collect::<Vec<_>>();
    let mut reader = Reader { words, next: None, shape: sample.clone(), layers: 0 };
    reader.step();
    let stages = reader.chain();
    Described { name, sample, stages, outputs: reader.shape }
}

struct Reader {
    words: SplitWhitespace<'static>,
    next: Option<&'static str>,
    /// What comes out of the stages so far, and how many of them have parameters.
    shape: Vec<usize>,
    layers: u32,
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

impl Reader {
    fn step(&mut self) -> Option<&'static str> {
        mem::replace(&mut self.next, self.words.next())
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.next == Some(word);
        if found {
            self.step();
        }
        found
    }

    fn number(&mut self) -> usize {
        number(self.step().expect("a number"))
    }

    fn layer(&mut self) -> u32 {
        self.layers += 1;
        self.layers
    }

    /// To the end, or to the brace that closes a block.
    fn chain(&mut self) -> Vec<Stage> {
        let mut stages = Vec::new();
        while let Some(word) = self.step() {
            match word {
                "=>" => {}
                "}" => break,
                word => stages.push(self.stage(word)),
            }
        }
        stages
    }

    /// A block, and the shape that it makes of one.
    fn block(&mut self, shape: &[usize]) -> Vec<Stage> {
        assert!(self.takes("{"), "a block");
        self.shape = shape.to_vec();
        self.chain()
    }

    fn stage(&mut self, word: &str) -> Stage {
        match word {
            "conv" => self.convolution(),
            "dense" => {
                let widths = [self.shape[0], self.number()];
                self.shape = vec![widths[1]];
                Stage::Dense { number: self.layer(), widths }
            }
            "batchnorm" => Stage::BatchNorm { number: self.layer(), channels: self.shape[0] },
            "relu" => Stage::Relu,
            "sigmoid" => Stage::Sigmoid,
            "identity" => Stage::Identity,
            "maxpool" => {
                let (factor, _) =
                    self.step().and_then(|window| window.split_once('x')).expect("a window");
                let factor = number(factor);
                self.shape[1..].iter_mut().for_each(|size| *size /= factor);
                Stage::MaxPool(factor)
            }
            "upsample" => {
                let factor = self.number();
                self.shape[1..].iter_mut().for_each(|size| *size *= factor);
                Stage::Upsample(factor)
            }
            "global" => {
                assert!(self.takes("avgpool"), "`global avgpool`");
                self.shape.truncate(1);
                Stage::GlobalAverage
            }
            "flatten" => {
                self.shape = vec![self.shape.iter().product()];
                Stage::Flatten
            }
            "residual" => {
                let before = self.shape.clone();
                let block = self.block(&before);
                let after = self.shape.clone();
                let projected = self.takes("project");
                let projection = if projected { self.block(&before) } else { Vec::new() };
                self.shape = after;
                Stage::Residual { block, projection }
            }
            "concat" => {
                let before = self.shape.clone();
                let first = self.block(&before);
                let channels = self.shape[0];
                let second = self.block(&before);
                self.shape[0] += channels;
                Stage::Concat([first, second])
            }
            word => panic!("`{word}` is not read here"),
        }
    }

    fn convolution(&mut self) -> Stage {
        let channels = [self.shape[0], self.number()];
        let (rows, columns) =
            self.step().and_then(|window| window.split_once('x')).expect("a window");
        let window = [number(rows), number(columns)];
        let (mut stride, mut groups, mut pad) = (1, 1, Some(0));
        loop {
            if self.takes("stride") {
                stride = self.number();
            } else if self.takes("pad") {
                pad = if self.takes("same") { None } else { Some(self.number()) };
            } else if self.takes("depthwise") {
                groups = channels[0];
            } else if !self.takes("floor") {
                break;
            }
        }
        let mut pads = [[0; 2]; 2];
        self.shape[0] = channels[1];
        for ((size, side), pads) in self.shape[1..].iter_mut().zip(window).zip(&mut pads) {
            let same = ((size.div_ceil(stride) - 1) * stride + side).saturating_sub(*size);
            let all = pad.map_or(same, |pad| 2 * pad);
            *pads = [all / 2, all - all / 2];
            *size = (*size + all - side) / stride + 1;
        }
        Stage::Conv { number: self.layer(), channels, window, stride, pads, groups }
    }
}
