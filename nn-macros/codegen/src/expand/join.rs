//! `concat` and `add` with any number of branches, and `heads`: a struct with a field for each, and passes that call the library once for each. `concat` of two is a layer of the library.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use crate::expand::inference::{Pass, in_room};
use crate::expand::{Definition, Expansion, docs, joining, training, unreachable};
use crate::shapes::shape::Shape;
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::elsewhere;
use crate::syntax::tree::Head;

/// One struct of branches.
struct Join<'a> {
    expansion: &'a Expansion<'a>,
    layer: &'a TypedLayer<'a>,
    /// Its name for its definition, and for its uses.
    defined: &'a Ident,
    name: Ident,
    /// `Concat` or `Add`, of the type `Joining`.
    joining: Ident,
    word: &'static str,
    fields: Vec<Ident>,
    types: Vec<TokenStream>,
}

impl Expansion<'_> {
    /// The structs of all layers with branches.
    pub(super) fn joins(&self) -> TokenStream {
        let joins = self.definition.network.layers.iter().filter_map(|layer| {
            let Head::Layer(grammar) = &layer.stage.head else { return None };
            let defined = layer.join.as_ref()?;
            let scalar = &self.scalar;
            let join = Join {
                expansion: self,
                layer,
                defined,
                name: elsewhere(defined),
                joining: joining(layer),
                word: grammar.word,
                fields: layer.blocks.iter().map(|block| block.role.field()).collect(),
                types: types(layer, scalar),
            };
            Some(join.tokens())
        });
        joins.collect()
    }
}

/// The types of the branches of a layer.
pub(super) fn types(layer: &TypedLayer<'_>, scalar: &TokenStream) -> Vec<TokenStream> {
    let types = layer.blocks.iter().map(|block| {
        let name = elsewhere(&block.network.name);
        quote!(#name<#scalar>)
    });
    types.collect()
}

/// What the branches of `concat` do to probabilities, of the type `axonal::layers::Passes`.
pub(super) fn passes(root: &TokenStream, types: &[TokenStream]) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #root::layers::Passes::Numbers
            #(.then(<#types as #root::Layer>::PASSES))*
            .then(#root::layers::Passes::Probabilities)
    }
}

impl Join<'_> {
    fn tokens(&self) -> TokenStream {
        let definition = self.expansion.definition;
        let mut tokens = self.structure();
        if self.layer.has_sources() {
            tokens.extend(self.common());
            return tokens;
        }
        tokens.extend(self.layer());
        let is_known = definition.unknown.is_some() || self.layer.is_differentiable();
        if definition.features.train && is_known {
            tokens.extend(self.differentiable());
        }
        tokens.extend(self.common());
        tokens
    }

    fn structure(&self) -> TokenStream {
        let Self { expansion, layer, defined, types, .. } = self;
        let Expansion { root, scalar, conditions, .. } = expansion;
        let Definition { visibility, keyword, network, .. } = expansion.definition;
        let title = format!("The branches of `{}` in `{}`.", layer.field, network.name);
        let documentation = docs::attributes(&[title]);
        let fields = types.iter().zip(&layer.blocks).map(|(rust, block)| {
            let field = block.role.defined();
            let text = format!("Its {}.", block.role.name());
            let documentation = docs::attributes(&[text]);
            quote!(#documentation #visibility #field: #rust)
        });
        let keyword = quote_spanned!(*keyword=> struct);
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #documentation
            #[repr(C)]
            #[derive(#root::Parameters)]
            #[parameters(crate = #root)]
            #visibility #keyword #defined<#scalar: #root::Scalar = ::core::primitive::f32> {
                #(#fields,)*
            }
        }
    }

    /// `impl<T: Scalar> Trait for NetConcat1<T> where … { body }`
    fn implement(
        &self,
        what: &TokenStream,
        more: &[TokenStream],
        body: &TokenStream,
    ) -> TokenStream {
        let Self { expansion, name, types, .. } = self;
        let Expansion { root, scalar, conditions, definition, .. } = expansion;
        // After an error, the bounds of `derive(Parameters)`.
        let unknown = definition.unknown.is_some();
        let unknown = types.iter().filter(|_| unknown);
        let bounds = expansion.bounds_of(self.layer.user_layers().into_iter());
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #[automatically_derived]
            impl<#scalar: #root::Scalar> #what for #name<#scalar>
            where
                #(#bounds,)*
                #(#unknown: #root::Parameters<Scalar = #scalar>,)*
                #(#more,)*
            {
                #body
            }
        }
    }

    /// The code of a function; none is written after an error.
    fn code(&self, code: TokenStream) -> TokenStream {
        if self.expansion.definition.unknown.is_some() { unreachable() } else { code }
    }

    fn layer(&self) -> TokenStream {
        let Self { expansion, layer, word, fields, types, .. } = self;
        let Expansion { root, scalar, definition, .. } = expansion;
        let site = Span::mixed_site();
        let samples = [&layer.input, &layer.output].map(|shape| shape.rust(root, scalar));
        let [input, output] = samples.map(|likely| definition.unknown_type(likely));
        let (is_concat, is_add) = (*word == "concat", *word == "add");
        let passes = is_concat.then(|| {
            let passes = passes(root, types);
            quote_spanned!(site=> const PASSES: #root::layers::Passes = #passes;)
        });
        // `concat`, and the first branch of `add`, write one sample to where it belongs.
        let room_for_one = types.iter().enumerate().map(|(index, rust)| {
            if !is_add || index == 0 {
                quote_spanned!(site=> <#rust as #root::Layer>::ROOM_FOR_ONE)
            } else {
                quote_spanned!(site=> #root::__private::branches::room_for_one::<#rust>())
            }
        });
        let fixed = layer.output.rust(root, &quote!(::core::primitive::f32));
        let fixed = definition.unknown_type(fixed);
        let activation = match &layer.output {
            Shape::Record(record) => {
                let name = elsewhere(&record.name);
                quote_spanned!(site=> #name<#(<#types as #root::Layer>::Activation),*>)
            }
            _ => quote_spanned!(site=> #root::activations::Identity),
        };
        let inferences = [Pass::One, Pass::Many].map(|pass| self.inference(pass, &fixed));
        let labels = fields.iter().map(|field| field.unraw().to_string());
        let body = quote_spanned! {site=>
            type Input = #input;
            type Output = #output;
            type Activation = #activation;

            #passes

            const MULTIPLY_ADDS: ::core::primitive::usize =
                0 #(+ <#types as #root::Layer>::MULTIPLY_ADDS)*;

            const OUTLINED: ::core::primitive::bool =
                true #(&& <#types as #root::Layer>::OUTLINED)*;

            const ROOM_FOR_ONE: ::core::primitive::usize =
                #root::__private::most(&[#(#room_for_one),*]);

            const ROOM: ::core::primitive::usize = #root::__private::most(&[
                #(#root::__private::branches::room::<#types, #fixed>()),*
            ]);

            #(#inferences)*

            fn initialize<Random: #root::rand::Rng + ?::core::marker::Sized>(
                &mut self,
                rng: &mut Random,
            ) {
                #(<#types as #root::Layer>::initialize(&mut self.#fields, rng);)*
            }

            fn describe(
                path: &#root::layers::ParameterPath<'_>,
                visit: &mut dyn ::core::ops::FnMut(&#root::layers::ParameterPath<'_>, #root::layers::Part),
            ) {
                #(<#types as #root::Layer>::describe(&path.field(#labels), visit);)*
                visit(path, #root::layers::Part::block::<Self>(#word));
            }
        };
        self.implement(&quote!(#root::Layer), &[], &body)
    }

    /// A pass of inference that makes its scratch memory, and one that is given it.
    fn inference(&self, pass: Pass, fixed_output: &TokenStream) -> TokenStream {
        let Self { expansion, name, joining, fields, .. } = self;
        let Expansion { root, scalar, .. } = expansion;
        let site = Span::mixed_site();
        let (function, function_in) = (pass.function(), pass.function_in());
        let (source, target) = pass.ends();
        let [input, output] = pass.samples();
        let steps = quote_spanned! {site=>
            let joined = #root::__private::branches::Joined::NOTHING;
            #(
                let joined = #root::__private::branches::#function(
                    #root::__private::branches::Joining::#joining,
                    &self.#fields, joined, simd, #source, &mut *#target, &mut *room,
                );
            )*
            let _ = joined;
        };
        let steps = match pass {
            Pass::One => steps,
            Pass::Many => quote_spanned! {site=>
                const TOGETHER: ::core::primitive::usize =
                    #root::__private::branches::samples_together::<#fixed_output>();
                for (inputs, outputs) in
                    ::core::iter::Iterator::zip(inputs.chunks(TOGETHER), outputs.chunks_mut(TOGETHER))
                {
                    #steps
                }
            },
        };
        let (alone, steps) = (self.code(in_room(root, name, scalar, pass)), self.code(steps));
        let inline = expansion.inline();
        quote_spanned! {site=>
            #inline
            fn #function<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                #source: &#input,
                #target: &mut #output,
            ) {
                #alone
            }

            #inline
            fn #function_in<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                #source: &#input,
                #target: &mut #output,
                room: &mut [#scalar],
            ) {
                #steps
            }
        }
    }

    fn differentiable(&self) -> TokenStream {
        let Self { expansion, layer, joining, fields, types, .. } = self;
        let Expansion { root, scalar, .. } = expansion;
        let site = Span::mixed_site();
        let numbers = 0..fields.len();
        let trace_len = self.code(quote_spanned! {site=>
            #root::__private::branches::input_len::<Self>(samples)
                #(+ #root::__private::branches::trace_len::<Self, #types>(samples))*
        });
        let forward = self.code(quote_spanned! {site=>
            let room = #root::__private::branches::input_len::<Self>(inputs.len());
            let (_, trace) = trace.split_at_mut(room);
            let joined = #root::__private::branches::Joined::NOTHING;
            #(
                let (joined, trace) = #root::__private::branches::forward::<Self, #types, _>(
                    #root::__private::branches::Joining::#joining,
                    &self.#fields, (#numbers, joined, end), context, inputs, &mut *outputs, trace,
                );
            )*
            let _ = (joined, trace);
        });
        let steps = types.iter().enumerate().map(|(index, rust)| {
            let backward = quote_spanned! {site=>
                #root::__private::branches::backward::<Self, #rust, _>
            };
            let joining = quote_spanned!(site=> #root::__private::branches::Joining::#joining);
            let is_last = index + 1 == types.len();
            // The first branch writes its part of the gradient of the inputs, and the others add to it.
            let pass = if index == 0 {
                quote_spanned! {site=>
                    #backward(
                        #joining, (at, #is_last, end), (inputs, trace), &mut *gradient,
                        input_gradient.as_deref_mut(), part,
                    )
                }
            } else {
                quote_spanned! {site=>
                    #root::__private::branches::meet(
                        input_gradient.as_deref_mut(), &mut *of_inputs,
                        |of_inputs| #backward(
                            #joining, (at, #is_last, end), (inputs, trace), &mut *gradient, of_inputs, part,
                        ),
                    )
                }
            };
            quote_spanned! {site=>
                let (part, sink) = sink.split_at(<#rust as #root::Parameters>::PARAMETERS);
                let (at, trace) = #pass;
            }
        });
        let backward = self.code(quote_spanned! {site=>
            let #root::layers::Batch { inputs, outputs, trace, input_gradient } = batch;
            let room = #root::__private::branches::input_len::<Self>(inputs.len());
            let (of_inputs, trace) = trace.split_at_mut(room);
            let _ = outputs;
            let mut input_gradient = input_gradient;
            let at = 0;
            #(#steps)*
            let _ = (at, trace, sink);
        });
        let body = training::passes(root, scalar, types, [&trace_len, &forward, &backward]);
        let bounds = expansion.bounds_of_branches(layer, types);
        self.implement(&quote!(#root::Differentiable), &bounds, &body)
    }

    /// Traits of the standard library.
    fn common(&self) -> TokenStream {
        let Self { expansion, layer, name, fields, types, .. } = self;
        let root = expansion.root;
        let site = Span::mixed_site();
        let title = name.to_string();
        let labels = fields.iter().map(|field| field.unraw().to_string());
        let bounds: Vec<TokenStream> = types
            .iter()
            .filter(|_| layer.has_user_types())
            .map(|rust| quote!(#rust: ::core::fmt::Debug))
            .collect();
        let body = quote_spanned! {site=>
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.debug_struct(#title) #(.field(#labels, &self.#fields))* .finish()
            }
        };
        let debug = self.implement(&quote!(::core::fmt::Debug), &bounds, &body);
        let body = quote_spanned! {site=>
            fn eq(&self, other: &Self) -> ::core::primitive::bool {
                #root::Parameters::as_slice(self) == #root::Parameters::as_slice(other)
            }
        };
        let equal = self.implement(&quote!(::core::cmp::PartialEq), &[], &body);
        quote!(#debug #equal)
    }
}
