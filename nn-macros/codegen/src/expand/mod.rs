//! The Rust that a network becomes: a struct of layers, and straight-line calls from one to the next.

mod docs;
mod end;
mod inference;
mod training;

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::shapes::constants::Constant;
use crate::shapes::diagnostics::Assertion;
use crate::shapes::shape::Shape;
use crate::shapes::typed::{Layer, Network, TypedBlock};
use crate::syntax::attributes::{is_condition, is_documentation};
use crate::syntax::spans::{elsewhere, library, located, place, word};
use crate::syntax::tokens::written;
use crate::syntax::tree::{ActivationKind, Head};

/// What the expansion needs besides the shapes.
pub(crate) struct Definition<'a> {
    /// The path of the library: `::axonal`.
    pub(crate) root: &'a TokenStream,
    /// Doc comments and others, as written.
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: &'a TokenStream,
    /// The word `struct`.
    pub(crate) keyword: Span,
    pub(crate) network: &'a Network<'a>,
    /// The sizes that only the compiler knows.
    pub(crate) constants: &'a [Constant],
    /// The documentation where the user wrote none.
    pub(crate) title: String,
    /// After an error, there are all names, no code, and this type in the place of those that are not known.
    pub(crate) unknown: Option<&'a Ident>,
    /// What the functions may use.
    pub(crate) library: Library,
    /// Whether it is the block of another network.
    pub(crate) block: bool,
    /// Whether its layers are called as functions of their own, because it is deep, or the block of a deep network.
    pub(crate) outlined: bool,
}

/// How much of the standard library there is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Library {
    /// `core`.
    Core,
    /// An allocator, too: networks on the heap.
    Alloc,
    /// All of it: training and files.
    Std,
}

impl Definition<'_> {
    /// After an error, a type of which the compiler knows that there was an error. An editor takes it for `likely`: in it, the rest of the
    /// program keeps its fields and methods.
    fn unknown_type(&self, likely: TokenStream) -> TokenStream {
        let Self { root, unknown: Some(unknown), .. } = self else { return likely };
        quote! {
            <#root::__private::Checked<#likely, #unknown> as #root::__private::Own>::Type
        }
    }
}

/// A layer as the generated code sees it.
pub(crate) struct Part<'a> {
    /// Where it is defined, and the same name where it is used.
    pub(crate) defined: &'a Ident,
    pub(crate) field: Ident,
    /// The type of the field.
    written: TokenStream,
    /// The same where it has to be a layer.
    pub(crate) rust: TokenStream,
    pub(crate) layer: &'a Layer<'a>,
    /// The type of its outputs.
    pub(crate) output: TokenStream,
    /// The same with `f32`, for constants, which cannot be generic.
    pub(crate) fixed_output: TokenStream,
}

/// Everything that the pieces of the expansion share.
pub(crate) struct Context<'a> {
    pub(crate) definition: &'a Definition<'a>,
    pub(crate) root: &'a TokenStream,
    /// The name where it is used.
    pub(crate) name: Ident,
    /// The type parameter: `T`.
    pub(crate) scalar: TokenStream,
    pub(crate) parts: Vec<Part<'a>>,
    /// `#[cfg(…)]` of the user, for every item.
    pub(crate) conditions: Vec<&'a TokenStream>,
    /// What the user's own layers have to be.
    pub(crate) bounds: Vec<TokenStream>,
}

/// The definition of one network.
pub(crate) fn expand(definition: &Definition<'_>) -> TokenStream {
    let root = definition.root;
    let scalar = scalar_name(definition);
    // Where nothing is known of a layer, it is taken for one that does nothing.
    let known = |layer: &Layer<'_>, rust: Option<TokenStream>| {
        if layer.is_known() {
            return rust;
        }
        let likely = rust.unwrap_or_else(|| {
            let sample = layer.input.rust(root, &scalar);
            quote!(#root::layers::Activate<#scalar, #sample, #root::activations::Identity>)
        });
        Some(definition.unknown_type(likely))
    };
    let parts: Vec<Part<'_>> = definition
        .network
        .layers
        .iter()
        .filter_map(|layer| {
            let fixed = quote!(::core::primitive::f32);
            Some(Part {
                defined: &layer.field,
                field: elsewhere(&layer.field),
                written: known(layer, layer.rust(root, &scalar))?,
                rust: known(layer, layer.checked(root, &scalar))?,
                layer,
                output: layer.output.rust(root, &scalar),
                fixed_output: layer.output.rust(root, &fixed),
            })
        })
        .collect();
    let conditions =
        definition.attributes.iter().filter(|attribute| is_condition(attribute)).collect();
    let mut context = Context {
        definition,
        root,
        name: elsewhere(&definition.network.name),
        scalar,
        parts,
        conditions,
        bounds: Vec::new(),
    };
    context.bounds = context.user_bounds();
    let mut tokens = context.own_types();
    tokens.extend(context.end_constants());
    tokens.extend(context.structure());
    tokens.extend(context.layer());
    let mut layers = definition.network.layers.iter();
    if definition.library == Library::Std
        && (definition.unknown.is_some() || layers.all(Layer::is_differentiable))
    {
        tokens.extend(context.differentiable());
    }
    tokens.extend(context.network());
    tokens.extend(context.inherent());
    tokens.extend(context.common());
    tokens.extend(context.blocks());
    if definition.unknown.is_none() {
        tokens.extend(context.checks());
    }
    tokens
}

/// `T`, unless the description uses the name for a type of its own.
fn scalar_name(definition: &Definition<'_>) -> TokenStream {
    fn mentions(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => mentions(group.stream()),
            token => token.to_string() == "T",
        })
    }
    let mut layers = definition.network.layers.iter();
    let used = layers.any(|layer| mentions(layer.stage.tokens.clone()));
    if used { quote!(Float) } else { quote!(T) }
}

impl Context<'_> {
    /// `impl<T: Scalar> Trait for Name<T> where … { body }`
    pub(crate) fn implement(
        &self,
        what: &TokenStream,
        more: &[TokenStream],
        body: &TokenStream,
    ) -> TokenStream {
        let Self { root, name, scalar, conditions, bounds, .. } = self;
        let bounds = bounds.iter().chain(more);
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #[automatically_derived]
            impl<#scalar: #root::Scalar> #what for #name<#scalar>
            where
                #(#bounds,)*
            {
                #body
            }
        }
    }

    /// The types of the blocks, each a network too.
    fn blocks(&self) -> TokenStream {
        let Definition {
            root,
            visibility,
            keyword,
            unknown,
            library,
            network,
            constants,
            outlined,
            ..
        } = self.definition;
        let name = network.name.to_string();
        let blocks = network.layers.iter().flat_map(|layer| {
            layer.blocks.iter().map(|TypedBlock { role, network }| {
                let title = format!("The {} of `{}` in `{name}`.", role.name(), layer.field);
                let attributes = self.conditions.iter().map(|&condition| condition.clone());
                let attributes = attributes.collect();
                let (keyword, unknown, library, outlined) =
                    (*keyword, *unknown, *library, *outlined);
                let block = true;
                expand(&Definition {
                    root,
                    attributes,
                    visibility,
                    keyword,
                    network,
                    constants,
                    title,
                    unknown,
                    library,
                    block,
                    outlined,
                })
            })
        });
        blocks.collect()
    }

    fn structure(&self) -> TokenStream {
        let Self { definition, root, scalar, .. } = self;
        let Definition { attributes, visibility, keyword, network, .. } = definition;
        let name = &network.name;
        let mut lines = docs::table(network);
        if !attributes.iter().any(is_documentation) {
            lines.insert(0, definition.title.clone());
        }
        let documentation = docs::attributes(&lines);
        let fields = self.parts.iter().map(|Part { defined, written, layer, .. }| {
            let documentation = docs::attributes(&[docs::field(layer)]);
            let check = &layer.check;
            let check = layer.has_own_type().then(|| quote!(#[parameters(check = #check)]));
            quote!(#documentation #check #visibility #defined: #written)
        });
        // Without a layer, the parameter would be unused.
        let marker = self
            .parts
            .is_empty()
            .then(|| quote!(#[doc(hidden)] __marker: ::core::marker::PhantomData<#scalar>,));
        // To the last of these tokens rustc underlines when it means the type: all of them are its name.
        let place = name.span();
        let keyword = quote_spanned!(*keyword=> struct);
        let generics = {
            let bound = quote_spanned! {Span::mixed_site()=>
                #scalar: #root::Scalar = ::core::primitive::f32
            };
            let [open, close] = ['<', '>'].map(|bracket| {
                let mut bracket = Punct::new(bracket, Spacing::Alone);
                bracket.set_span(place);
                bracket
            });
            quote!(#open #bound #close)
        };
        let mut body = Group::new(Delimiter::Brace, quote!(#(#fields,)* #marker));
        body.set_span(place);
        quote_spanned! {Span::mixed_site()=>
            #(#attributes)*
            #documentation
            #[repr(C)]
            #[allow(clippy::struct_field_names)]
            #[derive(#root::Parameters)]
            #[parameters(crate = #root)]
            #visibility #keyword #name #generics #body
        }
    }

    fn layer(&self) -> TokenStream {
        let Self { root, definition, scalar, parts, .. } = self;
        let input = definition.network.input.rust(root, scalar);
        let output = match (&definition.network.output, parts.last()) {
            // It may be an image. For what is around a block, it has to be a type that is written out.
            (Shape::Of(..), Some(Part { rust, layer, .. }))
                if !definition.block && matches!(layer.stage.head, Head::User(_)) =>
            {
                quote!(<#rust as #root::Layer>::Output)
            }
            (output, _) => output.rust(root, scalar),
        };
        let (activation, passes) = (self.last_activation(), self.passes_all());
        let [input, output, activation] =
            [input, output, activation].map(|likely| definition.unknown_type(likely));
        let rust = parts.iter().map(|part| &part.rust);
        let (infer_one, infer, rooms) = (self.infer_one(), self.infer(), self.rooms());
        let initialize = self.initialize();
        let describe = parts.iter().map(|Part { field, rust, .. }| {
            let label = syn::ext::IdentExt::unraw(field).to_string();
            quote_spanned! {Span::mixed_site()=>
                <#rust as #root::Layer>::describe(&path.field(#label), visit);
            }
        });
        let inline = self.inline();
        let outlined = definition.outlined.then(
            || quote_spanned!(Span::mixed_site()=> const OUTLINED: ::core::primitive::bool = true;),
        );
        let body = quote_spanned! {Span::mixed_site()=>
            type Input = #input;
            type Output = #output;
            type Activation = #activation;

            #passes

            const MULTIPLY_ADDS: ::core::primitive::usize =
                0 #(+ <#rust as #root::Layer>::MULTIPLY_ADDS)*;

            #outlined

            #inline
            fn infer_one<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                input: &Self::Input,
                output: &mut Self::Output,
            ) {
                #infer_one
            }

            #inline
            fn infer<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
            ) {
                #infer
            }

            #rooms

            fn initialize<Random: #root::rand::Rng + ?::core::marker::Sized>(
                &mut self,
                rng: &mut Random,
            ) {
                #initialize
            }

            fn describe(
                path: &#root::layers::Path<'_>,
                visit: &mut dyn ::core::ops::FnMut(&#root::layers::Path<'_>, #root::layers::Part),
            ) {
                #(#describe)*
            }
        };
        self.implement(&quote!(#root::Layer), &[], &body)
    }

    /// Of a pass: a small one is a part of its caller, on each instruction set.
    pub(crate) fn inline(&self) -> Option<TokenStream> {
        (!self.definition.outlined).then(|| quote_spanned!(Span::mixed_site()=> #[inline(always)]))
    }

    fn initialize(&self) -> TokenStream {
        let root = self.root;
        let steps = self.parts.iter().map(|Part { field, rust, layer, .. }| {
            if let Some(initializer) = &layer.stage.options.initializer {
                let site = Span::mixed_site();
                let word = layer.stage.options.place("init").unwrap_or(site);
                let kind = Ident::new("Initializer", word.resolved_at(site));
                quote_spanned! {site=>
                    self.#field.initialize_with(#root::init::#kind::#initializer, rng);
                }
            } else {
                quote_spanned! {Span::mixed_site()=>
                    <#rust as #root::Layer>::initialize(&mut self.#field, rng);
                }
            }
        });
        quote!(#(#steps)*)
    }

    fn network(&self) -> TokenStream {
        let Self { root, name, .. } = self;
        let name = syn::ext::IdentExt::unraw(name).to_string();
        let body = quote!(const NAME: &'static ::core::primitive::str = #name;);
        self.implement(&quote!(#root::Network), &[], &body)
    }

    /// `Digits` alone means `f32`, in expressions too.
    fn inherent(&self) -> TokenStream {
        let Self { root, name, conditions, .. } = self;
        let visibility = self.definition.visibility;
        let trait_ = quote!(<Self as #root::Network>);
        let usize = quote!(::core::primitive::usize);
        let on_heap = (self.definition.library >= Library::Alloc).then(|| {
            quote! {
                /// New random weights, by the initializers of the description; biases are zero.
                #[must_use]
                #visibility fn random<R: #root::rand::Rng + ?::core::marker::Sized>(
                    rng: &mut R,
                ) -> #root::__private::Box<Self> {
                    #trait_::random(rng)
                }

                /// All parameters zero.
                #[must_use]
                #visibility fn zeros() -> #root::__private::Box<Self> {
                    <Self as #root::Parameters>::zeros()
                }

                /// The network whose parameters are in the bytes of a safetensors file.
                ///
                /// # Errors
                ///
                /// If the bytes do not hold exactly this network's tensors.
                #visibility fn from_bytes(
                    bytes: &[::core::primitive::u8],
                ) -> ::core::result::Result<#root::__private::Box<Self>, #root::Error> {
                    #trait_::from_bytes(bytes)
                }
            }
        });
        let functions = (self.definition.library == Library::Std).then(|| {
            quote! {
                /// Reads the parameters from a safetensors file.
                ///
                /// # Errors
                ///
                /// If the file cannot be read, or does not hold exactly this network's tensors.
                #visibility fn load(
                    path: impl ::core::convert::AsRef<#root::__private::FilePath>,
                ) -> ::core::result::Result<#root::__private::Box<Self>, #root::Error> {
                    #trait_::load(path)
                }

                /// A table of the layers: shapes, activations, parameters.
                #[must_use]
                #visibility fn summary() -> #root::Summary {
                    #trait_::summary()
                }
            }
        });
        quote! {
            #(#conditions)*
            #[automatically_derived]
            #[allow(dead_code, clippy::unnecessary_box_returns)]
            impl #name<::core::primitive::f32> {
                #on_heap
                #functions
            }

            #(#conditions)*
            #[automatically_derived]
            #[allow(dead_code)]
            impl #name<::core::primitive::f32> {
                /// How many parameters it has.
                #visibility const PARAMETERS: #usize = #trait_::PARAMETERS;
                /// How many numbers one input holds.
                #visibility const INPUT: #usize = #trait_::INPUT;
                /// How many numbers one output holds.
                #visibility const OUTPUT: #usize = #trait_::OUTPUT;
                /// Multiplications with an addition in one forward pass of one sample.
                #visibility const MULTIPLY_ADDS: #usize = #trait_::MULTIPLY_ADDS;
                /// The bytes that its parameters take.
                #visibility const BYTES: #usize = #trait_::BYTES;
            }
        }
    }

    /// Traits of the standard library.
    fn common(&self) -> TokenStream {
        let Self { root, name, scalar, conditions, bounds, parts, .. } = self;
        let site = Span::mixed_site();
        let debug = {
            let label = name.to_string();
            let fields = parts.iter().map(|Part { field, .. }| {
                let label = field.to_string();
                quote_spanned!(site=> .field(#label, &self.#field))
            });
            let user = parts.iter().filter(|part| part.layer.has_user_types());
            let more: Vec<TokenStream> = user
                .map(|Part { rust, layer, .. }| {
                    located(&quote!(#rust: ::core::fmt::Debug), place(&layer.stage.word))
                })
                .collect();
            let body = quote_spanned! {site=>
                fn fmt(
                    &self,
                    formatter: &mut ::core::fmt::Formatter<'_>,
                ) -> ::core::fmt::Result {
                    formatter.debug_struct(#label) #(#fields)* .finish()
                }
            };
            self.implement(&quote!(::core::fmt::Debug), &more, &body)
        };
        let equal = {
            let body = quote_spanned! {site=>
                fn eq(&self, other: &Self) -> ::core::primitive::bool {
                    #root::Parameters::as_slice(self) == #root::Parameters::as_slice(other)
                }
            };
            self.implement(&quote!(::core::cmp::PartialEq), &[], &body)
        };
        // A derived one would pass through the stack, which large networks overflow.
        let clone = (self.definition.library >= Library::Alloc).then(|| {
            quote_spanned! {site=>
                #(#conditions)*
                #[automatically_derived]
                #[allow(non_local_definitions)]
                impl<#scalar: #root::Scalar> ::core::clone::Clone
                    for #root::__private::Box<#name<#scalar>>
                where
                    #(#bounds,)*
                {
                    fn clone(&self) -> Self {
                        #root::__private::clone(self)
                    }
                }
            }
        });
        quote!(#debug #equal #clone)
    }

    /// What the user's own layers have to be. What they take and give is for `checks`, which says it once.
    fn user_bounds(&self) -> Vec<TokenStream> {
        let Self { root, scalar, .. } = self;
        let layers = self.definition.network.layers.iter().flat_map(Layer::user_layers);
        let bounds = layers.filter_map(|layer| {
            let rust = layer.checked(root, scalar)?;
            let bound = quote!(#rust: #root::Layer<Scalar = #scalar>);
            Some(located(&bound, word(&layer.stage.word)))
        });
        // After an error, that of `derive(Parameters)`, so that the compiler sees in each implementation that there was one.
        let unknown = self.parts.iter().filter(|part| !part.layer.is_known());
        let unknown =
            unknown.map(|Part { rust, .. }| quote!(#rust: #root::Parameters<Scalar = #scalar>));
        bounds.chain(unknown).collect()
    }

    /// That the types of the user's own are what they have to be: one error each, at the word.
    fn own_types(&self) -> TokenStream {
        let Self { root, conditions, definition, .. } = self;
        let constants = definition.network.layers.iter().filter_map(|layer| {
            let activation = layer.stage.activation.as_ref().map(|activation| &activation.kind);
            let (path, is, constant) = match (&layer.stage.head, activation) {
                (Head::User(path), _) => (path, quote!(layers::IsLayer), quote!(OUTPUTS)),
                (_, Some(ActivationKind::User(path))) => {
                    (path, quote!(activations::IsActivation), quote!(CHECK))
                }
                _ => return None,
            };
            let own = match layer.stage.head {
                Head::User(_) => quote!(#path<::core::primitive::f32>),
                _ => path.clone(),
            };
            let check = quote!(<&#own as #root::#is<#own>>::#constant);
            let check = located(&check, word(path));
            let name = &layer.check;
            Some(quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::usize = #check;
            })
        });
        constants.collect()
    }

    /// What the macro cannot see, and the compiler checks: constants, and the user's own layers.
    fn checks(&self) -> TokenStream {
        let definition = self.definition;
        let joints = self.joints();
        let assertions = definition.network.assertions.iter();
        let assertions = assertions.map(|Assertion { condition, place, message }| {
            let mut seen = HashSet::new();
            let values = definition.constants.iter().filter_map(|constant| {
                let Constant { name, text, .. } = constant;
                let new = constant.is_in(message) && seen.insert(text);
                new.then(|| quote!((#text, #name)))
            });
            self.check("require", &quote!(#condition, #message, &[#(#values),*]), *place)
        });
        quote!(#(#assertions)* #joints)
    }

    /// A call of the library while the program compiles, which panics at `place`.
    fn check(&self, function: &str, arguments: &TokenStream, place: Span) -> TokenStream {
        let Self { root, conditions, .. } = self;
        let function = library(root, "__private", Ident::new(function, place), place);
        // In parentheses, which are at `place` alone: of the path, rustc would say which macro it comes from.
        let call = quote_spanned!(place=> (#function)(#arguments));
        quote!(#(#conditions)* const _: () = #call;)
    }

    /// What a layer of the user's own takes is what it is given; what it gives is what the next layer takes.
    fn joints(&self) -> TokenStream {
        let Self { root, definition, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let mut before: Option<&Layer<'_>> = None;
        let joints = definition.network.layers.iter().filter_map(|layer| {
            let before = before.replace(layer);
            let giver = before.filter(|before| matches!(before.stage.head, Head::User(_)));
            let name = match &layer.stage.head {
                Head::User(path) => written(path.clone()),
                // They take every shape of as many numbers.
                Head::Layer(layer) if matches!(layer.word, "flatten" | "reshape") => return None,
                _ if giver.is_some() => layer.field.to_string(),
                _ => return None,
            };
            let takes = if let Head::User(_) = layer.stage.head {
                let rust = layer.checked(root, &fixed)?;
                quote!(<#rust as #root::Layer>::Input)
            } else {
                layer.input.rust(root, &fixed)
            };
            let (source, gives) = match (before, giver) {
                (_, Some(giver)) => {
                    let rust = giver.checked(root, &fixed)?;
                    let name = written(giver.stage.word.clone());
                    // Where the giver is no layer, that is said once, of the giver.
                    let gives = quote!(<<#rust as #root::Layer>::Output as #root::Sample>::SHAPE);
                    let gives = located(&gives, word(&giver.stage.word));
                    (format!("`{name}` gives"), gives)
                }
                (before, None) => {
                    let source = match before {
                        Some(before) => format!("`{}` gives", before.field),
                        None => "the input is".to_owned(),
                    };
                    let gives = before.map_or(&layer.input, |before| &before.output);
                    let gives = gives.rust(root, &fixed);
                    (source, quote!(<#gives as #root::Sample>::SHAPE))
                }
            };
            let (taker, source) = (format!("`{name}` takes "), format!(", but {source} "));
            let place = word(&layer.stage.word);
            let takes = located(&quote!(<#takes as #root::Sample>::SHAPE), place);
            Some(self.check("joint", &quote!(#taker, #takes, #source, #gives), place))
        });
        let joints: TokenStream = joints.collect();
        let end =
            before.filter(|last| definition.block && matches!(last.stage.head, Head::User(_)));
        let end = end.and_then(|last| {
            let (rust, vector) = (last.checked(root, &fixed)?, last.output.rust(root, &fixed));
            let source = format!(", but `{}` gives ", written(last.stage.word.clone()));
            let arguments = quote! {
                "a block that ends in a layer of your own gives ",
                <#vector as #root::Sample>::SHAPE,
                #source,
                <<#rust as #root::Layer>::Output as #root::Sample>::SHAPE,
            };
            Some(self.check("joint", &arguments, word(&last.stage.word)))
        });
        quote!(#joints #end)
    }

    /// The last layer and those before it; nothing if no code can be written.
    pub(crate) fn code(&self) -> Option<(&Part<'_>, &[Part<'_>])> {
        if self.definition.unknown.is_some() { None } else { self.parts.split_last() }
    }
}

pub(crate) fn unreachable() -> TokenStream {
    quote!(::core::unreachable!())
}

pub(crate) fn local(name: &str, index: usize) -> Ident {
    format_ident!("{name}{}", index + 1, span = Span::mixed_site())
}
