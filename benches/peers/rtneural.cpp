// The workloads in RTNeural. `run` builds this program once for each of the library's backends.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <RTNeural/RTNeural.h>

namespace
{
// The same numbers as in ../shared/data.rs.

double noise(uint32_t stream, std::size_t i)
{
    uint32_t bits = static_cast<uint32_t>(i) + stream * 0x9e3779b9u + 1;
    bits = (bits ^ (bits >> 16)) * 0x85ebca6bu;
    bits = (bits ^ (bits >> 13)) * 0xc2b2ae35u;
    bits ^= bits >> 16;
    return bits / 2147483648.0 - 1.0;
}

std::vector<std::vector<float>> weights(uint32_t layer, int outputs, int inputs)
{
    const double scale = 1.0 / std::sqrt(inputs);
    std::vector<std::vector<float>> rows(outputs, std::vector<float>(inputs));
    for(int i = 0; i < outputs * inputs; ++i)
        rows[i / inputs][i % inputs] = static_cast<float>(scale * noise(layer, i));
    return rows;
}

std::vector<float> bias(uint32_t layer, int outputs)
{
    std::vector<float> values(outputs);
    for(int i = 0; i < outputs; ++i)
        values[i] = static_cast<float>(0.1 * noise(100 + layer, i));
    return values;
}

const char* argument(int count, char** arguments, const char* name, const char* otherwise)
{
    for(int i = 1; i + 1 < count; ++i)
        if(std::strcmp(arguments[i], name) == 0)
            return arguments[i + 1];
    return otherwise;
}

struct Bench
{
    std::string only;
    double seconds;
    int threads;

    bool wants(const std::string& workload) const
    {
        const auto length = std::min(workload.size(), only.size());
        return workload.compare(0, length, only, 0, length) == 0;
    }

    // As `Bench::measure` in src/lib.rs: the smallest mean of batches of calls of 20 ms or more.
    template <typename Call>
    void measure(const std::string& workload, double check, Call call) const
    {
        using clock = std::chrono::steady_clock;
        const auto since = [](clock::time_point start)
        { return std::chrono::duration<double>(clock::now() - start).count(); };
        const auto time = [&](unsigned calls)
        {
            const auto start = clock::now();
            for(unsigned i = 0; i < calls; ++i)
                call();
            return since(start);
        };
        unsigned batch = 1;
        auto started = clock::now();
        while(true)
        {
            if(time(batch) < 0.02)
                batch *= 2;
            else if(since(started) > 0.2 * seconds)
                break;
        }
        double best = std::numeric_limits<double>::infinity();
        started = clock::now();
        while(since(started) < seconds)
            best = std::min(best, time(batch) / batch);
        std::printf("{\"library\": \"RTNeural\", \"version\": \"" VERSION "\", \"setting\": \"" SETTING "\", "
                    "\"workload\": \"%s\", \"threads\": %d, \"microseconds\": %.5f, \"check\": %.9f}\n",
            workload.c_str(), threads, best * 1e6, check);
        std::fflush(stdout);
    }
};

// One sample a call, each call fed by the last one's output.
template <int N>
void chain(const Bench& bench)
{
    const auto workload = "chain/dense " + std::to_string(N);
    if(!bench.wants(workload))
        return;
    auto model = std::make_unique<RTNeural::ModelT<float, N, N, RTNeural::DenseT<float, N, N>>>();
    auto& dense = model->template get<0>();
    dense.setWeights(weights(1, N, N));
    dense.setBias(bias(1, N).data());
    // Backends read whole vectors.
    alignas(RTNEURAL_DEFAULT_ALIGNMENT) float start[(N + 15) / 16 * 16] {};
    for(int i = 0; i < N; ++i)
        start[i] = static_cast<float>(0.5 + 0.5 * noise(200, i));
    // The outputs are aligned and padded as an input has to be: no backend needs a copy, and its compiler sees no constants.
    const auto call = [&model](const float* input)
    {
        auto* net = model.get();
        asm volatile("" : "+r"(net), "+r"(input) : : "memory");
        net->forward(input);
        asm volatile("" : : : "memory");
        return net->getOutputs();
    };
    const float* last = start;
    for(int i = 0; i < 20; ++i)
        last = call(last);
    double check = 0.0;
    for(int i = 0; i < N; ++i)
        check += std::abs(last[i]);
    bench.measure(workload, check, [&] { last = call(last); });
}
}

int main(int count, char** arguments)
{
    const Bench bench {
        argument(count, arguments, "--only", ""),
        std::atof(argument(count, arguments, "--seconds", "1")),
        std::atoi(argument(count, arguments, "--threads", "1")),
    };
    chain<4>(bench);
    chain<8>(bench);
    chain<16>(bench);
    chain<32>(bench);
    chain<64>(bench);
}
