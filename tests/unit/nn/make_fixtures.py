"""Writes fixtures.h: what PyTorch (1.13, in float64) makes of small networks, for known.c. To be run in this folder."""
import torch
import torch.nn as nn

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
OFF = [0, 3, 3, 4, 8]           # lists of 3, 0, 1 and 4 rows
OTHER = [0, 2, 4, 4, 5]
HIDE = [0, 1, 0, 1, 0, 0, 1, 0]
lines = ["/* fixtures.h: made by make_fixtures.py with PyTorch %s: not to be edited. */" % torch.__version__]


def put(name, *tensors):
    flat = torch.cat([t.detach().reshape(-1) for t in tensors]).tolist()
    text = ", ".join("%.9gf" % v if any(c in "%.9g" % v for c in ".en") else "%.1ff" % v for v in flat)
    out, line = [], "\t"
    for word in text.split(", "):
        if len(line) + len(word) > 100:
            out.append(line.rstrip())
            line = "\t"
        line += word + ", "
    out.append(line.rstrip())
    lines.append("static const float %s[] = {\n%s\n};" % (name, "\n".join(out)))


def finish(name, params, x, y):
    """Parameters, inputs, results, what they are weighed by, and gradients of the weighted sum."""
    w = torch.randn_like(y)
    (y * w).sum().backward()
    put(name + "_param", *params)
    put(name + "_x", *x)
    put(name + "_y", y)
    put(name + "_weight", w)
    put(name + "_dparam", *[p.grad for p in params])
    put(name + "_dx", *[v.grad for v in x])


def dense():
    net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 6),
                        nn.GELU(approximate="tanh"), nn.LayerNorm(6, eps=1e-5), nn.Linear(6, 4), nn.ReLU(),
                        nn.Linear(4, 2), nn.Sigmoid())
    x = (3 * torch.randn(4, 3)).requires_grad_()
    finish("dense", list(net.parameters()), [x], net(x))


def attention():
    net = nn.MultiheadAttention(6, 2, batch_first=True)
    with torch.no_grad():
        net.in_proj_bias.normal_()
        net.out_proj.bias.normal_()
    x, c = torch.randn(8, 6, requires_grad=True), torch.randn(5, 6, requires_grad=True)
    params = [net.in_proj_weight, net.in_proj_bias, net.out_proj.weight, net.out_proj.bias]
    rows = []
    for i in range(4):
        part = x[OFF[i]:OFF[i + 1]][None]
        n = part.shape[1]
        if n:
            rows.append(net(part, part, part, attn_mask=torch.triu(torch.ones(n, n), 1).bool())[0][0])
    finish("self", params, [x], torch.cat(rows))
    for p in params + [x]:
        p.grad = None
    rows = []
    for i in range(4):
        part, query = x[OFF[i]:OFF[i + 1]][None], c[OTHER[i]:OTHER[i + 1]][None]
        if query.shape[1] and i != 1:
            hide = torch.tensor(HIDE[OFF[i]:OFF[i + 1]]).bool()[None]
            rows.append(net(query, part, part, key_padding_mask=hide)[0][0])
        elif query.shape[1]:    # nothing to attend to: zeros go through the last projection
            rows.append(net.out_proj(torch.zeros(query.shape[1], 6)))
    finish("cross", params, [c, x], torch.cat(rows))


def gru():
    net = nn.GRU(3, 4, batch_first=True)
    x, h = torch.randn(8, 3, requires_grad=True), torch.randn(4, 4, requires_grad=True)
    params = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0, net.bias_hh_l0]
    rows = [net(x[OFF[i]:OFF[i + 1]][None], h[i][None, None].contiguous())[0][0]
            for i in range(4) if OFF[i + 1] > OFF[i]]
    finish("gru", params, [x, h], torch.cat(rows))


def bag():
    net = nn.EmbeddingBag(6, 3, mode="mean")
    ids, off = torch.tensor([4, 0, 0, 2, 5, 1]), torch.tensor([0, 2, 2, 3, 6])
    y = net(ids, off[:-1])
    w = torch.randn_like(y)
    (y * w).sum().backward()
    put("bag_param", net.weight)
    put("bag_y", y)
    put("bag_weight", w)
    put("bag_dparam", net.weight.grad)


def rules():
    first, steps = torch.randn(6), [torch.randn(6) for _ in range(3)]
    put("rule_first", first)
    put("rule_gradient", *steps)
    made = {
        "adam": lambda p: torch.optim.Adam(p, lr=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.2, eps=1e-5),
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.2),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-5),
    }
    for name, make in made.items():
        p = first.clone().requires_grad_()
        rule = make([p])
        after = []
        for g in steps:
            p.grad = g.clone()
            if name == "adam":
                nn.utils.clip_grad_norm_([p], 0.5)
            rule.step()
            after.append(p.detach().clone())
        put("rule_" + name, *after)
    p, v, after = first.clone(), torch.ones(6), []
    for g in steps:             # TensorFlow's RMSProp, from its formula
        v = 0.9 * v + 0.1 * g * g
        p = p - 0.1 * g / torch.sqrt(v + 1e-5)
        after.append(p)
    put("rule_rmsprop_inside", *after)


for make in (dense, attention, gru, bag, rules):
    make()
with open("fixtures.h", "w") as f:
    f.write("\n".join(lines) + "\n")
