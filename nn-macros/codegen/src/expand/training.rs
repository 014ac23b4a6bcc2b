//! The part of the expansion that is for training: `Differentiable`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Expansion, LayerCode, local, unreachable};
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::{located, place};
use crate::syntax::tree::Head;

impl Expansion<'_> {
    pub(crate) fn differentiable(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let site = Span::mixed_site();
        let terms = self.code().map(|(last, hidden)| {
            let hidden = hidden.iter().map(|LayerCode { rust, output, .. }| {
                quote_spanned! {site=>
                    <#rust as #root::Differentiable>::trace_len(samples)
                        + 2 * <#output as #root::Sample>::LEN * samples
                }
            });
            let last = &last.rust;
            quote_spanned! {site=>
                #(#hidden +)* <#last as #root::Differentiable>::trace_len(samples)
            }
        });
        let trace_len = terms.unwrap_or_else(unreachable);
        let scores = self.training_forward(&Ident::new("scores", site), true);
        let activations = self.training_forward(&Ident::new("activations", site), false);
        let backward_scores = self.training_backward(&Ident::new("backward_scores", site), true);
        let backward = self.training_backward(&Ident::new("backward", site), false);
        let types: Vec<_> = self.parts.iter().map(|part| &part.rust).collect();
        let body = quote_spanned! {site=>
            const WHOLE_BATCH: ::core::primitive::bool =
                false #(|| <#types as #root::Differentiable>::WHOLE_BATCH)*;

            const IS_RANDOM: ::core::primitive::bool =
                false #(|| <#types as #root::Differentiable>::IS_RANDOM)*;

            const DISPATCHES: ::core::primitive::bool = true;

            fn trace_len(samples: ::core::primitive::usize) -> ::core::primitive::usize {
                #trace_len
            }

            fn scores<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                context: #root::layers::Context,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
                trace: &mut [#scalar],
            ) {
                #scores
            }

            fn activations<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                context: #root::layers::Context,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
                trace: &mut [#scalar],
            ) {
                #activations
            }

            fn backward_scores<Instructions: #root::Simd>(
                simd: Instructions,
                batch: #root::layers::Batch<'_, Self>,
                score_gradient: &[Self::Output],
                sink: #root::layers::GradientSink<'_, #scalar>,
            ) {
                #backward_scores
            }

            fn backward<Instructions: #root::Simd>(
                simd: Instructions,
                batch: #root::layers::Batch<'_, Self>,
                outputs: &[Self::Output],
                output_gradient: &mut [Self::Output],
                sink: #root::layers::GradientSink<'_, #scalar>,
            ) {
                #backward
            }
        };
        let user = self.parts.iter().filter(|part| part.layer.has_user_types());
        let bounds: Vec<TokenStream> = user
            .map(|LayerCode { rust, layer, .. }| {
                // A bound hides what the compiler knows of a type: for a layer of ours with the user's activation,
                // it has to say it all. For the user's layer, `user_bounds` does.
                let known = (!matches!(layer.stage.head, Head::User(_))).then(|| {
                    let input = layer.input.rust(root, scalar);
                    let output = layer.output.rust(root, scalar);
                    quote!(<Scalar = #scalar, Input = #input, Output = #output>)
                });
                let bound = quote!(#rust: #root::Differentiable #known);
                located(&bound, place(&layer.stage.word))
            })
            .collect();
        self.implement(&quote!(#root::Differentiable), &bounds, &body)
    }

    /// The memory of a training pass: for each layer its own, for each hidden output the values and their gradient.
    fn splits(&self, hidden: &[LayerCode<'_>]) -> TokenStream {
        let root = self.root;
        let splits = hidden.iter().enumerate().map(|(index, LayerCode { rust, output, .. })| {
            let (trace, values) = (local("trace", index), local("output", index));
            let gradient = local("gradient", index);
            quote_spanned! {Span::mixed_site()=>
                let (#trace, trace) = trace.split_at_mut(
                    <#rust as #root::Differentiable>::trace_len(inputs.len()),
                );
                let (#values, trace) =
                    #root::__private::split_samples::<#output>(trace, inputs.len());
                let (#gradient, trace) =
                    #root::__private::split_samples::<#output>(trace, inputs.len());
            }
        });
        splits.collect()
    }

    /// The last layer gives its scores or its activations; for scores, so do those whose scores the layers behind them pass on.
    fn training_forward(&self, function: &Ident, scores: bool) -> TokenStream {
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden);
        let mut source = quote_spanned!(site=> inputs);
        let steps = hidden.iter().enumerate().map(|(index, LayerCode { field, rust, layer, .. })| {
            let (target, trace) = (local("output", index), local("trace", index));
            let from = std::mem::replace(&mut source, quote!(#target));
            let (from, target) =
                (self.recast(layer, &from), self.recast_mut(layer, &quote!(#target)));
            let trained = self.trained(rust);
            let call = |function: &str| {
                let function = Ident::new(function, site);
                quote_spanned! {site=>
                    #trained::#function(&self.#field, context.layer(#index), #from, #target, #trace);
                }
            };
            let activations = call("activations");
            match self.gives_scores(index).filter(|_| scores) {
                Some(condition) => {
                    let scores = call("scores");
                    quote_spanned!(site=> if #condition { #scores } else { #activations })
                }
                None => activations,
            }
        });
        let steps: TokenStream = steps.collect();
        // The gradients' room is for the backward pass.
        let unused = (0..hidden.len()).map(|index| local("gradient", index));
        let (LayerCode { field, rust, .. }, index) = (last, hidden.len());
        let source = self.recast(last.layer, &source);
        let outputs = self.recast_mut(last.layer, &quote_spanned!(site=> outputs));
        let trained = self.trained(rust);
        quote_spanned! {site=>
            #splits
            #(let _ = #unused;)*
            #steps
            #trained::#function(&self.#field, context.layer(#index), #source, #outputs, trace);
        }
    }

    /// What has the functions of a training pass through a layer.
    fn trained(&self, rust: &TokenStream) -> TokenStream {
        let root = self.root;
        quote_spanned!(Span::mixed_site()=> #root::__private::Outlined::<#rust>)
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

    /// The last layer is given `scores` alone, or the outputs and their gradient.
    fn training_backward(&self, function: &Ident, scores: bool) -> TokenStream {
        let root = self.root;
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden);
        let before = |index: usize, layer: &TypedLayer<'_>| match index.checked_sub(1) {
            Some(before) => {
                let (values, gradient) = (local("output", before), local("gradient", before));
                let values = self.recast(layer, &quote!(#values));
                let gradient = self.recast_mut(layer, &quote_spanned!(site=> &mut *#gradient));
                quote_spanned! {site=>
                    inputs: #values, input_gradient: ::core::option::Option::Some(#gradient)
                }
            }
            None if layer.is_recast() => quote_spanned! {site=>
                inputs: #root::__private::recast_all(inputs),
                input_gradient: input_gradient.map(|gradient| #root::__private::recast_all_mut(gradient))
            },
            None => quote_spanned!(site=> inputs, input_gradient),
        };
        // From the last layer to the first, each takes its parameters off the sink.
        let steps =
            hidden.iter().enumerate().rev().map(|(index, LayerCode { rust, layer, .. })| {
                let (values, gradient) = (local("output", index), local("gradient", index));
                let trace = local("trace", index);
                let before = before(index, layer);
                let kept = values.clone();
                let values = self.recast(layer, &quote!(#values));
                let gradient = self.recast_mut(layer, &quote!(#gradient));
                let batch = quote_spanned!(site=> #root::layers::Batch { #before, trace: #trace });
                let trained = self.trained(rust);
                let backward = quote_spanned! {site=>
                    #trained::backward(#batch, #values, #gradient, part);
                };
                let backward = match self.gives_scores(index).filter(|_| scores) {
                    Some(condition) => quote_spanned! {site=>
                        if #condition {
                            let _ = #kept;
                            #trained::backward_scores(#batch, #gradient, part);
                        } else {
                            #backward
                        }
                    },
                    None => backward,
                };
                quote_spanned! {site=>
                    let (rest, part) = rest.split_last(<#rust as #root::Parameters>::COUNT);
                    #backward
                }
            });
        let before_last = before(hidden.len(), last.layer);
        let of_last = if scores {
            self.recast(last.layer, &quote_spanned!(site=> score_gradient))
        } else {
            let outputs = self.recast(last.layer, &quote_spanned!(site=> outputs));
            let gradient = self.recast_mut(last.layer, &quote_spanned!(site=> output_gradient));
            quote!(#outputs, #gradient)
        };
        let last = &last.rust;
        let trained = self.trained(last);
        quote_spanned! {site=>
            let #root::layers::Batch { inputs, trace, input_gradient } = batch;
            #splits
            let (rest, part) = sink.split_last(<#last as #root::Parameters>::COUNT);
            #trained::#function(
                #root::layers::Batch { #before_last, trace },
                #of_last,
                part,
            );
            #(#steps)*
            let _ = rest;
        }
    }
}
