# Stops one thread of a process and leaves the others running, until its standard input is closed: what a thread that hangs looks like.
#   stop-thread.py PID [NAME]    without a name: its first one
import ctypes, os, sys

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None) != 0:
        sys.exit(f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


def name(tid):
    with open(f"/proc/{pid}/task/{tid}/comm") as file:
        return file.read().strip()


pid = int(sys.argv[1])
wanted = sys.argv[2] if len(sys.argv) > 2 else None
found = [int(tid) for tid in os.listdir(f"/proc/{pid}/task") if name(tid) == wanted] if wanted else [pid]
if not found:
    sys.exit(f"{pid} has no thread {wanted}")
ptrace(SEIZE, found[0])
ptrace(INTERRUPT, found[0])
os.waitpid(found[0], WALL)
print("stopped", flush=True)
sys.stdin.read()
# Who has been killed meanwhile needs nothing any more.
libc.ptrace(DETACH, found[0], None, None)
