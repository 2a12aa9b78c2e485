# Runs a program at a terminal of its own and passes on what is typed (standard input) and shown (standard output); its standard error is that of
# this program. Ends with its exit code.
#   pty-child.py PROGRAM [ARGUMENT …]
import os, pty, select, sys

pid, terminal = pty.fork()
if pid == 0:
    # fork() has put the terminal in place of standard error, too; the caller's is at 9
    os.dup2(9, 2)
    os.execvp(sys.argv[1], sys.argv[1:])

typed = True
while True:
    ready, _, _ = select.select([terminal] + ([0] if typed else []), [], [])
    if 0 in ready:
        data = os.read(0, 4096)
        if data:
            os.write(terminal, data)
        else:
            typed = False
            os.write(terminal, b"\x04")
    if terminal in ready:
        try:
            shown = os.read(terminal, 4096)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
