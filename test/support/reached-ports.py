# Run in a network of its own (unshare --net): loads the rules from standard input, lays a pair of wires to a second network and prints,
# for each sender there, which ports of this machine are reached.
import os, select, socket, subprocess, sys, time

UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
HERE, SENDERS = "10.9.0.1", ("10.9.0.2", "10.9.0.3")
ASKED = ((UDP, 5060), (UDP, 20000), (TCP, 5060), (TCP, 5061), (TCP, 8080), (TCP, 22), (TCP, 9999))
# What is dropped does not answer. It is waited for from the moment in which all is sent; on one machine whatever comes is there within
# milliseconds, on a busy one later.
PATIENCE_S = 3

SENDER = """
import socket, sys
source, host, *asked = sys.argv[1:]
kept = []
for kind, port in (word.split(":") for word in asked):
    s = socket.socket(socket.AF_INET, int(kind))
    s.setblocking(False)
    s.bind((source, 0))
    s.connect_ex((host, int(port)))
    if int(kind) == socket.SOCK_DGRAM:
        s.send(b"x")
    kept.append(s)
print("sent", flush=True)
sys.stdin.read()
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


def listening(kind, port):
    server = socket.socket(socket.AF_INET, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HERE, port))
    if kind == TCP:
        server.listen()
    return server


def reached(source):
    servers = [listening(kind, port) for kind, port in ASKED]
    words = [sys.executable, "-c", SENDER, source, HERE, *(f"{int(kind)}:{port}" for kind, port in ASKED)]
    child = subprocess.Popen(over(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdout.readline() != b"sent\n":
        sys.exit(f"{source} could not send")
    until, came = time.monotonic() + PATIENCE_S, set()
    while len(came) < len(servers) and (left := until - time.monotonic()) > 0:
        came.update(select.select([one for one in servers if one not in came], [], [], left)[0])
    child.communicate()
    for server in servers:
        server.close()
    return ["+" if server in came else "-" for server in servers]


for source in SENDERS:
    print(source, *(f"{port}{sign}" for (_, port), sign in zip(ASKED, reached(source))))
peer.stdin.close()
peer.wait()
