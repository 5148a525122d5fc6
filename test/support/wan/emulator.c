/*
 * The long-distance links of the WAN laboratory: IP packets carried between network namespaces, late and with losses.
 *
 *   emulator FOLDER SEED
 *
 * Commands arrive on stdin, one a line; each is answered by one line, "ok ..." or "error ...":
 *
 *   host                                   makes a namespace; answers the descriptor by which /proc/PID/fd reaches it
 *   link NAME HOST HOST INTERFACE          joins two hosts (by those descriptors) with a TUN device at either end
 *   shape NAME WAY DELAY_NS JITTER_NS LOSS BURST BITS_PER_SECOND QUEUE_NS
 *                                          what one way does to packets; 0 is from the first host to the second
 *   cut NAME | mend NAME                   from now on all packets vanish | pass again
 *   traffic NAME                           of each way: packets and bytes offered, delivered, lost, refused by the queue
 *
 * Nothing outlives this process: namespaces are held by its descriptors alone, and at the end of stdin (however the
 * other side of it ended) it kills whoever is still on one of its hosts and deletes FOLDER with the files in it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, MAX_HOSTS = 32, MAX_LINKS = 64, READS_IN_A_ROW = 64, MAX_IN_FLIGHT = 1 << 17 };

struct packet {
  struct packet *next;
  int64_t due_ns;
  ssize_t length;
  unsigned char bytes[MTU];
};

struct count {
  uint64_t packets, bytes;
};

/* One way of a link. A packet waits for the wire, takes its time on it, and arrives a delay later. */
struct way {
  struct link *link;
  int from, to;
  double delay_ns, jitter_ns, loss, burst, ns_per_byte, queue_ns;
  int64_t wire_free_ns, latest_due_ns;
  int in_burst, in_flight;
  struct packet *first, *last;
  struct count offered, delivered, lost, refused;
};

struct link {
  char name[32];
  int is_cut;
  struct way ways[2];
};

static struct link links[MAX_LINKS];
static int link_count;
static int hosts[MAX_HOSTS];
static int host_count;
static int home, poller, timer;
static uint64_t random_state;
/* Carried packets are used again, the last one first: it is still in the processor's cache. */
static struct packet *spare;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood 2014), as a number in [0, 1). */
static double chance(void) {
  uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return ((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/*
 * Gilbert's model: inside a burst everything is lost. Leaving with 1/burst makes the mean length, and the chance to
 * enter is the one that makes the mean share of packets lost come out as `loss`.
 */
static int is_lost(struct way *way) {
  if (way->loss <= 0) return 0;
  if (way->burst <= 1) return chance() < way->loss;
  double turn = way->in_burst ? 1 / way->burst : way->loss / (way->burst * (1 - way->loss));
  if (chance() < turn) way->in_burst = !way->in_burst;
  return way->in_burst;
}

static void add(struct count *count, ssize_t bytes) {
  count->packets += 1;
  count->bytes += bytes;
}

static struct packet *take_spare(void) {
  struct packet *packet = spare;
  if (packet != NULL) spare = packet->next;
  else packet = malloc(sizeof *packet);
  return packet;
}

static void give_back(struct packet *packet) {
  packet->next = spare;
  spare = packet;
}

/* Decides over a packet when it enters: whether it arrives, and when. True when it is on its way. */
static int send_off(struct way *way, struct packet *packet) {
  int64_t now = now_ns();
  add(&way->offered, packet->length);
  int64_t start = way->wire_free_ns > now ? way->wire_free_ns : now;
  if (start - now > way->queue_ns || way->in_flight >= MAX_IN_FLIGHT) {
    add(&way->refused, packet->length);
    return 0;
  }
  way->wire_free_ns = start + (int64_t)(packet->length * way->ns_per_byte);
  if (way->link->is_cut || is_lost(way)) {
    add(&way->lost, packet->length);
    return 0;
  }
  double jitter = way->jitter_ns > 0 ? -way->jitter_ns * log1p(-chance()) : 0;
  int64_t due = way->wire_free_ns + (int64_t)(way->delay_ns + jitter);
  if (due < way->latest_due_ns) due = way->latest_due_ns; /* late packets hold up those behind them: order is kept */
  way->latest_due_ns = packet->due_ns = due;
  return 1;
}

static void receive(struct way *way) {
  for (int reads = 0; reads < READS_IN_A_ROW; reads += 1) {
    struct packet *packet = take_spare();
    if (packet == NULL) return;
    packet->length = read(way->from, packet->bytes, MTU);
    if (packet->length <= 0) {
      give_back(packet);
      return;
    }
    if (!send_off(way, packet)) {
      give_back(packet);
      continue;
    }
    packet->next = NULL;
    if (way->first == NULL) way->first = packet;
    else way->last->next = packet;
    way->last = packet;
    way->in_flight += 1;
  }
}

/* Hands over what is due; answers when the next packet is, or INT64_MAX. */
static int64_t deliver(struct way *way) {
  while (way->first != NULL && way->first->due_ns <= now_ns()) {
    struct packet *packet = way->first;
    if (write(way->to, packet->bytes, packet->length) < 0 && errno == EAGAIN) return now_ns() + 100000;
    add(&way->delivered, packet->length);
    way->first = packet->next;
    way->in_flight -= 1;
    give_back(packet);
  }
  return way->first == NULL ? INT64_MAX : way->first->due_ns;
}

static const char *make_host(int *host) {
  if (host_count == MAX_HOSTS) return "too many hosts";
  if (unshare(CLONE_NEWNET) != 0) return strerror(errno);
  *host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (setns(home, CLONE_NEWNET) != 0 || *host < 0) return strerror(errno);
  hosts[host_count++] = *host;
  return NULL;
}

static int open_tun(int host, const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  /* A TUN device belongs to the namespace in which it was opened. */
  if (setns(host, CLONE_NEWNET) != 0) return -1;
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  int done = tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0;
  int problem = errno;
  if (setns(home, CLONE_NEWNET) != 0) return -1;
  errno = problem;
  return done ? tun : -1;
}

static const char *make_link(const char *name, int a, int b, const char *interface) {
  if (link_count == MAX_LINKS) return "too many links";
  struct link *link = &links[link_count];
  snprintf(link->name, sizeof link->name, "%s", name);
  int ends[2] = {open_tun(a, interface), open_tun(b, interface)};
  if (ends[0] < 0 || ends[1] < 0) return strerror(errno);
  for (int n = 0; n < 2; n += 1) {
    struct way *way = &link->ways[n];
    *way = (struct way){.link = link, .from = ends[n], .to = ends[1 - n], .burst = 1, .queue_ns = INFINITY};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = way};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, way->from, &event) != 0) return strerror(errno);
  }
  link_count += 1;
  return NULL;
}

static struct link *find_link(const char *name) {
  for (int n = 0; n < link_count; n += 1)
    if (strcmp(links[n].name, name) == 0) return &links[n];
  return NULL;
}

static void print_traffic(struct link *link) {
  printf("ok");
  for (int n = 0; n < 2; n += 1) {
    struct way *way = &link->ways[n];
    struct count *counts[] = {&way->offered, &way->delivered, &way->lost, &way->refused};
    for (int c = 0; c < 4; c += 1)
      printf(" %llu %llu", (unsigned long long)counts[c]->packets, (unsigned long long)counts[c]->bytes);
  }
  printf("\n");
}

static void obey(const char *line) {
  char verb[16] = "", name[32] = "", interface[16] = "";
  int a = -1, b = -1, n = -1;
  struct way shape;
  double bits;
  const char *problem = NULL;
  sscanf(line, "%15s %31s", verb, name);
  struct link *link = find_link(name);
  if (strcmp(verb, "host") == 0) {
    if ((problem = make_host(&a)) == NULL) printf("ok %d\n", a);
  } else if (strcmp(verb, "link") == 0 && sscanf(line, "%*s %*s %d %d %15s", &a, &b, interface) == 3) {
    if ((problem = make_link(name, a, b, interface)) == NULL) printf("ok\n");
  } else if (link == NULL) {
    problem = "no such command or link";
  } else if (strcmp(verb, "shape") == 0 &&
             sscanf(line, "%*s %*s %d %lf %lf %lf %lf %lf %lf", &n, &shape.delay_ns, &shape.jitter_ns, &shape.loss,
                    &shape.burst, &bits, &shape.queue_ns) == 7 && (n == 0 || n == 1) && bits > 0) {
    struct way *way = &link->ways[n];
    way->delay_ns = shape.delay_ns, way->jitter_ns = shape.jitter_ns, way->loss = shape.loss;
    way->burst = shape.burst, way->queue_ns = shape.queue_ns, way->ns_per_byte = 8e9 / bits;
    printf("ok\n");
  } else if (strcmp(verb, "cut") == 0 || strcmp(verb, "mend") == 0) {
    link->is_cut = verb[0] == 'c';
    printf("ok\n");
  } else if (strcmp(verb, "traffic") == 0) {
    print_traffic(link);
  } else {
    problem = "not understood";
  }
  if (problem != NULL) printf("error %s\n", problem);
  fflush(stdout);
}

/* Reads what stdin has; false at its end. */
static int read_commands(void) {
  static char line[1024];
  static size_t length;
  char bytes[1024];
  ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  if (count <= 0) return count < 0 && (errno == EINTR || errno == EAGAIN);
  for (ssize_t n = 0; n < count; n += 1) {
    if (bytes[n] != '\n') {
      if (length < sizeof line - 1) line[length++] = bytes[n];
      continue;
    }
    line[length] = '\0';
    length = 0;
    obey(line);
  }
  return 1;
}

static int is_on_a_host(const char *pid) {
  char path[64];
  struct stat theirs, ours;
  snprintf(path, sizeof path, "/proc/%.20s/ns/net", pid);
  if (stat(path, &theirs) != 0) return 0;
  for (int n = 0; n < host_count; n += 1)
    if (fstat(hosts[n], &ours) == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev) return 1;
  return 0;
}

/* Kills every process on the hosts; again until there is none, for they may start others meanwhile. */
static void clear_hosts(void) {
  for (int round = 0, found = 1; found && round < 500; round += 1) {
    DIR *proc = opendir("/proc");
    if (proc == NULL) return;
    found = 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
      int pid = atoi(entry->d_name);
      if (pid <= 1 || pid == getpid() || !is_on_a_host(entry->d_name)) continue;
      kill(pid, SIGKILL);
      found = 1;
    }
    closedir(proc);
    if (found) usleep(10000);
  }
}

static void remove_folder(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  rmdir(path);
}

/*
 * What comes late here looks to TCP like a queue, and what waits for it overruns the devices: losses that no world asks
 * for. So it goes before all others where that is allowed. Being nice does not do: the scheduler weighs whole sessions.
 */
static void be_punctual(void) {
  struct sched_param first = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_RR, &first) != 0) setpriority(PRIO_PROCESS, 0, -10);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  random_state = strtoull(argv[2], NULL, 10);
  signal(SIGPIPE, SIG_IGN);
  be_punctual();
  home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  poller = epoll_create1(EPOLL_CLOEXEC);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event stdin_event = {.events = EPOLLIN, .data.ptr = links};
  struct epoll_event timer_event = {.events = EPOLLIN, .data.ptr = &timer};
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &stdin_event);
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &timer_event);
  int64_t armed = 0;
  for (int running = 1; running;) {
    struct epoll_event events[32];
    int count = epoll_wait(poller, events, 32, -1);
    for (int n = 0; n < count; n += 1) {
      uint64_t ticks;
      if (events[n].data.ptr == links) running = read_commands();
      else if (events[n].data.ptr == &timer) armed = read(timer, &ticks, sizeof ticks) > 0 ? 0 : armed;
      else receive(events[n].data.ptr);
    }
    int64_t next = INT64_MAX;
    for (int n = 0; n < 2 * link_count; n += 1) {
      int64_t due = deliver(&links[n / 2].ways[n % 2]);
      if (due < next) next = due;
    }
    if (next == INT64_MAX || next == armed) continue;
    struct itimerspec at = {.it_value = {next / 1000000000, next % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    armed = next;
  }
  clear_hosts();
  remove_folder(argv[1]);
  return 0;
}
