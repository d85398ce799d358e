#!/usr/bin/env python3
"""openai_server.py: a small OpenAI-compatible endpoint on this machine, for tests. It solves the problems that --problems
writes, by rule, and errs by rule: what it answers follows from the question and its number ("seed") alone.

  openai_server.py --problems FOLDER             writes train.jsonl and test.jsonl as GSM8K has them
  openai_server.py PORT_FILE [--port N] [--log FILE] [--delay SECONDS] [--faults LIST]

PORT_FILE gets the port once it listens. --faults: what to do to the first requests, one after another, such as
500,ok,close; see FAULTS. --log gets a line for each request: the digest of its body and what was done."""
import argparse
import hashlib
import http.server
import json
import os
import re
import sys
import time

KINDS = [("gives away", "left", "-"), ("finds", "there in the end", "+")]
FAULTS = ["ok", "500", "429", "html", "half", "schema", "slow", "close"]


def problem(n, kind, a, b, c):
    return (f"Child {n} buys {a} boxes of {b} pens and then {KINDS[kind][0]} {c} pens. "
            f"How many pens are {KINDS[kind][1]}?")


def write_problems(folder):
    os.makedirs(folder, exist_ok=True)
    for name, count in ("train", 12), ("test", 4):
        with open(os.path.join(folder, name + ".jsonl"), "w") as out:
            for n in range(count):
                a, b, c, kind = 13 + n % 7, 21 + n % 5, 5 + n % 6, n % 2
                total = a * b + (c if kind else -c)
                op = KINDS[kind][2]
                answer = (f"There are {a}*{b}=<<{a}*{b}={a * b}>>{a * b} pens.\n"
                          f"In the end {a * b}{op}{c}=<<{a * b}{op}{c}={total}>>{total}.\n#### {total}")
                out.write(json.dumps({"question": problem(n, kind, a, b, c), "answer": answer}) + "\n")


def reply(question, seed):
    """The next step, the answer, or something else."""
    text, past = question.split("\n\nSteps so far:")[:2]
    past = past.split("\n\n")[0]
    a, b, c = (int(x) for x in re.findall(r"\d+", text)[1:4])
    op, product = ("-" if "gives away" in text else "+"), a * b
    total = product - c if op == "-" else product + c
    luck = hashlib.sha256(f"{question}#{seed}".encode()).digest()
    style, chance = luck[1] % 4, luck[0]
    if chance < 20:
        return ["", "   \n\n", "<think>so many pens", "```\n```"][style]
    if chance < 40:
        return ["Let us think about the pens.", "x" * 5000, "\u0001\u202e " + "\\boxed{" * 50,
                f"Answer: \\frac{{{total + 1}}}{{1}}\n\n\\boxed{{\\text{{many}}}}"][style]
    if chance < 70:
        return [f"{a} + {b} = {a + b}", f"{b} - {c} = {b - c}", f"{a} * {b} = {a * b + 1}", f"Answer: {a + b}"][style]
    if str(total) in past:
        return [f"Answer: {total}", f"**Answer:** {total}.", f"The answer is \\boxed{{{total}}}.", f"#### {total}"][style]
    if str(product) in past:
        return [f"{product} {op} {c} = {total}", f"Step 2: {product} {op} {c} = {total} pens",
                f"<think>{c} more or less</think>\n2. In the end {product} {op} {c} = {total}.",
                f"{product} {op} {c} = {total}\nAnswer: {total}"][style]
    return [f"{a} * {b} = {product}", f"There are {a} \u00d7 {b} = {product} pens.", f"- {a} \\times {b} = {product}",
            f"{a} * {b} {op} {c} = {total}"][style]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536            # headers and body in one piece
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def send(self, status, kind, body, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer(self, asked):
        content = reply(asked["messages"][-1]["content"], asked["seed"])
        return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        fault = server.faults.pop(0) if server.faults else "ok"
        time.sleep(server.delay)
        if server.log:
            with open(server.log, "a") as out:
                out.write(f"{hashlib.sha256(body).hexdigest()} {fault}\n")
        said = self.headers.get("Authorization", "")
        if not said.startswith("Bearer ") or self.path != "/v1/chat/completions":
            return self.send(401, "application/json", b'{"error": "no key"}')
        if fault == "ok":
            return self.send(200, "application/json", self.answer(json.loads(body)))
        if fault == "500":      # as some do, with what was sent
            return self.send(500, "text/plain", f"failed on {said}".encode())
        if fault == "429":
            return self.send(429, "application/json", b'{"error": "slow down"}', Retry_After="0")
        if fault == "html":
            return self.send(200, "text/html", b"<html>a captive portal</html>")
        if fault == "half":
            return self.send(200, "application/json", b'{"choices": [{"mess', length=4000) or self.hang_up()
        if fault == "schema":
            return self.send(200, "application/json", b'{"choices": [{"text": "old style"}]}')
        if fault == "slow":
            time.sleep(3)
        return self.hang_up()

    def hang_up(self):
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


def main():
    args = argparse.ArgumentParser()
    args.add_argument("port_file", nargs="?")
    args.add_argument("--problems")
    args.add_argument("--port", type=int, default=0)
    args.add_argument("--log")
    args.add_argument("--delay", type=float, default=0)
    args.add_argument("--faults", default="")
    got = args.parse_args()
    if got.problems:
        return write_problems(got.problems)
    server = Server(("127.0.0.1", got.port), Handler)
    server.log, server.delay = got.log, got.delay
    server.faults = [f for f in got.faults.split(",") if f]
    unknown = [f for f in server.faults if f not in FAULTS]
    if unknown:
        sys.exit(f"{unknown[0]} is no fault; there is {', '.join(FAULTS)}")
    with open(got.port_file + ".part", "w") as out:
        out.write(f"{server.server_address[1]}\n")
    os.rename(got.port_file + ".part", got.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
