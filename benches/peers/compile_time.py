#!/usr/bin/env python3
"""What a network adds to a build of the crate it is in: axonal, burn and dfdx.

Makes tiny crates, builds their dependencies, and measures what a touched main.rs costs, the smallest of three.
Prints one line of JSON a measurement, in microseconds as the other programs do.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
COMMANDS = ["check", "build", "build --release"]

# Twenty dense layers, no two of one type: the worst case for a library that compiles each.
WIDTHS = [64 + 4 * (20 - number) for number in range(20)] + [10]

DEPENDENCIES = {
    "an empty program": "",
    "axonal": f'axonal = {{ path = "{HERE.parent.parent}" }}',
    "burn": 'burn = { version = "0.22", features = ["flex", "rayon", "simd", "x86-v4"] }',
    "dfdx": 'dfdx = "0.13"',
}


# LeNet-5; dfdx is not in it: its convolutions need nightly Rust.
LENET = """input 28x28
        => conv 6 5x5 relu => maxpool 2x2 => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10"""


def axonal(description, sample, outputs, more=""):
    return f"""
use axonal::prelude::*;

network! {{ struct Net<{description}>; }}

fn main() {{
    let mut net = Net::random(&mut StdRng::seed_from_u64(1));
    let inputs = vec![{sample}; 32];
    let targets: Vec<Class<{outputs}>> = Class::all().cycle().take(32).collect();
    let mut optimizer = Adam::new(1e-3);
    println!("{{}}", net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer));
    {more}
}}
"""


def burn_dense(widths, activation):
    pairs = list(enumerate(zip(widths, widths[1:])))
    modules = [(f"layer{n}", "Linear", f"LinearConfig::new({i}, {o}).init(&device)") for n, (i, o) in pairs]
    calls = [f"self.layer{n}.forward(x)" for n, _ in pairs]
    steps = [f"activation::{activation}({call})" for call in calls[:-1]] + calls[-1:]
    return burn(modules, steps, [32, widths[0]])


def burn_lenet():
    convolutions = [
        (f"conv{n}", "Conv2d", f"Conv2dConfig::new([{i}, {o}], [5, 5]).init(&device)")
        for n, (i, o) in enumerate([(1, 6), (6, 16)])
    ]
    pool = [("pool", "MaxPool2d", "MaxPool2dConfig::new([2, 2]).init()")]
    dense = [
        (f"layer{n}", "Linear", f"LinearConfig::new({i}, {o}).init(&device)")
        for n, (i, o) in enumerate([(256, 120), (120, 84), (84, 10)])
    ]
    steps = [f"self.pool.forward(activation::relu(self.conv{n}.forward(x)))" for n in range(2)]
    steps += ["x.flatten::<2>(1, 3)"]
    steps += [f"activation::relu(self.layer{n}.forward(x))" for n in range(2)] + ["self.layer2.forward(x)"]
    imports = """use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
"""
    return imports + burn(convolutions + pool + dense, steps, [32, 1, 28, 28])


def burn(modules, steps, shape):
    fields = "\n".join(f"    {name}: {module}," for name, module, _ in modules)
    inits = "\n".join(f"        {name}: {init}," for name, _, init in modules)
    steps = "\n".join(f"        let x = {step};" for step in steps)
    rank = len(shape)
    return f"""
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{{Linear, LinearConfig}};
use burn::optim::{{AdamConfig, GradientsParams}};
use burn::tensor::{{Device, Int, Tensor, activation}};

#[derive(Module, Debug)]
struct Net {{
{fields}
}}

impl Net {{
    fn forward(&self, x: Tensor<{rank}>) -> Tensor<2> {{
{steps}
        x
    }}
}}

fn main() {{
    let device = Device::flex().autodiff();
    let net = Net {{
{inits}
    }};
    let inputs = Tensor::<{rank}>::zeros({shape}, &device);
    let targets = Tensor::<1, Int>::zeros([32], &device);
    let mut optimizer = AdamConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(&device).forward(net.forward(inputs), targets);
    let gradients = GradientsParams::from_grads(loss.backward(), &net);
    let _net = optimizer.step(1e-3, net, gradients);
    println!("{{}}", loss.into_scalar::<f32>());
}}
"""


def dfdx(widths, activation):
    layers = [f"(Linear<{i}, {o}>, {activation})" for i, o in zip(widths, widths[1:-1])]
    layers.append(f"Linear<{widths[-2]}, {widths[-1]}>")
    # A tuple holds at most six modules.
    while len(layers) > 1:
        groups = [layers[n : n + 5] for n in range(0, len(layers), 5)]
        layers = [f"({', '.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return f"""
use dfdx::optim::{{Adam, Optimizer}};
use dfdx::prelude::*;

type Net = {layers[0]};

fn main() {{
    let device = Cpu::default();
    let mut net = device.build_module::<Net, f32>();
    let mut gradients = net.alloc_grads();
    let mut optimizer = Adam::new(&net, Default::default());
    let inputs: Tensor<Rank2<32, {widths[0]}>, f32, Cpu> = device.zeros();
    let targets: Tensor<Rank2<32, 10>, f32, Cpu> = device.zeros();
    let loss = cross_entropy_with_logits_loss(net.forward_mut(inputs.traced(gradients)), targets);
    let value = loss.array();
    gradients = loss.backward();
    optimizer.update(&mut net, &gradients).unwrap();
    println!("{{value}}");
}}
"""


def deep(layers):
    """Layers of one type, of which a compiler needs one: time and memory should grow with the different ones. One sample, too, which is where they did not."""
    return axonal("input 16" + " => dense 16 relu" * layers + " => dense 10", "SVector::<f32, 16>::zeros()", 10, 'println!("{}", net.forward(&inputs[0]));')


def sources():
    hidden = " => ".join(f"dense {width} relu" for width in WIDTHS[1:-1])
    twenty = f"input {WIDTHS[0]} => {hidden} => dense 10"
    return {
        ("none", "an empty program"): "fn main() {}\n",
        ("Digits", "axonal"): axonal("input 784 => dense 128 sigmoid => dense 10", "SVector::<f32, 784>::zeros()", 10),
        ("Digits", "burn"): burn_dense([784, 128, 10], "sigmoid"),
        ("Digits", "dfdx"): dfdx([784, 128, 10], "Sigmoid"),
        ("LeNet-5", "axonal"): axonal(LENET, "Image::<1, 28, 28>::default()", 10),
        ("LeNet-5", "burn"): burn_lenet(),
        ("20 layers", "axonal"): axonal(twenty, f"SVector::<f32, {WIDTHS[0]}>::zeros()", 10),
        ("20 layers", "burn"): burn_dense(WIDTHS, "relu"),
        ("20 layers", "dfdx"): dfdx(WIDTHS, "ReLU"),
        ("100 equal layers", "axonal"): deep(100),
        ("200 equal layers", "axonal"): deep(200),
    }


def main():
    parent = os.environ.get("CARGO_TARGET_DIR", str(HERE / "target"))
    target = pathlib.Path(parent).resolve() / "compile-time"
    variables = dict(os.environ, CARGO_TARGET_DIR=str(target))
    # As cargo does it for everybody: debug builds are incremental, release builds are not.
    variables.pop("CARGO_INCREMENTAL", None)
    only = sys.argv[1:]
    lock = (HERE / "Cargo.lock").read_text()
    with tempfile.TemporaryDirectory() as folder:
        for (network, library), source in sources().items():
            if only and library not in only:
                continue
            name = re.sub(r"\W+", "-", f"{network}-{library}".lower())
            crate = pathlib.Path(folder) / name
            (crate / "src").mkdir(parents=True)
            manifest = (
                f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
                f"[dependencies]\n{DEPENDENCIES[library]}\n"
            )
            if name[0].isdigit():
                manifest = manifest.replace(f'"{name}"', f'"net-{name}"')
            (crate / "Cargo.toml").write_text(manifest)
            (crate / "Cargo.lock").write_text(lock)  # the same versions as in the other programs
            main_rs = crate / "src" / "main.rs"
            main_rs.write_text(source)
            version = re.search(rf'name = "{library}"\nversion = "(.*)"', lock)
            for command in COMMANDS:
                cargo = ["cargo", *command.split(), "--quiet"]
                built = subprocess.run(cargo, cwd=crate, env=variables, stderr=subprocess.PIPE, text=True)
                if built.returncode != 0:
                    print(f"{library}, {network}: {built.stderr}", file=sys.stderr)
                    break
                best = float("inf")
                for number in range(3):
                    # A comment more: main.rs is compiled again, though an incremental build finds its code unchanged.
                    main_rs.write_text(f"{source}\n// {command} {number}\n")
                    start = time.perf_counter()
                    subprocess.run(cargo, cwd=crate, env=variables, check=True)
                    best = min(best, time.perf_counter() - start)
                line = {
                    "library": library,
                    "version": version[1] if version else "",
                    "setting": "touched main.rs",
                    "workload": f"compile/{network}/{command}",
                    "threads": os.cpu_count(),
                    "microseconds": round(best * 1e6),
                }
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
