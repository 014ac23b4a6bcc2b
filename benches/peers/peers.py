"""The workloads in PyTorch, JAX and ONNX Runtime: one library a process, one line of JSON a measurement.

peers.py pytorch|jax|onnxruntime [--only PREFIX] [--threads N] [--seconds S] [--models FOLDER]
peers.py onnx --models FOLDER        writes the networks as ONNX files, for ONNX Runtime and tract
"""

import argparse
import json
import os
import pathlib
import sys
import time
import types

import numpy as np

NETWORKS = {
    "784-128-10": ([784, 128, 10], "sigmoid"),
    "8-64-64-2": ([8, 64, 64, 2], "tanh"),
    "784-512-512-10": ([784, 512, 512, 10], "relu"),
    "6-64-8-4": ([6, 64, 8, 4], "relu"),
}
# Those whose Jacobians are taken.
JACOBIANS = {"8-64-64-2": [8, 64, 64, 2], "24-64-64-24": [24, 64, 64, 24]}
BACKWARD_BATCH = 32

# The same data as benches/shared/data.rs.
CLASS_SETS = 10
CHECKED_STEPS = 20
SGD_RATE = 0.1
ADAM_RATE = 1e-3
LENET_RATE = 3e-4
LENET_CHANNELS = [(1, 6), (6, 16)]
LENET_WINDOW = 5
LENET_WIDTHS = [256, 120, 84, 10]
LENET_SAMPLE = (1, 28, 28)
NETWORKS_BATCH = 32


def noise(stream, count):
    """So many numbers of a stream, from -1 to 1: the mixing step of MurmurHash3 on 32 bits."""
    mask = np.uint64(0xFFFFFFFF)
    bits = np.arange(count, dtype=np.uint64) + np.uint64((stream * 0x9E3779B9 + 1) & 0xFFFFFFFF)
    bits &= mask
    bits = ((bits ^ (bits >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & mask
    bits = ((bits ^ (bits >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & mask
    bits ^= bits >> np.uint64(16)
    return bits.astype(np.float64) / 2.0**31 - 1.0


def layers(widths, dtype=np.float32, first=1):
    """Weights (one row an output) and biases."""
    found = []
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:]), first):
        weight = noise(number, outputs * inputs).reshape(outputs, inputs) / np.sqrt(inputs)
        found.append((weight.astype(dtype), (0.1 * noise(100 + number, outputs)).astype(dtype)))
    return found


def convolutions():
    """Weights (output channel, input channel, row, column) and biases of LeNet-5."""
    found = []
    for number, (ins, outs) in enumerate(LENET_CHANNELS, 1):
        shape = (outs, ins, LENET_WINDOW, LENET_WINDOW)
        width = ins * LENET_WINDOW**2
        weight = noise(number, outs * width).reshape(shape) / np.sqrt(width)
        bias = 0.1 * noise(100 + number, outs)
        found.append((weight.astype(np.float32), bias.astype(np.float32)))
    return found


def lenet_dense():
    return layers(LENET_WIDTHS, first=len(LENET_CHANNELS) + 1)


def images(samples):
    return inputs(samples, int(np.prod(LENET_SAMPLE))).reshape(samples, *LENET_SAMPLE)


def inputs(samples, width, dtype=np.float32):
    return (0.5 + 0.5 * noise(200, samples * width)).reshape(samples, width).astype(dtype)


def targets(samples, width, dtype=np.float32):
    return (0.5 + 0.5 * noise(300, samples * width)).reshape(samples, width).astype(dtype)


def classes(samples, number, count=10):
    return ((noise(400, samples) * 5.0 + 5.0).astype(np.int64) + number) % 10 % count


def described():
    """The networks of networks.rs, by name: the shape of a sample, the stages, and the shape of the outputs."""
    text = (pathlib.Path(__file__).parent / "networks.rs").read_text()
    found = {}
    for item in text.split("    /// ")[1:]:
        # The last word is at hand.
        words = item.split(">;")[0].split("<input")[1].split()[::-1]
        sample = tuple(map(int, words.pop().split("x")))
        found[item.split(":")[0]] = sample, *chain(words, sample, iter(range(1, 100)))
    return found


def he_weights(number, *shape):
    """For layers with relu, which halves what comes in."""
    width = int(np.prod(shape[1:]))
    weight = noise(number, shape[0] * width).reshape(shape) * np.sqrt(6.0 / width)
    return weight.astype(np.float32)


def bias(number, outputs):
    return (0.1 * noise(100 + number, outputs)).astype(np.float32)


def chain(words, shape, numbers):
    """Stages with their numbers and weights, to the end or to the brace that closes a block, and the shape of what comes out."""
    found = []
    while words and (word := words.pop()) != "}":
        if word == "=>":
            continue
        stage = types.SimpleNamespace(word=word)
        found.append(stage)
        if word == "conv":
            outputs, window = int(words.pop()), [int(side) for side in words.pop().split("x")]
            stage.stride, stage.groups, pad = 1, 1, "0"
            while words and words[-1] in ["stride", "pad", "depthwise", "floor"]:
                option = words.pop()
                if option == "stride":
                    stage.stride = int(words.pop())
                elif option == "pad":
                    pad = words.pop()
                elif option == "depthwise":
                    stage.groups = shape[0]
            # Before and after the rows, and the columns.
            stage.pads, sizes = [], []
            for size, side in zip(shape[1:], window):
                total = 2 * int(pad) if pad != "same" else (
                    max(0, (-(-size // stage.stride) - 1) * stage.stride + side - size)
                )
                stage.pads.append((total // 2, total - total // 2))
                sizes.append((size + total - side) // stage.stride + 1)
            stage.number = next(numbers)
            stage.weight = he_weights(stage.number, outputs, shape[0] // stage.groups, *window)
            stage.bias = bias(stage.number, outputs)
            shape = (outputs, *sizes)
        elif word == "dense":
            stage.number, outputs = next(numbers), int(words.pop())
            stage.weight = he_weights(stage.number, outputs, shape[0])
            stage.bias = bias(stage.number, outputs)
            shape = (outputs,)
        elif word == "batchnorm":
            stage.number, channels = next(numbers), shape[0]
            around_one = lambda stream, width: 1.0 + width * noise(stream + stage.number, channels)
            stage.weight = around_one(500, 0.2).astype(np.float32)
            stage.bias = bias(stage.number, channels)
            stage.mean = (0.1 * noise(600 + stage.number, channels)).astype(np.float32)
            stage.variance = around_one(700, 0.5).astype(np.float32)
        elif word in ["maxpool", "upsample"]:
            stage.factor = int(words.pop()[0])
            sizes = [size // stage.factor for size in shape[1:]]
            if word == "upsample":
                sizes = [size * stage.factor for size in shape[1:]]
            shape = (shape[0], *sizes)
        elif word == "global":
            assert words.pop() == "avgpool"
            shape = shape[:1]
        elif word == "flatten":
            stage.shape = shape
            shape = (int(np.prod(shape)),)
        elif word == "residual":
            assert words.pop() == "{"
            stage.block, after = chain(words, shape, numbers)
            stage.projection = []
            if words[-1] == "project":
                assert (words.pop(), words.pop()) == ("project", "{")
                stage.projection, _ = chain(words, shape, numbers)
            shape = after
        elif word == "concat":
            assert words.pop() == "{"
            first, (before, *sizes) = chain(words, shape, numbers)
            assert words.pop() == "{"
            second, (behind, *_) = chain(words, shape, numbers)
            stage.blocks, shape = [first, second], (before + behind, *sizes)
        else:
            assert word in ["relu", "sigmoid", "identity"], word
    return found, shape


def shaped_inputs(samples, sample):
    return inputs(samples, int(np.prod(sample))).reshape(samples, *sample)


def networks_rate(name):
    """The learning rate of Adam: so small that rounding does not grow to a difference of losses."""
    return {"MobileNet": 1e-5, "VGG": 3e-5, "1024-2048-2048-1000": 3e-5}.get(name, 1e-4)


class Bench:
    def __init__(self, arguments, library, version):
        self.arguments, self.library, self.version = arguments, library, version

    def wants(self, workload):
        only = self.arguments.only
        return workload.startswith(only) or only.startswith(workload)

    def measure(self, workload, setting, check, call, wait=lambda result: None, steps=1):
        """The smallest mean of batches of calls of 20 ms or more; a call does `steps` steps."""
        if not self.wants(workload):
            return
        seconds, batch = self.arguments.seconds, 1

        def timed(calls):
            start = time.perf_counter()
            result = None
            for _ in range(calls):
                result = call()
            wait(result)
            return time.perf_counter() - start

        started = time.perf_counter()
        while True:
            if timed(batch) < 0.02:
                batch *= 2
            elif time.perf_counter() - started > 0.2 * seconds:
                break
        best, started = float("inf"), time.perf_counter()
        while time.perf_counter() - started < seconds:
            best = min(best, timed(batch) / batch)
        line = {
            "library": self.library,
            "version": self.version,
            "setting": setting,
            "workload": workload,
            "threads": self.arguments.threads,
            "microseconds": round(best / steps * 1e6, 5),
            "check": float(check),
        }
        print(json.dumps(line), flush=True)


def report(error, what):
    """A setting that a machine lacks something for is no reason to go without the others."""
    message = str(error).strip().splitlines()
    print(f"{what}: {type(error).__name__}: {message[0] if message else ''}", file=sys.stderr)


def pytorch(arguments):
    import torch

    torch.set_num_threads(arguments.threads)
    torch.set_num_interop_threads(1)
    bench = Bench(arguments, "PyTorch", torch.__version__)
    activations = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}

    def filled(layer, weight, bias):
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        return layer

    def dense(found, activation):
        stages = []
        for weight, bias in found:
            dtype = torch.from_numpy(weight).dtype
            linear = torch.nn.Linear(*reversed(weight.shape), dtype=dtype)
            stages += [filled(linear, weight, bias), activations[activation]()]
        return stages[:-1]

    def network(widths, activation, dtype=np.float32):
        return torch.nn.Sequential(*dense(layers(widths, dtype), activation))

    def lenet():
        stages = []
        for weight, bias in convolutions():
            convolution = torch.nn.Conv2d(*reversed(weight.shape[:2]), LENET_WINDOW)
            stages += [filled(convolution, weight, bias), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
        return torch.nn.Sequential(*stages, torch.nn.Flatten(), *dense(lenet_dense(), "relu"))

    class Residual(torch.nn.Module):
        def __init__(self, stage):
            super().__init__()
            self.block, self.projection = chained(stage.block), chained(stage.projection)

        def forward(self, x):
            return self.block(x) + self.projection(x)

    class Concat(torch.nn.Module):
        def __init__(self, stage):
            super().__init__()
            self.blocks = torch.nn.ModuleList(map(chained, stage.blocks))

        def forward(self, x):
            return torch.cat([block(x) for block in self.blocks], 1)

    def normalization(stage):
        layer = torch.nn.BatchNorm2d(len(stage.weight))
        layer.running_mean.copy_(torch.from_numpy(stage.mean))
        layer.running_var.copy_(torch.from_numpy(stage.variance))
        return filled(layer, stage.weight, stage.bias)

    def convolution(stage):
        outputs, width, *window = stage.weight.shape
        (top, bottom), (left, right) = stage.pads
        symmetric = (top, left) == (bottom, right)
        layer = torch.nn.Conv2d(
            width * stage.groups, outputs, window, stage.stride,
            padding=(top, left) if symmetric else 0, groups=stage.groups,
        )
        filled(layer, stage.weight, stage.bias)
        if symmetric:
            return layer
        return torch.nn.Sequential(torch.nn.ZeroPad2d((left, right, top, bottom)), layer)

    stages = {
        "conv": convolution,
        "dense": lambda stage: filled(
            torch.nn.Linear(*reversed(stage.weight.shape)), stage.weight, stage.bias
        ),
        "batchnorm": normalization,
        "relu": lambda stage: torch.nn.ReLU(),
        "sigmoid": lambda stage: torch.nn.Sigmoid(),
        "identity": lambda stage: torch.nn.Identity(),
        "maxpool": lambda stage: torch.nn.MaxPool2d(stage.factor),
        "upsample": lambda stage: torch.nn.Upsample(scale_factor=stage.factor),
        "global": lambda stage: torch.nn.Sequential(
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        ),
        "flatten": lambda stage: torch.nn.Flatten(),
        "residual": Residual,
        "concat": Concat,
    }

    def chained(found):
        return torch.nn.Sequential(*[stages[stage.word](stage) for stage in found])

    def optimizer(name, parameters, fused, rate):
        if name == "sgd":
            return torch.optim.SGD(parameters, lr=SGD_RATE, fused=fused)
        return torch.optim.Adam(parameters, lr=rate, fused=fused)

    SETTINGS = ["eager", "fused optimizer", "compiled", "compiled, fused optimizer"]
    # Channels after rows and columns in memory: `torch.compile` chooses for itself.
    LAST = "fused optimizer, channels last"

    def train(
        workload, make, loss_function, batch_inputs, sets, name, rate=ADAM_RATE, settings=SETTINGS
    ):
        for setting in settings:
            if not bench.wants(workload):
                return
            net = make()
            if setting == LAST:
                net = net.to(memory_format=torch.channels_last)
                batch_inputs = batch_inputs.to(memory_format=torch.channels_last)
            chosen = optimizer(name, net.parameters(), fused="fused" in setting, rate=rate)
            forward = lambda x, y: loss_function(net(x), y)
            if "compiled" in setting:
                forward = torch.compile(forward)
            number = 0

            def step():
                nonlocal number
                chosen.zero_grad()
                loss = forward(batch_inputs, sets[number % len(sets)])
                loss.backward()
                chosen.step()
                number += 1
                return loss

            try:
                for _ in range(CHECKED_STEPS):
                    loss = step()
                bench.measure(workload, setting, loss.item(), step)
            except Exception as error:
                report(error, f"{workload}, {setting}")

    cross_entropy = torch.nn.CrossEntropyLoss()
    for name in ["sgd", "adam"]:
        for batch in [1, 32, 128]:
            sets = [torch.from_numpy(classes(batch, number)) for number in range(CLASS_SETS)]
            make = lambda: network([784, 128, 10], "sigmoid")
            x = torch.from_numpy(inputs(batch, 784))
            train(f"training/{name}/{batch}", make, cross_entropy, x, sets, name)

    for batch in [32, 128]:
        sets = [torch.from_numpy(classes(batch, number)) for number in range(CLASS_SETS)]
        x = torch.from_numpy(images(batch))
        train(f"lenet/adam/{batch}", lenet, cross_entropy, x, sets, "adam", LENET_RATE)

    with torch.inference_mode():
        for name in [*NETWORKS, "LeNet-5"]:
            for batch in [1, 64]:
                workload = f"inference/{name}/{batch}"
                if not bench.wants(workload):
                    continue
                if name in NETWORKS:
                    widths, activation = NETWORKS[name]
                    net, x = network(widths, activation), inputs(batch, widths[0])
                else:
                    net, x = lenet(), images(batch)
                x = torch.from_numpy(x)
                for setting in ["eager", "compiled"]:
                    try:
                        call = torch.compile(net) if setting == "compiled" else net
                        bench.measure(workload, setting, call(x).abs().sum(), lambda: call(x))
                    except Exception as error:
                        report(error, f"{workload}, {setting}")

    for name, (sample, found, outputs) in described().items():
        is_image = len(sample) > 1
        for batch in [1, 64]:
            workload = f"networks/{name}/{batch}"
            settings = ["eager", "channels last", "compiled", "compiled, frozen"]
            for setting in settings if is_image else ["eager", "compiled"]:
                if not bench.wants(workload):
                    continue
                net, x = chained(found).eval(), torch.from_numpy(shaped_inputs(batch, sample))
                if setting == "channels last":
                    net = net.to(memory_format=torch.channels_last)
                    x = x.to(memory_format=torch.channels_last)
                try:
                    # Frozen weights are put in the order that the kernels like, and batch normalization goes into them.
                    options = {"freezing": True} if "frozen" in setting else None
                    with torch.no_grad():
                        if "compiled" in setting:
                            net = torch.compile(net, options=options)
                        check = net(x).abs().sum()
                        bench.measure(workload, setting, check, lambda: net(x))
                except Exception as error:
                    report(error, f"{workload}, {setting}")
        batch = NETWORKS_BATCH
        x = torch.from_numpy(shaped_inputs(batch, sample))
        if len(outputs) == 1:
            loss = cross_entropy
            sets = [classes(batch, number, *outputs) for number in range(CLASS_SETS)]
        else:
            loss = torch.nn.MSELoss()
            sets = [targets(batch, int(np.prod(outputs))).reshape(batch, *outputs)]
        sets = [*map(torch.from_numpy, sets)]
        make, settings = lambda: chained(found), [*SETTINGS, LAST] if is_image else SETTINGS
        workload = f"networks/{name}/step of {batch}"
        train(workload, make, loss, x, sets, "adam", networks_rate(name), settings)

    for name in ["784-128-10", "LeNet-5"]:
        x = images(BACKWARD_BATCH) if name == "LeNet-5" else inputs(BACKWARD_BATCH, 784)
        x = torch.from_numpy(x)
        net = lenet() if name == "LeNet-5" else network([784, 128, 10], "sigmoid")
        output_gradients = torch.from_numpy(targets(BACKWARD_BATCH, 10))
        for kind, ends in [
            ("backward", [*net.parameters()]),
            ("backward to inputs too", [*net.parameters(), x]),
        ]:
            workload = f"gradients/{kind}/{name}/{BACKWARD_BATCH}"
            x.requires_grad_(ends[-1] is x)
            for setting in ["eager", "compiled"]:
                if not bench.wants(workload):
                    continue
                forward = torch.compile(net) if setting == "compiled" else net
                call = lambda: torch.autograd.grad(forward(x), ends, output_gradients)
                try:
                    check = sum(gradient.abs().sum() for gradient in call())
                    bench.measure(workload, setting, check, call)
                except Exception as error:
                    report(error, f"{workload}, {setting}")

    for name, widths in JACOBIANS.items():
        workload = f"gradients/jacobian/{name}"
        if not bench.wants(workload):
            continue
        net, x = network(widths, "tanh"), torch.from_numpy(inputs(1, widths[0])[0])
        net.requires_grad_(False)
        for mode in [torch.func.jacrev, torch.func.jacfwd]:
            for setting in ["", ", compiled"]:
                call = mode(net)
                if setting:
                    call = torch.compile(call)
                try:
                    check = call(x).abs().sum()
                    bench.measure(workload, mode.__name__ + setting, check, lambda: call(x))
                except Exception as error:
                    report(error, f"{workload}, {mode.__name__}{setting}")

    make = lambda: network([4, 32, 16, 4], "tanh")
    x, y = torch.from_numpy(inputs(10_000, 4)), torch.from_numpy(targets(10_000, 4))
    train("small/4-32-16-4", make, torch.nn.MSELoss(), x, [y], "adam")

    workload = "small/24-8-2 f64"
    if bench.wants(workload):
        net = network([24, 8, 2], "tanh", np.float64)
        x = torch.from_numpy(inputs(200, 24, np.float64))
        y = torch.from_numpy(targets(200, 2, np.float64))
        for setting in ["eager", "compiled"]:
            forward = lambda x, y: torch.nn.functional.mse_loss(net(x), y)
            if setting == "compiled":
                forward = torch.compile(forward)

            def gradient():
                net.zero_grad()
                loss = forward(x, y)
                loss.backward()
                return loss

            try:
                gradient()
                check = sum(parameter.grad.abs().sum() for parameter in net.parameters())
                bench.measure(workload, setting, check, gradient)
            except Exception as error:
                report(error, f"{workload}, {setting}")


def jax(arguments):
    os.environ["JAX_PLATFORMS"] = "cpu"
    if arguments.threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["XLA_FLAGS"] = flags
    import jax
    import jax.numpy as jnp
    from jax import lax

    jax.config.update("jax_enable_x64", True)
    bench = Bench(arguments, "JAX", jax.__version__)
    wait = jax.block_until_ready
    activations = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu}

    # JAX's users keep one row an input, and so its product needs no transpose.
    def parameters(widths, dtype=np.float32):
        return [(jnp.array(w.T.copy()), jnp.array(b)) for w, b in layers(widths, dtype)]

    def forward(net, x, activation):
        for weight, bias in net[:-1]:
            x = activations[activation](x @ weight + bias)
        weight, bias = net[-1]
        return x @ weight + bias

    def mean_cross_entropy(scores, y):
        scores = jax.nn.log_softmax(scores)
        return -jnp.take_along_axis(scores, y[:, None], axis=1).mean()

    def cross_entropy(net, x, y):
        return mean_cross_entropy(forward(net, x, "sigmoid"), y)

    # Channels before rows and columns, or after them: neither is the faster everywhere.
    LAYOUTS = {"NCHW": ("NCHW", "OIHW", "NCHW"), "NHWC": ("NHWC", "HWIO", "NHWC")}

    def lenet_parameters(layout):
        dense = lenet_dense()
        if layout == "NCHW":
            first = convolutions()
        else:
            first = [(w.transpose(2, 3, 1, 0), b) for w, b in convolutions()]
            channels = LENET_CHANNELS[-1][1]
            weight, bias = dense[0]
            side = int(np.sqrt(weight.shape[1] // channels))
            weight = weight.reshape(-1, channels, side, side).transpose(0, 2, 3, 1)
            dense[0] = weight.reshape(len(bias), -1), bias
        dense = [(w.T.copy(), b) for w, b in dense]
        return [(jnp.array(w), jnp.array(b)) for w, b in [*first, *dense]]

    def lenet_images(samples, layout):
        x = images(samples)
        return jnp.array(x if layout == "NCHW" else x.transpose(0, 2, 3, 1))

    def lenet(net, x, layout):
        first = len(LENET_CHANNELS)
        for weight, bias in net[:first]:
            numbers = LAYOUTS[layout]
            x = lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=numbers)
            # The largest of a reshaped axis: faster than `reduce_window`, above all in the gradient.
            if layout == "NCHW":
                x = jax.nn.relu(x + bias[:, None, None])
                n, c, h, w = x.shape
                x = x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))
            else:
                x = jax.nn.relu(x + bias)
                n, h, w, c = x.shape
                x = x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
        return forward(net[first:], x.reshape(len(x), -1), "relu")

    def squared_error(net, x, y):
        return jnp.square(forward(net, x, "tanh") - y).mean()

    def sgd(net, gradient, state):
        step = lambda w, g: w - np.float32(SGD_RATE) * g
        return jax.tree.map(step, net, gradient), state

    def adam(net, gradient, state, rate=ADAM_RATE):
        number, first, second = state
        number += np.float32(1.0)
        f = np.float32
        first = jax.tree.map(lambda m, g: f(0.9) * m + f(0.1) * g, first, gradient)
        second = jax.tree.map(lambda v, g: f(0.999) * v + f(0.001) * g * g, second, gradient)
        root = jnp.sqrt(1 - f(0.999) ** number)
        rate = f(rate) * root / (1 - f(0.9) ** number)
        step = lambda w, m, v: w - rate * m / (jnp.sqrt(v) + f(1e-8) * root)
        return jax.tree.map(step, net, first, second), (number, first, second)

    def lenet_adam(net, gradient, state):
        return adam(net, gradient, state, LENET_RATE)

    def described_parameters(stages, layout):
        """By their numbers: what is learned, and the statistics."""
        learned, statistics = {}, {}
        # What the next dense layer's inputs were before they were flattened.
        before = None
        for stage in stages:
            if stage.word == "conv":
                order = (0, 1, 2, 3) if layout == "NCHW" else (2, 3, 1, 0)
                learned[stage.number] = stage.weight.transpose(order), stage.bias
            elif stage.word == "batchnorm":
                learned[stage.number] = stage.weight, stage.bias
                statistics[stage.number] = stage.mean, stage.variance
            elif stage.word == "dense":
                weight = stage.weight
                if before is not None and layout == "NHWC":
                    weight = weight.reshape(-1, *before).transpose(0, 2, 3, 1)
                learned[stage.number] = weight.reshape(len(stage.bias), -1).T.copy(), stage.bias
                before = None
            elif stage.word == "flatten":
                before = stage.shape
            elif stage.word in ["residual", "concat"]:
                blocks = stage.blocks if stage.word == "concat" else [stage.block, stage.projection]
                for block in blocks:
                    more, other = described_parameters(block, layout)
                    learned |= more
                    statistics |= other
        return jax.tree.map(jnp.array, (learned, statistics))

    def described_forward(stages, learned, statistics, x, layout, new=None):
        """The outputs; in training the statistics of the batch are used, and the running ones are put into `new`."""
        channels, sides = (1, (2, 3)) if layout == "NCHW" else (3, (1, 2))
        along = lambda vector: vector[:, None, None] if layout == "NCHW" else vector
        chained = lambda stages: described_forward(stages, learned, statistics, x, layout, new)
        for stage in stages:
            word = stage.word
            if word == "conv":
                weight, bias = learned[stage.number]
                x = lax.conv_general_dilated(
                    x, weight, [stage.stride] * 2, stage.pads,
                    dimension_numbers=LAYOUTS[layout], feature_group_count=stage.groups,
                ) + along(bias)
            elif word == "dense":
                weight, bias = learned[stage.number]
                x = x @ weight + bias
            elif word == "batchnorm":
                weight, bias = learned[stage.number]
                mean, variance = statistics[stage.number]
                if new is not None:
                    count = x.size // len(weight)
                    running = mean, variance
                    mean, variance = x.mean((0, *sides)), x.var((0, *sides))
                    f = np.float32
                    new[stage.number] = (
                        f(0.9) * running[0] + f(0.1) * mean,
                        f(0.9) * running[1] + f(0.1 * count / (count - 1)) * variance,
                    )
                scale = weight * lax.rsqrt(variance + np.float32(1e-5))
                x = (x - along(mean)) * along(scale) + along(bias)
            elif word == "maxpool":
                # As in LeNet-5.
                shape = [*x.shape]
                for side in reversed(sides):
                    shape[side : side + 1] = [shape[side] // stage.factor, stage.factor]
                x = x.reshape(shape).max((sides[0] + 1, sides[1] + 2))
            elif word == "upsample":
                for side in sides:
                    x = jnp.repeat(x, stage.factor, side)
            elif word == "global":
                x = x.mean(sides)
            elif word == "flatten":
                x = x.reshape(len(x), -1)
            elif word == "residual":
                x = chained(stage.block) + chained(stage.projection)
            elif word == "concat":
                x = jnp.concatenate([*map(chained, stage.blocks)], channels)
            elif word == "relu":
                x = jax.nn.relu(x)
            elif word == "sigmoid":
                x = jax.nn.sigmoid(x)
        return x

    def train(
        workload, make, loss_function, x, sets, optimizer,
        layout="", statistics=lambda: {}, loops=True,
    ):
        """With statistics, which are not learned, a loss has two more arguments: these, and where the next ones go."""
        if not bench.wants(workload):
            return

        def start():
            net = make()
            zeros = lambda: jax.tree.map(jnp.zeros_like, net)
            state = (jnp.float32(0), zeros(), zeros()) if optimizer is not sgd else ()
            return (net, state), statistics()

        def step(carry, x, y):
            (net, state), counted = carry

            def loss_of(net):
                new = {}
                others = (counted, new) if counted else ()
                return loss_function(net, x, y, *others), new

            (loss, new), gradient = jax.value_and_grad(loss_of, has_aux=True)(net)
            return (optimizer(net, gradient, state), new), loss

        jitted = jax.jit(step, donate_argnums=0)
        carry, number = start(), 0

        def one():
            nonlocal carry, number
            carry, loss = jitted(carry, x, sets[number % len(sets)])
            number += 1
            return loss

        for _ in range(CHECKED_STEPS):
            loss = one()
        bench.measure(workload, "jitted step" + layout, loss, one, wait)
        if not loops:
            return

        # Steps in a compiled loop, over all sets of targets in turn, so many that a call takes about 20 ms.
        stacked = jnp.stack(sets)

        def loop(carry, x, stacked, rounds):
            def a_round(carry, _):
                carry, losses = lax.scan(lambda carry, y: step(carry, x, y), carry, stacked)
                return carry, losses[-1]

            carry, losses = lax.scan(a_round, carry, length=rounds)
            return carry, losses[-1]

        scanned = jax.jit(loop, static_argnums=3, donate_argnums=0)
        _, loss = scanned(start(), x, stacked, CHECKED_STEPS // len(sets))
        begin = time.perf_counter()
        wait(scanned(start(), x, stacked, CHECKED_STEPS // len(sets)))
        once = (time.perf_counter() - begin) / (CHECKED_STEPS // len(sets))
        rounds = max(1, min(200, int(0.02 / once)))
        carry = start()

        def many():
            nonlocal carry
            carry, loss = scanned(carry, x, stacked, rounds)
            return loss

        wait(many())
        steps = rounds * len(sets)
        bench.measure(workload, "scan over steps" + layout, loss, many, wait, steps=steps)

    for name, optimizer in [("sgd", sgd), ("adam", adam)]:
        for batch in [1, 32, 128]:
            sets = [jnp.array(classes(batch, number)) for number in range(CLASS_SETS)]
            x = jnp.array(inputs(batch, 784))
            make = lambda: parameters([784, 128, 10])
            train(f"training/{name}/{batch}", make, cross_entropy, x, sets, optimizer)

    for batch in [32, 128]:
        sets = [jnp.array(classes(batch, number)) for number in range(CLASS_SETS)]
        for layout in LAYOUTS:
            make = lambda: lenet_parameters(layout)
            loss = lambda net, x, y: mean_cross_entropy(lenet(net, x, layout), y)
            x = lenet_images(batch, layout)
            train(f"lenet/adam/{batch}", make, loss, x, sets, lenet_adam, f", {layout}")

    for name, (widths, activation) in NETWORKS.items():
        for batch in [1, 64]:
            net, x = parameters(widths), jnp.array(inputs(batch, widths[0]))
            call = jax.jit(lambda net, x: forward(net, x, activation))
            workload = f"inference/{name}/{batch}"
            if bench.wants(workload):
                check = jnp.abs(call(net, x)).sum()
                bench.measure(workload, "jitted", check, lambda: wait(call(net, x)))

    for batch in [1, 64]:
        workload = f"inference/LeNet-5/{batch}"
        for layout in LAYOUTS:
            if not bench.wants(workload):
                continue
            net, x = lenet_parameters(layout), lenet_images(batch, layout)
            call = jax.jit(lambda net, x: lenet(net, x, layout))
            check = jnp.abs(call(net, x)).sum()
            bench.measure(workload, f"jitted, {layout}", check, lambda: wait(call(net, x)))

    for name, (sample, stages, outputs) in described().items():
        is_image = len(sample) > 1
        for layout in LAYOUTS if is_image else ["NCHW"]:
            if not bench.wants(f"networks/{name}"):
                continue
            setting = f", {layout}" if is_image else ""

            def arranged(samples):
                x = jnp.array(samples)
                return x.transpose(0, 2, 3, 1) if x.ndim == 4 and layout == "NHWC" else x

            def call(learned, statistics, x, new=None):
                return described_forward(stages, learned, statistics, x, layout, new)

            for batch in [1, 64]:
                workload = f"networks/{name}/{batch}"
                if not bench.wants(workload):
                    continue
                net = described_parameters(stages, layout)
                x, jitted = arranged(shaped_inputs(batch, sample)), jax.jit(call)
                check = jnp.abs(jitted(*net, x)).sum()
                bench.measure(workload, "jitted" + setting, check, lambda: wait(jitted(*net, x)))

            batch = NETWORKS_BATCH
            if len(outputs) == 1:
                sets = [jnp.array(classes(batch, number, *outputs)) for number in range(CLASS_SETS)]
                loss_of = mean_cross_entropy
            else:
                y = targets(batch, int(np.prod(outputs))).reshape(batch, *outputs)
                sets = [arranged(y)]
                loss_of = lambda outputs, y: jnp.square(outputs - y).mean()

            def loss(learned, x, y, counted={}, new=None):
                return loss_of(call(learned, counted, x, new), y)

            train(
                f"networks/{name}/step of {batch}",
                lambda: described_parameters(stages, layout)[0],
                loss,
                arranged(shaped_inputs(batch, sample)),
                sets,
                lambda *state: adam(*state, networks_rate(name)),
                setting,
                lambda: described_parameters(stages, layout)[1],
                # In a loop, XLA's convolutions are up to twenty times slower.
                loops=not is_image,
            )

    def backward(workload, setting, forward, net, x):
        """The vector-Jacobian product to the parameters, and to the inputs too."""
        output_gradients = jnp.array(targets(BACKWARD_BATCH, 10))

        def to_parameters(net, x, output_gradients):
            return jax.vjp(lambda net: forward(net, x), net)[1](output_gradients)

        def to_both(net, x, output_gradients):
            return jax.vjp(forward, net, x)[1](output_gradients)

        for kind, product in [("backward", to_parameters), ("backward to inputs too", to_both)]:
            if not bench.wants(f"gradients/{kind}/{workload}"):
                continue
            jitted = jax.jit(product)
            call = lambda: wait(jitted(net, x, output_gradients))
            check = sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(call()))
            bench.measure(f"gradients/{kind}/{workload}", setting, check, call)

    dense = lambda net, x: forward(net, x, "sigmoid")
    x = jnp.array(inputs(BACKWARD_BATCH, 784))
    workload = f"784-128-10/{BACKWARD_BATCH}"
    backward(workload, "jitted", dense, parameters([784, 128, 10]), x)
    for layout in LAYOUTS:
        x = lenet_images(BACKWARD_BATCH, layout)
        net, run = lenet_parameters(layout), lambda net, x: lenet(net, x, layout)
        backward(f"LeNet-5/{BACKWARD_BATCH}", f"jitted, {layout}", run, net, x)

    for name, widths in JACOBIANS.items():
        workload = f"gradients/jacobian/{name}"
        if not bench.wants(workload):
            continue
        net, points = parameters(widths), jnp.array(inputs(64, widths[0]))
        for mode in [jax.jacrev, jax.jacfwd]:
            function = mode(lambda x, net: forward(net, x, "tanh"))
            jitted = jax.jit(function)
            x = points[0]
            check = jnp.abs(jitted(x, net)).sum()
            setting = f"{mode.__name__}, jitted"
            bench.measure(workload, setting, check, lambda: wait(jitted(x, net)))
            # At one point after another in a compiled loop.
            mapped = jax.jit(lambda points, net: lax.map(lambda x: function(x, net), points))
            check = jnp.abs(mapped(points, net)[0]).sum()
            call, steps = lambda: wait(mapped(points, net)), len(points)
            bench.measure(workload, f"{mode.__name__}, map", check, call, steps=steps)

    x, y = jnp.array(inputs(10_000, 4)), jnp.array(targets(10_000, 4))
    make = lambda: parameters([4, 32, 16, 4])
    train("small/4-32-16-4", make, squared_error, x, [y], adam)

    if bench.wants("small/24-8-2 f64"):
        net = parameters([24, 8, 2], np.float64)
        x, y = jnp.array(inputs(200, 24, np.float64)), jnp.array(targets(200, 2, np.float64))
        gradient = jax.jit(jax.value_and_grad(squared_error))
        check = sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(gradient(net, x, y)[1]))
        call = lambda: wait(gradient(net, x, y))
        bench.measure("small/24-8-2 f64", "jitted", check, call)


def model_path(arguments, name, batch):
    return os.path.join(arguments.models, f"{name}-{batch}.onnx")


def onnx(arguments):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def save(name, batch, nodes, constants, sample, outputs):
        shape = lambda tensor, sample: helper.make_tensor_value_info(
            tensor, TensorProto.FLOAT, [batch, *sample]
        )
        ends = [shape("x", sample)], [shape("y", outputs)]
        graph = helper.make_graph(nodes, name, *ends, initializer=constants)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, model_path(arguments, name, batch))

    def chained(nodes, constants, stages, value):
        """The name of what comes out of the stages."""
        def node(operator, values, **attributes):
            nodes.append(helper.make_node(operator, values, [f"v{len(nodes)}"], **attributes))
            return nodes[-1].output[0]

        def tensors(stage, *names):
            for name in names:
                tensor = numpy_helper.from_array(getattr(stage, name), f"{name}{stage.number}")
                constants.append(tensor)
                yield tensor.name

        for stage in stages:
            word = stage.word
            if word == "conv":
                (top, bottom), (left, right) = stage.pads
                value = node(
                    "Conv", [value, *tensors(stage, "weight", "bias")], group=stage.groups,
                    strides=[stage.stride] * 2, pads=[top, left, bottom, right],
                )
            elif word == "dense":
                value = node("Gemm", [value, *tensors(stage, "weight", "bias")], transB=1)
            elif word == "batchnorm":
                values = [value, *tensors(stage, "weight", "bias", "mean", "variance")]
                value = node("BatchNormalization", values, epsilon=1e-5)
            elif word == "maxpool":
                sides = [stage.factor] * 2
                value = node("MaxPool", [value], kernel_shape=sides, strides=sides)
            elif word == "upsample":
                name = f"scales{len(nodes)}"
                scales = np.array([1, 1, stage.factor, stage.factor], np.float32)
                constants.append(numpy_helper.from_array(scales, name))
                value = node(
                    "Resize", [value, "", name], mode="nearest", nearest_mode="floor",
                    coordinate_transformation_mode="asymmetric",
                )
            elif word == "global":
                value = node("Flatten", [node("GlobalAveragePool", [value])])
            elif word == "residual":
                block = chained(nodes, constants, stage.block, value)
                value = node("Add", [block, chained(nodes, constants, stage.projection, value)])
            elif word == "concat":
                blocks = [chained(nodes, constants, block, value) for block in stage.blocks]
                value = node("Concat", blocks, axis=1)
            elif word != "identity":
                value = node(word.capitalize(), [value])
        return value

    os.makedirs(arguments.models, exist_ok=True)
    for name in [*NETWORKS, "LeNet-5"]:
        for batch in [1, 64]:
            nodes, constants, value = [], [], "x"
            if name in NETWORKS:
                widths, activation = NETWORKS[name]
                sample, found = (widths[0],), layers(widths)
            else:
                sample, found, activation = LENET_SAMPLE, lenet_dense(), "relu"
                for number, (weight, bias) in enumerate(convolutions(), 1):
                    w, b, z, a = f"wc{number}", f"bc{number}", f"zc{number}", f"ac{number}"
                    constants.append(numpy_helper.from_array(weight, w))
                    constants.append(numpy_helper.from_array(bias, b))
                    window = {"kernel_shape": [2, 2], "strides": [2, 2]}
                    nodes += [
                        helper.make_node("Conv", [value, w, b], [z]),
                        helper.make_node("Relu", [z], [a]),
                        helper.make_node("MaxPool", [a], [f"p{number}"], **window),
                    ]
                    value = f"p{number}"
                nodes.append(helper.make_node("Flatten", [value], ["flat"]))
                value = "flat"
            for number, (weight, bias) in enumerate(found, 1):
                last = number == len(found)
                w, b, z = f"w{number}", f"b{number}", "y" if last else f"z{number}"
                constants += [numpy_helper.from_array(weight, w), numpy_helper.from_array(bias, b)]
                nodes.append(helper.make_node("Gemm", [value, w, b], [z], transB=1))
                value = z
                if not last:
                    value = f"a{number}"
                    nodes.append(helper.make_node(activation.capitalize(), [z], [value]))
            save(name, batch, nodes, constants, sample, found[-1][1].shape)

    for name, (sample, stages, outputs) in described().items():
        for batch in [1, 64]:
            nodes, constants = [], []
            chained(nodes, constants, stages, "x")
            nodes[-1].output[0] = "y"
            save(name, batch, nodes, constants, sample, outputs)


def onnxruntime(arguments):
    import onnxruntime

    bench = Bench(arguments, "ONNX Runtime", onnxruntime.__version__)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    networks = {f"inference/{name}": ((widths[0],), widths[-1:]) for name, (widths, _) in NETWORKS.items()}
    networks["inference/LeNet-5"] = LENET_SAMPLE, LENET_WIDTHS[-1:]
    for name, (sample, _, outputs) in described().items():
        networks[f"networks/{name}"] = sample, outputs
    for name, (sample, outputs) in networks.items():
        for batch in [1, 64]:
            workload = f"{name}/{batch}"
            if not bench.wants(workload):
                continue
            path = model_path(arguments, name.split("/")[1], batch)
            providers = ["CPUExecutionProvider"]
            session = onnxruntime.InferenceSession(path, options, providers=providers)
            x = onnxruntime.OrtValue.ortvalue_from_numpy(shaped_inputs(batch, sample))
            y = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((batch, *outputs), np.float32))
            binding = session.io_binding()
            binding.bind_ortvalue_input("x", x)
            binding.bind_ortvalue_output("y", y)
            session.run_with_iobinding(binding)
            check = np.abs(y.numpy()).sum()
            call = lambda: session.run_with_iobinding(binding)
            bench.measure(workload, "IO binding", check, call)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", choices=["pytorch", "jax", "onnx", "onnxruntime"])
    parser.add_argument("--only", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--models", default="target/models")
    arguments = parser.parse_args()
    {"pytorch": pytorch, "jax": jax, "onnx": onnx, "onnxruntime": onnxruntime}[arguments.library](
        arguments
    )


if __name__ == "__main__":
    main()
