// SPDX-License-Identifier: GPL-2.0-or-later
// The functions are defined here in place of the C library's, so that every library of the process calls them; each goes
// on to the real one unless its thread is in the tick. What the C library calls inside itself (fwrite its write) does
// not come by here, so its outermost functions are listed too, and the kernel watches for the rest.
#include "tick_guard.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

thread_local bool in_tick = false;
thread_local volatile char dispatch = 0;  // 1: the kernel sends SIGSYS for every system call

constexpr int kSetDispatch = 59;       // PR_SET_SYSCALL_USER_DISPATCH
constexpr int kSyscallDispatched = 2;  // si_code: SYS_USER_DISPATCH

void leave() {
  dispatch = 0;
  in_tick = false;
}

[[noreturn]] void caught(const char* what) {
  leave();
  constexpr char kBefore[] = "tick guard: ";
  constexpr char kAfter[] = " called in the media tick\n";
  iovec parts[3]{{const_cast<char*>(kBefore), sizeof kBefore - 1},
                 {const_cast<char*>(what), std::strlen(what)},
                 {const_cast<char*>(kAfter), sizeof kAfter - 1}};
  [[maybe_unused]] const auto written = writev(STDERR_FILENO, parts, 3);
  std::abort();
}

void caught_system_call(int, siginfo_t* info, void*) {
  dispatch = 0;
  char what[32] = "system call ";
  char* end = what + std::strlen(what);
  int number = info->si_code == kSyscallDispatched ? info->si_syscall : -1;
  if (number < 0) caught("something that made a SIGSYS");
  char digits[8];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *end++ = digits[--count];
  *end = 0;
  caught(what);
}

/// The next definition of a function, looked up once. dlsym itself does not come back here.
template <class Function>
Function* next_of(std::atomic<Function*>& known, const char* name) {
  auto* function = known.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
    known.store(function, std::memory_order_relaxed);
  }
  return function;
}

}  // namespace

namespace cordboard::media {

InTick::InTick() {
  in_tick = true;
  dispatch = 1;
}

InTick::~InTick() { leave(); }

bool watch_system_calls() {
#if defined(__x86_64__)
  struct sigaction action {};
  action.sa_sigaction = caught_system_call;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGSYS, &action, nullptr) != 0) return false;
  return prctl(kSetDispatch, 1, 0, 0, &dispatch) == 0;
#else
  return false;
#endif
}

}  // namespace cordboard::media

// -------------------------------------------------------------------------------------------------------- the functions

// NOLINTBEGIN
extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
  if (in_tick) caught("malloc");
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  if (in_tick) caught("calloc");
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  if (in_tick) caught("realloc");
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  if (in_tick) caught("memalign");
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  if (in_tick) caught("aligned_alloc");
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  if (in_tick) caught("posix_memalign");
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) noexcept {
  if (in_tick) caught("free");
  __libc_free(memory);
}

#define GUARD(result, name, parameters, arguments)             \
  result name parameters {                                     \
    if (in_tick) caught(#name);                                \
    static std::atomic<result(*) parameters> known{nullptr};   \
    return next_of<result parameters>(known, #name) arguments; \
  }

GUARD(int, pthread_mutex_lock, (pthread_mutex_t * mutex) noexcept, (mutex))
GUARD(int, pthread_mutex_trylock, (pthread_mutex_t * mutex) noexcept, (mutex))
GUARD(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until) noexcept, (mutex, until))
GUARD(int, pthread_mutex_unlock, (pthread_mutex_t * mutex) noexcept, (mutex))
GUARD(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock) noexcept, (lock))
GUARD(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock) noexcept, (lock))
GUARD(int, pthread_spin_lock, (pthread_spinlock_t * lock) noexcept, (lock))
GUARD(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), (condition, mutex))
GUARD(int, pthread_cond_timedwait, (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* until),
      (condition, mutex, until))
GUARD(int, pthread_cond_clockwait,
      (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until),
      (condition, mutex, clock, until))
GUARD(int, pthread_cond_signal, (pthread_cond_t * condition) noexcept, (condition))
GUARD(int, pthread_cond_broadcast, (pthread_cond_t * condition) noexcept, (condition))
GUARD(int, pthread_join, (pthread_t thread, void** result), (thread, result))
GUARD(int, sem_wait, (sem_t * semaphore), (semaphore))
GUARD(int, sem_post, (sem_t * semaphore) noexcept, (semaphore))

GUARD(ssize_t, read, (int fd, void* to, std::size_t size), (fd, to, size))
GUARD(ssize_t, pread, (int fd, void* to, std::size_t size, off_t at), (fd, to, size, at))
GUARD(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count))
GUARD(ssize_t, write, (int fd, const void* from, std::size_t size), (fd, from, size))
GUARD(ssize_t, pwrite, (int fd, const void* from, std::size_t size, off_t at), (fd, from, size, at))
GUARD(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
GUARD(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
GUARD(int, close, (int fd), (fd))
GUARD(int, fsync, (int fd), (fd))
GUARD(int, fdatasync, (int fd), (fd))
GUARD(int, poll, (pollfd * entries, nfds_t count, int timeout), (entries, count, timeout))
GUARD(int, nanosleep, (const timespec* time, timespec* left), (time, left))
GUARD(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* time, timespec* left),
      (clock, flags, time, left))
GUARD(int, usleep, (useconds_t us), (us))
GUARD(int, sched_yield, () noexcept, ())
GUARD(void*, mmap, (void* at, std::size_t size, int rights, int flags, int fd, off_t offset) noexcept,
      (at, size, rights, flags, fd, offset))
GUARD(int, munmap, (void* at, std::size_t size) noexcept, (at, size))

GUARD(std::size_t, fwrite, (const void* from, std::size_t size, std::size_t count, FILE* to), (from, size, count, to))
GUARD(int, fputs, (const char* text, FILE* to), (text, to))
GUARD(int, fputc, (int octet, FILE* to), (octet, to))
GUARD(int, putc, (int octet, FILE* to), (octet, to))
GUARD(int, puts, (const char* text), (text))
GUARD(int, fflush, (FILE * file), (file))
GUARD(FILE*, fopen, (const char* path, const char* mode), (path, mode))
GUARD(int, vprintf, (const char* format, va_list values), (format, values))
GUARD(int, vfprintf, (FILE * to, const char* format, va_list values), (to, format, values))

#undef GUARD

int printf(const char* format, ...) {
  if (in_tick) caught("printf");
  va_list values;
  va_start(values, format);
  const int written = vfprintf(stdout, format, values);
  va_end(values);
  return written;
}
int fprintf(FILE* to, const char* format, ...) {
  if (in_tick) caught("fprintf");
  va_list values;
  va_start(values, format);
  const int written = vfprintf(to, format, values);
  va_end(values);
  return written;
}

#define GUARD_OPEN(name, parameters, arguments)             \
  int name parameters {                                     \
    if (in_tick) caught(#name);                             \
    mode_t mode = 0;                                        \
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {             \
      va_list values;                                       \
      va_start(values, flags);                              \
      mode = va_arg(values, mode_t);                        \
      va_end(values);                                       \
    }                                                       \
    static std::atomic<int(*) parameters> known{nullptr};   \
    return next_of<int parameters>(known, #name) arguments; \
  }

GUARD_OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
GUARD_OPEN(openat, (int folder, const char* path, int flags, ...), (folder, path, flags, mode))

/// std::atomic's wait and notify, among others.
long syscall(long number, ...) noexcept {
  if (in_tick) caught("syscall");
  va_list values;
  va_start(values, number);
  long argument[6];
  for (auto& value : argument) value = va_arg(values, long);
  va_end(values);
  using Function = long(long, ...);
  static std::atomic<Function*> known{nullptr};
  return next_of<Function>(known, "syscall")(number, argument[0], argument[1], argument[2], argument[3], argument[4],
                                             argument[5]);
}

}  // extern "C"
// NOLINTEND
