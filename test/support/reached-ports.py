# Run in a network of its own (unshare --net): loads the rules from standard input, lays a pair of wires to a second network and prints,
# for each sender there, which ports of this machine are reached.
import os, socket, subprocess, sys

UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
HERE, SENDERS = "10.9.0.1", ("10.9.0.2", "10.9.0.3")
ASKED = ((UDP, 5060), (UDP, 20000), (TCP, 5060), (TCP, 5061), (TCP, 8080), (TCP, 22), (TCP, 9999))
# What is dropped does not answer; on one machine whatever comes is there within milliseconds.
PATIENCE_S = 0.7

SENDER = """
import socket, sys
kind, source, host, port, patience = sys.argv[1:]
s = socket.socket(socket.AF_INET, int(kind))
s.settimeout(float(patience))
s.bind((source, 0))
s.connect((host, int(port)))
s.send(b"x")
"""


def run(*words, **more):
    subprocess.run(words, check=True, **more)


run("nft", "-f", "-", input=sys.stdin.buffer.read())
peer = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
there = f"/proc/{peer.pid}/ns/net"
while os.readlink(there) == os.readlink("/proc/self/ns/net"):
    pass


def over(*words):
    return ["nsenter", f"--net={there}", *words]


run("ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
run("ip", "link", "set", "dev", "wire1", "netns", str(peer.pid))
run("ip", "address", "add", f"{HERE}/24", "dev", "wire0")
run("ip", "link", "set", "dev", "wire0", "up")
for source in SENDERS:
    run(*over("ip", "address", "add", f"{source}/24", "dev", "wire1"))
run(*over("ip", "link", "set", "dev", "wire1", "up"))


def reached(kind, port, source):
    with socket.socket(socket.AF_INET, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HERE, port))
        server.settimeout(PATIENCE_S)
        if kind == TCP:
            server.listen()
        words = [sys.executable, "-c", SENDER, str(int(kind)), source, HERE, str(port), str(PATIENCE_S)]
        child = subprocess.Popen(over(*words), stderr=subprocess.DEVNULL)
        try:
            server.accept() if kind == TCP else server.recv(10)
            return "+"
        except TimeoutError:
            return "-"
        finally:
            child.wait()


for source in SENDERS:
    print(source, *(f"{port}{reached(kind, port, source)}" for kind, port in ASKED))
peer.stdin.close()
peer.wait()
