/*
 * Runs a program on a host of the WAN laboratory.
 *
 *   enter NAMESPACE HOSTS COMMAND [ARGUMENT...]
 *
 * The program sees the network of NAMESPACE (a path to it), finds HOSTS where /etc/hosts is, keeps this process's id,
 * and is killed when the process that started it ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 127;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int host = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (host < 0 || setns(host, CLONE_NEWNET) != 0) return fail(argv[1]);
  /* Mounts of its own, so that the bind below is seen by nobody else and goes away with the process. */
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return fail("unshare");
  if (mount(argv[2], "/etc/hosts", NULL, MS_BIND, NULL) != 0) return fail(argv[2]);
  execvp(argv[3], argv + 3);
  return fail(argv[3]);
}
