//! The part of the expansion that is for training: `Differentiable`.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Expansion, LayerCode, joining, local, unreachable};
use crate::shapes::typed::{Source, TypedLayer, TypedNetwork};
use crate::syntax::spans::{located, place};
use crate::syntax::tree::Head;

impl Expansion<'_> {
    pub(crate) fn differentiable(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let site = Span::mixed_site();
        let terms = self.code().map(|(last, hidden)| {
            let hidden = hidden.iter().map(|part| {
                let (own, output) = (self.trace_of(part), &part.output);
                quote_spanned!(site=> #own + 2 * <#output as #root::Sample>::LEN * samples)
            });
            let last = self.trace_of(last);
            let meeting = self.meeting().map(|room| quote_spanned!(site=> + #room * samples));
            quote_spanned!(site=> #(#hidden +)* #last #meeting)
        });
        let trace_len = terms.unwrap_or_else(unreachable);
        let forward = self.training_forward();
        let backward = self.training_backward();
        let types: Vec<_> = self.parts.iter().flat_map(|part| part.units(scalar)).collect();
        let body = passes(root, scalar, &types, [&trace_len, &forward, &backward]);
        let user = self.parts.iter().filter(|part| part.layer.has_user_types());
        let bounds: Vec<TokenStream> = user
            .flat_map(|part| {
                let LayerCode { rust, layer, .. } = part;
                if let Some(branches) = part.branches(scalar) {
                    return self.bounds_of_branches(layer, &branches);
                }
                // A bound hides what the compiler knows of a type: for a layer of ours with the user's activation,
                // it has to say it all. For the user's layer, `user_bounds` does.
                let known = (!matches!(layer.stage.head, Head::User(_))).then(|| {
                    let input = layer.input.rust(root, scalar);
                    let output = layer.output.rust(root, scalar);
                    quote!(<Scalar = #scalar, Input = #input, Output = #output>)
                });
                let bound = quote!(#rust: #root::Differentiable #known);
                vec![located(&bound, place(&layer.stage.word))]
            })
            .collect();
        self.implement(&quote!(#root::Differentiable), &bounds, &body)
    }

    /// What branches with types of the user's in them have to be.
    pub(crate) fn bounds_of_branches(
        &self,
        layer: &TypedLayer<'_>,
        types: &[TokenStream],
    ) -> Vec<TokenStream> {
        let Self { root, scalar, .. } = self;
        let branches = types.iter().zip(&layer.blocks);
        let own =
            |network: &TypedNetwork<'_>| network.layers.iter().any(TypedLayer::has_user_types);
        let user = branches.filter(|(_, block)| own(&block.network));
        let bounds = user.map(|(rust, block)| {
            let shapes = [&block.network.input, &block.network.output];
            let [input, output] = shapes.map(|shape| shape.rust(root, scalar));
            let known = quote!(<Scalar = #scalar, Input = #input, Output = #output>);
            located(&quote!(#rust: #root::Differentiable #known), place(&layer.stage.word))
        });
        bounds.collect()
    }

    /// How many scalars a layer keeps of `samples` samples.
    fn trace_of(&self, part: &LayerCode<'_>) -> TokenStream {
        let Self { root, scalar, .. } = self;
        match part.branches(scalar) {
            Some(branches) => quote_spanned! {Span::mixed_site()=>
                0 #(+ #root::__private::branches::trace_len::<Self, #branches>(samples))*
            },
            None => {
                let rust = &part.rust;
                quote_spanned!(Span::mixed_site()=> #root::__private::trace_len::<Self, #rust>(samples))
            }
        }
    }

    /// The length of the longest value in whose gradient paths may meet; none in a plain chain.
    fn meeting(&self) -> Option<TokenStream> {
        let Self { root, parts, definition, .. } = self;
        let network = definition.network;
        if !network.is_graph() {
            return None;
        }
        let fixed = quote!(::core::primitive::f32);
        let input = network.input.rust(root, &fixed);
        let outputs = parts.iter().map(|part| &part.fixed_output);
        Some(quote_spanned! {Span::mixed_site()=>
            #root::__private::most(&[
                <#input as #root::Sample>::LEN #(, <#outputs as #root::Sample>::LEN)*
            ])
        })
    }

    /// The room in which the gradient of a later path is, before it is added to that of the others.
    fn meeting_room(&self) -> Option<TokenStream> {
        let room = self.meeting()?;
        Some(quote_spanned! {Span::mixed_site()=>
            const MEETING: ::core::primitive::usize = #room;
            let (meeting, trace) = trace.split_at_mut(MEETING * inputs.len());
        })
    }

    /// The memory of a training pass: for each layer its own, for each hidden output the values and, for the backward pass, their gradient.
    fn splits(&self, hidden: &[LayerCode<'_>], with_gradients: bool) -> TokenStream {
        let root = self.root;
        let site = Span::mixed_site();
        let split = if self.definition.outlined {
            quote!(split_trace_outlined)
        } else {
            quote!(split_trace)
        };
        let splits = hidden.iter().enumerate().map(|(index, part)| {
            let LayerCode { rust, output, layer, .. } = part;
            let (trace, values) = (local("trace", index), local("output", index));
            let gradient = local("gradient", index);
            let gradient = if with_gradients { quote!(#gradient) } else { quote!(_) };
            if layer.has_sources() {
                let len = self.trace_of(part);
                return quote_spanned! {site=>
                    let samples = inputs.len();
                    let (#trace, trace) = trace.split_at_mut(#len);
                    let (#values, trace) = #root::__private::split_samples::<#output>(trace, samples);
                    let (#gradient, trace) = #root::__private::split_samples::<#output>(trace, samples);
                };
            }
            quote_spanned! {site=>
                let (#trace, #values, #gradient, trace) =
                    #root::__private::#split::<Self, #rust, #output>(trace, inputs.len());
            }
        });
        splits.collect()
    }

    /// The last layer ends where the network does; at the scores, so do those whose scores the layers behind them pass on.
    fn training_end(&self, index: usize) -> TokenStream {
        let root = self.root;
        let site = Span::mixed_site();
        if index + 1 == self.parts.len() {
            return quote_spanned!(site=> end);
        }
        match self.gives_scores(index) {
            Some(condition) => quote_spanned! {site=>
                if #condition { end } else { #root::layers::End::Outputs }
            },
            None => quote_spanned!(site=> #root::layers::End::Outputs),
        }
    }

    fn training_forward(&self) -> TokenStream {
        let root = self.root;
        let Some((_, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden, false);
        let meeting = self.meeting_room();
        let unused = meeting.is_some().then(|| quote_spanned!(site=> let _ = meeting;));
        let mut source = quote_spanned!(site=> inputs);
        let steps = self.parts.iter().enumerate().map(|(index, part)| {
            let LayerCode { field, rust, layer, .. } = part;
            let (target, trace) = if index < hidden.len() {
                let (target, trace) = (local("output", index), local("trace", index));
                (quote!(#target), quote!(#trace))
            } else {
                (quote_spanned!(site=> outputs), quote_spanned!(site=> trace))
            };
            let mut from = std::mem::replace(&mut source, target.clone());
            if layer.is_part() {
                from = quote_spanned!(site=> inputs);
            }
            if layer.has_sources() {
                return self.forward_branches(index, part, [from, target, trace]);
            }
            let (from, target) = (self.recast(layer, &from), self.recast_mut(layer, &target));
            let end = self.training_end(index);
            quote_spanned! {site=>
                #root::__private::forward_pass::<Self, #rust>(
                    &self.#field, context.layer(#index), #from, #target, #trace, #end,
                );
            }
        });
        let steps: TokenStream = steps.collect();
        quote_spanned! {site=>
            #meeting
            #unused
            #splits
            #steps
        }
    }

    /// The values that a branch takes.
    fn source(source: Source, before: &TokenStream) -> TokenStream {
        match source {
            Source::Before => before.clone(),
            Source::Input => quote_spanned!(Span::mixed_site()=> inputs),
            Source::Layer(index) => {
                let values = local("output", index);
                quote_spanned!(Span::mixed_site()=> &*#values)
            }
        }
    }

    fn forward_branches(
        &self,
        index: usize,
        part: &LayerCode<'_>,
        [before, target, trace]: [TokenStream; 3],
    ) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let joining = joining(part.layer);
        let (types, places) = (part.units(scalar), part.places());
        let (numbers, end) = (0..types.len(), self.training_end(index));
        let blocks = part.layer.blocks.iter();
        let before = if index > 0 { quote!(&*#before) } else { before };
        let sources = blocks.map(|block| Self::source(block.source, &before));
        quote_spanned! {Span::mixed_site()=> {
            let (joined, trace) =
                (#root::__private::branches::Joined::NOTHING, &mut *#trace);
            #(
                let (joined, trace) = #root::__private::branches::forward::<Self, #types, _>(
                    #root::__private::branches::Joining::#joining,
                    &#places, (#numbers, joined, #end), context.layer(#index), #sources, &mut *#target, trace,
                );
            )*
            let _ = (joined, trace);
        }}
    }

    /// The gradient of a value, and what to do with it.
    ///
    /// A value with several uses has the sum of their gradients, from the last use to the first, in which the pass comes to them: the first of these is written, the others are added.
    fn gradient_of(
        &self,
        index: usize,
        value: Source,
        written: &mut HashSet<Source>,
        pass: impl FnOnce(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let root = self.root;
        let site = Span::mixed_site();
        let value = match value {
            Source::Before => index.checked_sub(1).map_or(Source::Input, Source::Layer),
            value => value,
        };
        let gradient = match value {
            Source::Layer(value) => {
                let gradient = local("gradient", value);
                quote_spanned!(site=> (!is_end).then_some(&mut *#gradient))
            }
            _ => quote_spanned!(site=> input_gradient.as_deref_mut()),
        };
        if written.insert(value) {
            return pass(gradient);
        }
        let pass = pass(quote_spanned!(site=> of_path));
        quote_spanned! {site=>
            #root::__private::branches::meet(#gradient, &mut *meeting, |of_path| #pass)
        }
    }

    fn backward_branches(
        &self,
        index: usize,
        part: &LayerCode<'_>,
        written: &mut HashSet<Source>,
        [trace, gradient]: [TokenStream; 2],
    ) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let site = Span::mixed_site();
        let joining = joining(part.layer);
        let before = match index.checked_sub(1) {
            Some(before) => {
                let values = local("output", before);
                quote_spanned!(site=> &*#values)
            }
            None => quote_spanned!(site=> inputs),
        };
        let (types, end) = (part.units(scalar), self.training_end(index));
        let count = types.len();
        let steps =
            types.iter().zip(&part.layer.blocks).enumerate().map(|(number, (rust, block))| {
                let source = Self::source(block.source, &before);
                let is_last = number + 1 == count;
                let pass = self.gradient_of(index, block.source, written, |to| {
                    quote_spanned! {site=>
                        #root::__private::branches::backward::<Self, #rust, _>(
                            #root::__private::branches::Joining::#joining,
                            (at, #is_last, #end), (#source, trace), &mut *#gradient, #to, part,
                        )
                    }
                });
                quote_spanned! {site=>
                    let (part, branches) =
                        branches.split_at(<#rust as #root::Parameters>::PARAMETERS);
                    let (at, trace) = #pass;
                }
            });
        let rust = &part.rust;
        let is_end = if index > 0 {
            quote_spanned!(site=> sink.is_end(&input_gradient))
        } else {
            quote_spanned!(site=> false)
        };
        let stop = (index > 0).then(|| quote_spanned!(site=> if is_end { return; }));
        quote_spanned! {site=>
            let (sink, branches) = sink.split_last::<#rust>();
            let is_end = #is_end;
            {
                let (at, trace) = (0, &mut *#trace);
                #(#steps)*
                let _ = (at, trace, branches);
            }
            #stop
        }
    }

    /// Samples of the type that the layer takes or gives.
    fn recast(&self, layer: &TypedLayer<'_>, samples: &TokenStream) -> TokenStream {
        let root = self.root;
        if !layer.is_recast() {
            return samples.clone();
        }
        quote_spanned!(Span::mixed_site()=> #root::__private::recast_all(#samples))
    }

    /// As [`recast`](Self::recast).
    fn recast_mut(&self, layer: &TypedLayer<'_>, samples: &TokenStream) -> TokenStream {
        let root = self.root;
        if !layer.is_recast() {
            return samples.clone();
        }
        quote_spanned!(Span::mixed_site()=> #root::__private::recast_all_mut(#samples))
    }

    /// From the last layer to the first, each takes its parameters off the sink.
    fn training_backward(&self) -> TokenStream {
        let root = self.root;
        let Some((_, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden, true);
        let meeting = self.meeting_room();
        let is_graph = meeting.is_some();
        let mut written = HashSet::new();
        let before = |index: usize, layer: &TypedLayer<'_>| match index.checked_sub(1) {
            Some(before) => {
                let (values, gradient) = (local("output", before), local("gradient", before));
                let values = self.recast(layer, &quote!(#values));
                let gradient = self.recast_mut(layer, &quote_spanned!(site=> &mut *#gradient));
                quote_spanned! {site=>
                    inputs: #values, input_gradient: (!is_end).then_some(#gradient)
                }
            }
            None if layer.is_recast() => quote_spanned! {site=>
                inputs: #root::__private::recast_all(inputs),
                input_gradient: input_gradient.map(|gradient| #root::__private::recast_all_mut(gradient))
            },
            None => quote_spanned!(site=> inputs, input_gradient),
        };
        let steps = self.parts.iter().enumerate().rev().map(|(index, part)| {
            let LayerCode { rust, layer, .. } = part;
            if layer.has_sources() {
                let own = if index < hidden.len() {
                    let (trace, gradient) = (local("trace", index), local("gradient", index));
                    [quote!(#trace), quote!(#gradient)]
                } else {
                    [quote_spanned!(site=> trace), quote_spanned!(site=> gradient)]
                };
                return self.backward_branches(index, part, &mut written, own);
            }
            let (kept, gradient) = if index < hidden.len() {
                let (outputs, trace) = (local("output", index), local("trace", index));
                let outputs = self.recast(layer, &quote!(#outputs));
                let gradient = local("gradient", index);
                (quote_spanned!(site=> outputs: #outputs, trace: #trace), quote!(#gradient))
            } else if layer.is_recast() {
                let outputs = self.recast(layer, &quote_spanned!(site=> outputs));
                (quote_spanned!(site=> outputs: #outputs, trace), quote_spanned!(site=> gradient))
            } else {
                (quote_spanned!(site=> outputs, trace), quote_spanned!(site=> gradient))
            };
            if layer.is_part() {
                // Each writes its own part of the gradient of the inputs.
                return quote_spanned! {site=>
                    let (sink, part) = sink.split_last::<#rust>();
                    #root::__private::backward_pass::<Self, #rust>(
                        #root::layers::Batch {
                            inputs, input_gradient: input_gradient.as_deref_mut(), #kept
                        },
                        #gradient,
                        #root::layers::End::Outputs,
                        part,
                    );
                };
            }
            let before = before(index, layer);
            let gradient = self.recast_mut(layer, &gradient);
            let end = self.training_end(index);
            let (is_end, stop) = if index > 0 {
                (
                    quote_spanned!(site=> let is_end = sink.is_end(&input_gradient);),
                    quote_spanned!(site=> if is_end { return; }),
                )
            } else {
                (TokenStream::new(), TokenStream::new())
            };
            if is_graph {
                let inputs = match index.checked_sub(1) {
                    Some(before) => {
                        let values = local("output", before);
                        self.recast(layer, &quote_spanned!(site=> &*#values))
                    }
                    None => self.recast(layer, &quote_spanned!(site=> inputs)),
                };
                let pass = self.gradient_of(index, Source::Before, &mut written, |to| {
                    let to = if layer.is_recast() {
                        quote_spanned!(site=> (#to).map(|to| #root::__private::recast_all_mut(to)))
                    } else {
                        to
                    };
                    quote_spanned! {site=>
                        #root::__private::backward_pass::<Self, #rust>(
                            #root::layers::Batch { inputs: #inputs, input_gradient: #to, #kept },
                            #gradient,
                            #end,
                            part,
                        )
                    }
                });
                return quote_spanned! {site=>
                    let (sink, part) = sink.split_last::<#rust>();
                    #is_end
                    #pass;
                    #stop
                };
            }
            quote_spanned! {site=>
                let (sink, part) = sink.split_last::<#rust>();
                #is_end
                #root::__private::backward_pass::<Self, #rust>(
                    #root::layers::Batch { #before, #kept },
                    #gradient,
                    #end,
                    part,
                );
                #stop
            }
        });
        let steps: Vec<TokenStream> = steps.collect();
        let has_inputs = self.parts.first().is_some_and(|part| part.layer.is_part());
        let mutable = (is_graph || has_inputs).then(
            || quote_spanned!(site=> let mut input_gradient = input_gradient; let _ = outputs;),
        );
        quote_spanned! {site=>
            let #root::layers::Batch { inputs, outputs, trace, input_gradient } = batch;
            #meeting
            #mutable
            #splits
            #(#steps)*
            let _ = sink;
        }
    }
}

/// What is in an implementation of `Differentiable` for layers of these types: constants, and the bodies of `trace_len`, `forward_pass` and `backward_pass`.
pub(super) fn passes(
    root: &TokenStream,
    scalar: &TokenStream,
    types: &[TokenStream],
    [trace_len, forward, backward]: [&TokenStream; 3],
) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        const WHOLE_BATCH: ::core::primitive::bool =
            false #(|| <#types as #root::Differentiable>::WHOLE_BATCH)*;

        const IS_RANDOM: ::core::primitive::bool =
            false #(|| <#types as #root::Differentiable>::IS_RANDOM)*;

        const TANGENTS: ::core::primitive::bool =
            true #(&& <#types as #root::Differentiable>::TANGENTS)*;

        fn trace_len(samples: ::core::primitive::usize) -> ::core::primitive::usize {
            #trace_len
        }

        fn forward_pass(
            &self,
            context: #root::layers::Context,
            inputs: &[Self::Input],
            outputs: &mut [Self::Output],
            trace: &mut [#scalar],
            end: #root::layers::End,
        ) {
            #forward
        }

        fn backward_pass(
            batch: #root::layers::Batch<'_, Self>,
            gradient: &mut [Self::Output],
            end: #root::layers::End,
            sink: #root::layers::GradientSink<'_, #scalar>,
        ) {
            #backward
        }
    }
}
