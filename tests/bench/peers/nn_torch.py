"""bench_nn.c's updates in PyTorch: forward, backward and Adam of a network of three layers, and of a transformer over
a history. CPU microseconds an update, medians. One thread: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1."""
import time

import torch
from torch import nn

torch.set_num_threads(1)


def update_seconds(net, forward, dy):
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)
    times = []
    for _ in range(10):
        start, done = time.thread_time(), 0
        while done < 3 or time.thread_time() - start < 0.05:
            adam.zero_grad()
            forward().backward(dy)
            adam.step()
            done += 1
        times.append((time.thread_time() - start) / done)
    return sorted(times[1:])[4]


def dense(sizes, rows, unit):
    layers = []
    for i, o in zip(sizes, sizes[1:]):
        layers += [nn.Linear(i, o), unit()]
    net, x = nn.Sequential(*layers[:-1]), torch.randn(rows, sizes[0])
    seconds = update_seconds(net, lambda: net(x), torch.randn(rows, sizes[-1]) / rows)
    name = "-".join(map(str, sizes))
    print("  %-16s %-5s %5d rows %9.1f" % (name, unit.__name__.lower(), rows, 1e6 * seconds))


def history(lists, items, layers, dim, heads):
    block = nn.TransformerEncoderLayer(dim, heads, 4 * dim, 0.0, nn.functional.gelu, batch_first=True, norm_first=True)
    body, head = nn.TransformerEncoder(block, layers), nn.Linear(dim, dim)
    x = torch.randn(lists, items, dim)
    seconds = update_seconds(nn.ModuleList([body, head]), lambda: head(body(x)[:, -1]), torch.randn(lists, dim) / lists)
    print("  %d lists of %d items, %d blocks of width %d, %d heads %9.1f"
          % (lists, items, layers, dim, heads, 1e6 * seconds))


if __name__ == "__main__":
    print("PyTorch", torch.__version__, "microseconds an update")
    dense((64, 64, 64, 100), 512, nn.Tanh)
    dense((4, 64, 64, 2), 512, nn.Tanh)
    dense((64, 256, 256, 256), 4096, nn.Tanh)
    dense((64, 256, 256, 256), 4096, nn.ReLU)
    dense((256, 256, 256, 256), 4096, nn.Tanh)
    for lists, items in ((16, 10), (64, 10), (64, 50)):
        history(lists, items, 2, 128, 4)
