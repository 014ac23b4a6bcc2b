//! Windows that move over images: the geometry of convolutions and pools.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::shapes::infer::Shape;
use crate::shapes::layer::{Checks, Given};
use crate::shapes::layers::simple;
use crate::shapes::sizes::{Condition, Count, Size};
use crate::syntax::parser::options::Padding;
use crate::syntax::vocabulary::Settings;

/// One direction of a window: its rows, or its columns.
struct Axis {
    input: Size,
    kernel: Size,
    stride: Size,
    dilation: Size,
    /// Rows above, columns left.
    before: Size,
    /// Rows below, columns right.
    after: Size,
    /// Whether the padding was chosen by `pad same`.
    same: bool,
    /// What a transposed convolution has at its end besides.
    more: Size,
}

impl Axis {
    /// How many rows of the image a kernel covers, with the gaps of its dilation.
    fn reach(&self) -> Size {
        reach(&self.kernel, &self.dilation)
    }

    fn padded(&self) -> Size {
        self.input.plus(&self.before.plus(&self.after))
    }

    fn fits(&self) -> Condition {
        self.reach().at_most(&self.padded())
    }

    fn output(&self) -> Size {
        if self.same {
            return same_output(&self.input, &self.stride);
        }
        self.padded().minus(&self.reach()).over(&self.stride).plus(&Size::of(1))
    }

    /// How many rows of the image no window reads, at its end. Padding is no row of the image, and where
    /// a stride is larger than its kernel, the rows between the windows are meant to be left out.
    fn unread(&self) -> Size {
        if self.same {
            return Size::of(0);
        }
        let left = self.padded().minus(&self.reach()).rest_over(&self.stride);
        left.minus(&self.after).minus(&self.stride.minus(&self.reach()))
    }

    /// What a transposed convolution makes of the input, before its padding is taken away.
    fn spread(&self) -> Size {
        self.input.minus(&Size::of(1)).times(&self.stride).plus(&self.reach())
    }

    fn transposed(&self) -> Size {
        if self.same {
            return self.input.times(&self.stride);
        }
        self.spread().minus(&self.before.plus(&self.after)).plus(&self.more)
    }
}

fn reach(kernel: &Size, dilation: &Size) -> Size {
    if dilation.is(1) {
        return kernel.clone();
    }
    kernel.minus(&Size::of(1)).times(dilation).plus(&Size::of(1))
}

/// The input divided by the stride, rounded up.
fn same_output(input: &Size, stride: &Size) -> Size {
    input.plus(&stride.minus(&Size::of(1))).over(stride)
}

/// The padding above and below of `pad same`: below there may be one row more, as in PyTorch and Keras.
fn same(input: &Size, reach: &Size, stride: &Size, transposed: bool) -> (Size, Size) {
    let one = Size::of(1);
    let total = if transposed {
        reach.minus(stride)
    } else if stride.is(1) {
        reach.minus(&one)
    } else {
        same_output(input, stride).minus(&one).times(stride).plus(reach).minus(input)
    };
    let before = total.over(&Size::of(2));
    let after = total.minus(&before);
    (before, after)
}

/// A kernel and how it moves: rows and columns.
pub(crate) struct Window {
    axes: [Axis; 2],
    groups: Size,
}

impl Window {
    /// Of a layer with a kernel, which stands last among its sizes.
    fn of(given: &Given<'_>, kind: Kind) -> Self {
        let sizes = &given.stage.arguments.sizes;
        let options = &given.stage.options;
        let [channels, input @ ..] = given.image();
        let axis = |index: usize| {
            let written = |pair: &Option<[Size; 2]>| pair.as_ref().map(|pair| pair[index].clone());
            let kernel = sizes[sizes.len() - 2 + index].clone();
            let usual = if kind == Kind::Pool { kernel.clone() } else { Size::of(1) };
            let stride = written(&options.stride).unwrap_or(usual);
            let dilation = written(&options.dilation).unwrap_or_else(|| Size::of(1));
            let input = input[index].clone();
            let (before, after) = match &options.pad {
                None => (Size::of(0), Size::of(0)),
                Some(Padding::Zeros(pair)) => (pair[index].clone(), pair[index].clone()),
                Some(Padding::Same) => {
                    let reach = reach(&kernel, &dilation);
                    same(&input, &reach, &stride, kind == Kind::Transposed)
                }
            };
            let same = matches!(options.pad, Some(Padding::Same));
            let more = written(&options.output_padding).unwrap_or_else(|| Size::of(0));
            Axis { input, kernel, stride, dilation, before, after, same, more }
        };
        let groups = match &options.groups {
            Some(groups) => groups.clone(),
            None if options.has("depthwise") => channels,
            None => Size::of(1),
        };
        Self { axes: [axis(0), axis(1)], groups }
    }

    fn each(&self, of: impl Fn(&Axis) -> Size) -> [Size; 2] {
        let [rows, columns] = &self.axes;
        [of(rows), of(columns)]
    }

    fn both(&self, of: impl Fn(&Axis) -> Condition) -> Condition {
        let [rows, columns] = &self.axes;
        of(rows).and(of(columns))
    }

    fn kernel(&self) -> [Size; 2] {
        self.each(|axis| axis.kernel.clone())
    }

    /// Where the kernel was written.
    fn place(&self) -> Span {
        self.axes[0].kernel.span()
    }

    /// As arguments of `axonal::layers::Window`, without those at the end that are as usual.
    fn tokens(&self, root: &TokenStream) -> TokenStream {
        let [rows, columns] = &self.axes;
        let arguments = [
            (&rows.kernel, None),
            (&columns.kernel, None),
            (&rows.stride, Some(1)),
            (&columns.stride, Some(1)),
            (&rows.before, Some(0)),
            (&columns.before, Some(0)),
            (&rows.after, Some(0)),
            (&columns.after, Some(0)),
            (&rows.dilation, Some(1)),
            (&columns.dilation, Some(1)),
            (&self.groups, Some(1)),
        ];
        let is_usual = |(size, usual): &(&Size, Option<u64>)| usual.is_some_and(|it| size.is(it));
        let end = arguments.iter().rposition(|argument| !is_usual(argument));
        let written = arguments.iter().take(end.map_or(0, |end| end + 1));
        let written = written.map(|(size, _)| size.tokens());
        quote!(#root::layers::Window<#(#written),*>)
    }

    /// The kernel lies within its padded image.
    fn check_kernel(&self, given: &Given<'_>, checks: &mut Checks<'_>) {
        let word = given.row.word;
        let kernel = by(&self.kernel());
        let (reach, padded) = (by(&self.each(Axis::reach)), by(&self.each(Axis::padded)));
        let dilated =
            if reach == kernel { String::new() } else { format!(" ({reach} with its dilation)") };
        let image = given.input;
        let around = if padded == by(&self.each(|axis| axis.input.clone())) {
            String::new()
        } else {
            format!(" ({padded} with its padding)")
        };
        checks.require(self.both(Axis::fits), self.place(), || {
            format!(
                "the kernel {kernel} of `{word}`{dilated} is larger than its image {image}{around}: take a smaller kernel, or more `pad`"
            )
        });
    }

    /// Every row and column of the image is read, unless `floor` is written.
    fn check_unread(&self, given: &Given<'_>, checks: &mut Checks<'_>) {
        let fits = matches!(self.both(Axis::fits), Condition::Known(false));
        if fits || given.stage.options.has("floor") {
            return;
        }
        let word = given.row.word;
        let none = Size::of(0);
        let place = match &given.stage.options.stride {
            Some([rows, _]) => rows.span(),
            None => self.place(),
        };
        checks.require(self.both(|axis| axis.unread().equals(&none)), place, || {
            let [rows, columns] = self.each(Axis::unread);
            format!(
                "`{word}` with kernel {} and stride {} leaves {} of its image {} unread: write `floor` to drop them, or take another kernel, stride or `pad`",
                by(&self.kernel()),
                by(&self.each(|axis| axis.stride.clone())),
                lines(&rows, &columns),
                given.input,
            )
        });
    }
}

/// `5x5`
fn by([rows, columns]: &[Size; 2]) -> String {
    format!("{rows}x{columns}")
}

/// `1 row and 2 columns`
fn lines(rows: &Size, columns: &Size) -> String {
    let name = |size: &Size, one: &str| match size {
        Size::Number(0, _) => None,
        Size::Number(1, _) => Some(format!("1 {one}")),
        Size::Number(..) => Some(format!("{size} {one}s")),
        _ => Some(format!("{one}s")),
    };
    match (name(rows, "row"), name(columns, "column")) {
        (Some(rows), Some(columns)) => format!("{rows} and {columns}"),
        (one, other) => one.or(other).unwrap_or_default(),
    }
}

/// What moves over the image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Convolution,
    Transposed,
    Pool,
}

fn image(channels: Size, [rows, columns]: [Size; 2]) -> Shape {
    Shape::Image(Box::new([channels, rows, columns]))
}

/// What comes out of `conv`.
pub(crate) fn convolution(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    given.check_image(checks);
    let window = Window::of(given, Kind::Convolution);
    window.check_kernel(given, checks);
    window.check_unread(given, checks);
    check_groups(&window, given, checks);
    let output = window.each(Axis::output);
    image(outputs(given), known_if(&window.both(Axis::fits), output))
}

/// What comes out of `conv_transpose`.
pub(crate) fn transposed(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    given.check_image(checks);
    let window = Window::of(given, Kind::Transposed);
    check_groups(&window, given, checks);
    let word = given.row.word;
    let place = given.stage.options.place("pad").unwrap_or_else(|| window.place());
    let (holds, message) = if window.axes[0].same {
        let (kernel, stride) = (window.each(Axis::reach), window.each(|axis| axis.stride.clone()));
        let message = format!(
            "`pad same` of `{word}` needs a kernel as large as its stride, but the kernel is {} and the stride {}",
            by(&kernel),
            by(&stride)
        );
        (window.both(|axis| axis.stride.at_most(&axis.reach())), message)
    } else {
        let pads = window.each(|axis| axis.before.plus(&axis.after));
        let message = format!(
            "the padding of `{word}` takes away {} of an output of {}, and leaves nothing: take less `pad`",
            by(&pads),
            by(&window.each(Axis::spread))
        );
        let leaves =
            |axis: &Axis| axis.before.plus(&axis.after).plus(&Size::of(1)).at_most(&axis.spread());
        (window.both(leaves), message)
    };
    checks.require(holds.clone(), place, || message);
    check_output_padding(&window, given, checks);
    image(outputs(given), known_if(&holds, window.each(Axis::transposed)))
}

/// What `output_padding` adds is less than a stride: with more, an input of more rows would have the same output.
fn check_output_padding(window: &Window, given: &Given<'_>, checks: &mut Checks<'_>) {
    let Some(place) = given.stage.options.place("output_padding") else { return };
    let word = given.row.word;
    if window.axes[0].same {
        checks.require(Condition::Known(false), place, || {
            format!(
                "`pad same` of `{word}` says how large the output is: leave out `output_padding`, or write `pad` as a number"
            )
        });
        return;
    }
    let less = |axis: &Axis| axis.more.plus(&Size::of(1)).at_most(&axis.stride);
    checks.require(window.both(less), place, || {
        format!(
            "`output_padding` of `{word}` must be less than its stride: {} is not less than {}",
            by(&window.each(|axis| axis.more.clone())),
            by(&window.each(|axis| axis.stride.clone()))
        )
    });
}

/// What comes out of `maxpool` and `avgpool`.
pub(crate) fn pool(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    given.check_image(checks);
    let window = Window::of(given, Kind::Pool);
    window.check_kernel(given, checks);
    window.check_unread(given, checks);
    if let (Some(Padding::Zeros(pad)), Some(place)) =
        (&given.stage.options.pad, given.stage.options.place("pad"))
    {
        let half = |axis: &Axis| axis.after.times(&Size::of(2)).at_most(&axis.kernel);
        checks.require(window.both(half), place, || {
            format!(
                "the padding {} of `{}` is more than half of its kernel {}: take less `pad`",
                by(pad),
                given.row.word,
                by(&window.kernel())
            )
        });
    }
    let [channels, ..] = given.image();
    image(channels, known_if(&window.both(Axis::fits), window.each(Axis::output)))
}

/// After a mistake, sizes that make no sense are unknown.
fn known_if(holds: &Condition, sizes: [Size; 2]) -> [Size; 2] {
    match holds {
        Condition::Known(false) => [Size::Unknown, Size::Unknown],
        _ => sizes,
    }
}

/// The channels that a convolution gives.
fn outputs(given: &Given<'_>) -> Size {
    given.stage.arguments.sizes[0].clone()
}

/// Groups divide the channels on both sides.
fn check_groups(window: &Window, given: &Given<'_>, checks: &mut Checks<'_>) {
    let word = given.row.word;
    let ([inputs, ..], outputs) = (given.image(), outputs(given));
    let options = &given.stage.options;
    let groups = &window.groups;
    match (options.place("groups"), options.place("depthwise")) {
        (Some(place), Some(_)) => checks.complain_at(
            place,
            "`depthwise` is as many `groups` as channels: keep one of the two options",
        ),
        (Some(_), None) => {
            let divides = groups.divides(&inputs).and(groups.divides(&outputs));
            checks.require(divides, groups.span(), || {
                format!(
                    "{groups} groups must divide the {inputs} channels that `{word}` takes and the {outputs} that it gives"
                )
            });
        }
        (None, Some(place)) => checks.require(inputs.divides(&outputs), place, || {
            format!(
                "`depthwise` gives each of {inputs} channels as many outputs: the {outputs} channels of `{word}` must be a multiple of {inputs}"
            )
        }),
        (None, None) => {}
    }
}

/// The numbers of one kernel: the columns of the weight matrix.
pub(crate) fn patch(given: &Given<'_>, kind: Kind) -> Size {
    let window = Window::of(given, kind);
    let [inputs, ..] = given.image();
    let channels = if kind == Kind::Transposed { outputs(given) } else { inputs };
    let [rows, columns] = window.kernel();
    channels.over(&window.groups).times(&rows).times(&columns)
}

/// Weights for each channel that goes in, and a bias for each that comes out.
pub(crate) fn transposed_parameters(given: &Given<'_>) -> Count {
    let [inputs, ..] = given.image();
    let weights = inputs.count().times(&patch(given, Kind::Transposed).count());
    if given.bias() { weights.plus(&outputs(given).count()) } else { weights }
}

pub(crate) fn convolution_type(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let [input, output] = settings.samples(given);
    let channels = outputs(given).tokens();
    let patch = patch(given, Kind::Convolution).tokens();
    let window = Window::of(given, Kind::Convolution).tokens(settings.root);
    let arguments = quote!(#channels, #patch, #input, #output, #window);
    settings.layer("Conv", &simple::with_activation(arguments, given, settings))
}

/// Its bias is as long as its output, which no default of a type can say: all arguments are written.
pub(crate) fn transposed_type(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let Settings { root, scalar, .. } = settings;
    let [input, output] = settings.samples(given);
    let [channels, ..] = given.image();
    let channels = channels.tokens();
    let patch = patch(given, Kind::Transposed).tokens();
    let window = Window::of(given, Kind::Transposed).tokens(root);
    let activation = simple::activation(settings);
    let bias = if given.bias() {
        let outputs = outputs(given).tokens();
        quote!(#root::nalgebra::SVector<#scalar, #outputs>)
    } else {
        simple::no_bias(given, settings)
    };
    let arguments = quote!(#channels, #patch, #input, #output, #window, #activation, #bias);
    settings.layer("ConvTranspose", &arguments)
}

pub(crate) fn pool_arguments(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let [input, output] = settings.samples(given);
    let window = Window::of(given, Kind::Pool).tokens(settings.root);
    quote!(#input, #output, #window)
}

/// The zeros around an image count where they were asked for, as in PyTorch, and not where `pad same` put them, as in Keras.
pub(crate) fn mean_type(given: &Given<'_>, settings: &Settings<'_>) -> TokenStream {
    let options = &given.stage.options;
    let same = matches!(options.pad, Some(Padding::Same));
    let counts = options.count_include_pad.unwrap_or(!same);
    let pool = pool_arguments(given, settings);
    let counts = (!counts).then(|| quote!(, false));
    settings.layer("AvgPool", &quote!(#pool #counts))
}
