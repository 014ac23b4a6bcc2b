//! Windows that move over images: the geometry of convolutions and pools.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::shapes::diagnostics::Diagnostics;
use crate::shapes::layers::operands::{Operands, TypeBuilder};
use crate::shapes::layers::simple;
use crate::shapes::shape::Shape;
use crate::shapes::sizes::{Condition, Count};
use crate::syntax::tree::{Padding, Size};

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
    /// `output_padding`: the rows that a transposed convolution adds at the end of its output.
    more: Size,
}

impl Axis {
    /// The rows that a kernel covers: `(kernel - 1) * dilation + 1`.
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

    /// The number of rows at the end of the image that no window reads. Padding does not count, and where a stride is larger than
    /// its kernel, neither do as many rows as are left out between two windows.
    fn unread(&self) -> Size {
        if self.same {
            return Size::of(0);
        }
        let left = self.padded().minus(&self.reach()).rest_over(&self.stride);
        left.minus(&self.after).minus(&self.stride.minus(&self.reach()))
    }

    /// The output of a transposed convolution before padding is taken away: `(input - 1) * stride + reach`.
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
    /// The window of a layer. The kernel is the last of its sizes.
    fn of(operands: &Operands<'_>, kind: WindowKind) -> Self {
        let sizes = &operands.stage.arguments.sizes;
        let options = &operands.stage.options;
        let [channels, input @ ..] = operands.image();
        let axis = |index: usize| {
            let written = |pair: &Option<[Size; 2]>| pair.as_ref().map(|pair| pair[index].clone());
            let kernel = sizes[sizes.len() - 2 + index].clone();
            let usual = if kind == WindowKind::Pool { kernel.clone() } else { Size::of(1) };
            let stride = written(&options.stride).unwrap_or(usual);
            let dilation = written(&options.dilation).unwrap_or_else(|| Size::of(1));
            let input = input[index].clone();
            let (before, after) = match &options.pad {
                None => (Size::of(0), Size::of(0)),
                Some(Padding::Zeros(pair)) => (pair[index].clone(), pair[index].clone()),
                Some(Padding::Same) => {
                    let reach = reach(&kernel, &dilation);
                    same(&input, &reach, &stride, kind == WindowKind::Transposed)
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

    /// The type `axonal::layers::Window<…>`, without the last arguments if they are the defaults.
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
    fn check_kernel(&self, operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) {
        let word = operands.word;
        let kernel = by(&self.kernel());
        let (reach, padded) = (by(&self.each(Axis::reach)), by(&self.each(Axis::padded)));
        let dilated =
            if reach == kernel { String::new() } else { format!(" ({reach} with its dilation)") };
        let image = operands.input;
        let around = if padded == by(&self.each(|axis| axis.input.clone())) {
            String::new()
        } else {
            format!(" ({padded} with its padding)")
        };
        diagnostics.require(self.both(Axis::fits), self.place(), || {
            format!(
                "the kernel {kernel} of `{word}`{dilated} is larger than its image {image}{around}: take a smaller kernel, or more `pad`"
            )
        });
    }

    /// Every row and column of the image is read, unless `floor` is written.
    fn check_unread(&self, operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) {
        let fits = matches!(self.both(Axis::fits), Condition::Known(false));
        if fits || operands.stage.options.has("floor") {
            return;
        }
        let word = operands.word;
        let none = Size::of(0);
        let place = match &operands.stage.options.stride {
            Some([rows, _]) => rows.span(),
            None => self.place(),
        };
        diagnostics.require(self.both(|axis| axis.unread().equals(&none)), place, || {
            let [rows, columns] = self.each(Axis::unread);
            format!(
                "`{word}` with kernel {} and stride {} leaves {} of its image {} unread: write `floor` to drop them, or take another kernel, stride or `pad`",
                by(&self.kernel()),
                by(&self.each(|axis| axis.stride.clone())),
                lines(&rows, &columns),
                operands.input,
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

/// The kind of layer whose window it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowKind {
    Convolution,
    Transposed,
    Pool,
}

fn image(channels: Size, [rows, columns]: [Size; 2]) -> Shape {
    Shape::Image(Box::new([channels, rows, columns]))
}

/// The output of `conv`.
pub(crate) fn convolution(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    operands.check_image(diagnostics);
    let window = Window::of(operands, WindowKind::Convolution);
    window.check_kernel(operands, diagnostics);
    window.check_unread(operands, diagnostics);
    check_groups(&window, operands, diagnostics);
    let output = window.each(Axis::output);
    image(outputs(operands), known_if(&window.both(Axis::fits), output))
}

/// The output of `conv_transpose`.
pub(crate) fn transposed(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    operands.check_image(diagnostics);
    let window = Window::of(operands, WindowKind::Transposed);
    check_groups(&window, operands, diagnostics);
    let word = operands.word;
    let place = operands.stage.options.place("pad").unwrap_or_else(|| window.place());
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
    diagnostics.require(holds.clone(), place, || message);
    check_output_padding(&window, operands, diagnostics);
    image(outputs(operands), known_if(&holds, window.each(Axis::transposed)))
}

/// `output_padding` is less than the stride: from there on, an input of one row more would have the same output.
fn check_output_padding(
    window: &Window,
    operands: &Operands<'_>,
    diagnostics: &mut Diagnostics<'_>,
) {
    let Some(place) = operands.stage.options.place("output_padding") else { return };
    let word = operands.word;
    if window.axes[0].same {
        diagnostics.require(Condition::Known(false), place, || {
            format!(
                "`pad same` of `{word}` says how large the output is: leave out `output_padding`, or write `pad` as a number"
            )
        });
        return;
    }
    let less = |axis: &Axis| axis.more.plus(&Size::of(1)).at_most(&axis.stride);
    diagnostics.require(window.both(less), place, || {
        format!(
            "`output_padding` of `{word}` must be less than its stride: {} is not less than {}",
            by(&window.each(|axis| axis.more.clone())),
            by(&window.each(|axis| axis.stride.clone()))
        )
    });
}

/// The output of `maxpool` and `avgpool`.
pub(crate) fn pool(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    operands.check_image(diagnostics);
    let window = Window::of(operands, WindowKind::Pool);
    window.check_kernel(operands, diagnostics);
    window.check_unread(operands, diagnostics);
    if let (Some(Padding::Zeros(pad)), Some(place)) =
        (&operands.stage.options.pad, operands.stage.options.place("pad"))
    {
        let half = |axis: &Axis| axis.after.times(&Size::of(2)).at_most(&axis.kernel);
        diagnostics.require(window.both(half), place, || {
            format!(
                "the padding {} of `{}` is more than half of its kernel {}: take less `pad`",
                by(pad),
                operands.word,
                by(&window.kernel())
            )
        });
    }
    let [channels, ..] = operands.image();
    image(channels, known_if(&window.both(Axis::fits), window.each(Axis::output)))
}

/// The sizes, unknown if the condition is false: they would make no sense.
fn known_if(holds: &Condition, sizes: [Size; 2]) -> [Size; 2] {
    match holds {
        Condition::Known(false) => [Size::Unknown, Size::Unknown],
        _ => sizes,
    }
}

/// The output channels of a convolution.
fn outputs(operands: &Operands<'_>) -> Size {
    operands.stage.arguments.sizes[0].clone()
}

/// The number of groups divides the input channels and the output channels.
fn check_groups(window: &Window, operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) {
    let word = operands.word;
    let ([inputs, ..], outputs) = (operands.image(), outputs(operands));
    let options = &operands.stage.options;
    let groups = &window.groups;
    match (options.place("groups"), options.place("depthwise")) {
        (Some(place), Some(_)) => diagnostics.error_at(
            place,
            "`depthwise` is as many `groups` as channels: keep one of the two options",
        ),
        (Some(_), None) => {
            let divides = groups.divides(&inputs).and(groups.divides(&outputs));
            diagnostics.require(divides, groups.span(), || {
                format!(
                    "{groups} groups must divide the {inputs} channels that `{word}` takes and the {outputs} that it gives"
                )
            });
        }
        (None, Some(place)) => diagnostics.require(inputs.divides(&outputs), place, || {
            format!(
                "`depthwise` gives each of {inputs} channels as many outputs: the {outputs} channels of `{word}` must be a multiple of {inputs}"
            )
        }),
        (None, None) => {}
    }
}

/// The weights of one kernel: the columns of the weight matrix.
pub(crate) fn patch(operands: &Operands<'_>, kind: WindowKind) -> Size {
    let window = Window::of(operands, kind);
    let [inputs, ..] = operands.image();
    let channels = if kind == WindowKind::Transposed { outputs(operands) } else { inputs };
    let [rows, columns] = window.kernel();
    channels.over(&window.groups).times(&rows).times(&columns)
}

/// A kernel's weights for each input channel, and a bias for each output channel.
pub(crate) fn transposed_parameters(operands: &Operands<'_>) -> Count {
    let [inputs, ..] = operands.image();
    let weights = inputs.count().times(&patch(operands, WindowKind::Transposed).count());
    if operands.bias() { weights.plus(&outputs(operands).count()) } else { weights }
}

pub(crate) fn convolution_generics(
    operands: &Operands<'_>,
    types: &TypeBuilder<'_>,
) -> TokenStream {
    let [input, output] = types.samples(operands);
    let channels = outputs(operands).tokens();
    let patch = patch(operands, WindowKind::Convolution).tokens();
    let window = Window::of(operands, WindowKind::Convolution).tokens(types.root);
    let arguments = quote!(#channels, #patch, #input, #output, #window);
    simple::with_activation(arguments, operands, types)
}

/// The bias has an element for each output channel, which no default of the type can say: all arguments are written.
pub(crate) fn transposed_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let TypeBuilder { root, scalar, .. } = types;
    let [input, output] = types.samples(operands);
    let [channels, ..] = operands.image();
    let channels = channels.tokens();
    let patch = patch(operands, WindowKind::Transposed).tokens();
    let window = Window::of(operands, WindowKind::Transposed).tokens(root);
    let activation = simple::activation(types);
    let bias = if operands.bias() {
        let outputs = outputs(operands).tokens();
        quote!(#root::nalgebra::SVector<#scalar, #outputs>)
    } else {
        simple::no_bias(operands, types)
    };
    quote!(#channels, #patch, #input, #output, #window, #activation, #bias)
}

pub(crate) fn pool_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let [input, output] = types.samples(operands);
    let window = Window::of(operands, WindowKind::Pool).tokens(types.root);
    quote!(#input, #output, #window)
}

/// In a mean, the zeros of `pad 1` count, as in PyTorch, and those of `pad same` do not, as in Keras.
pub(crate) fn mean_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let options = &operands.stage.options;
    let same = matches!(options.pad, Some(Padding::Same));
    let counts = options.count_include_pad.unwrap_or(!same);
    let pool = pool_generics(operands, types);
    let counts = (!counts).then(|| quote!(, false));
    quote!(#pool #counts)
}
